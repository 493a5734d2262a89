#include "cdc/schema/column_type.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace evenkeel::cdc {
namespace {

constexpr std::uint64_t kVarcharBytesMax = 65535;

enum class TypeClass : std::uint8_t {
    integer,
    boolean,
    serial,
    real,
    decimal,
    bit,
    year,
    temporal,  // With a fraction.
    text,      // CHAR, VARCHAR: the length is part of the type.
    bytes,     // BINARY, VARBINARY
    lob,       // TEXT, BLOB: the length chooses the type.
    labels,
    json,
    plain,
    vector,
};

struct TypeWord {
    std::string_view word;
    std::string_view base;
    TypeClass kind;
};

constexpr TypeWord kTypes[] = {
    {"TINYINT", "tinyint", TypeClass::integer},
    {"INT1", "tinyint", TypeClass::integer},
    {"BOOL", "tinyint", TypeClass::boolean},
    {"BOOLEAN", "tinyint", TypeClass::boolean},
    {"SMALLINT", "smallint", TypeClass::integer},
    {"INT2", "smallint", TypeClass::integer},
    {"MEDIUMINT", "mediumint", TypeClass::integer},
    {"INT3", "mediumint", TypeClass::integer},
    {"MIDDLEINT", "mediumint", TypeClass::integer},
    {"INT", "int", TypeClass::integer},
    {"INTEGER", "int", TypeClass::integer},
    {"INT4", "int", TypeClass::integer},
    {"BIGINT", "bigint", TypeClass::integer},
    {"INT8", "bigint", TypeClass::integer},
    {"SERIAL", "bigint", TypeClass::serial},
    {"FLOAT", "float", TypeClass::real},
    {"FLOAT4", "float", TypeClass::real},
    {"FLOAT8", "double", TypeClass::real},
    {"DOUBLE", "double", TypeClass::real},
    {"REAL", "double", TypeClass::real},
    {"DECIMAL", "decimal", TypeClass::decimal},
    {"DEC", "decimal", TypeClass::decimal},
    {"NUMERIC", "decimal", TypeClass::decimal},
    {"FIXED", "decimal", TypeClass::decimal},
    {"BIT", "bit", TypeClass::bit},
    {"YEAR", "year", TypeClass::year},
    {"DATE", "date", TypeClass::plain},
    {"TIME", "time", TypeClass::temporal},
    {"DATETIME", "datetime", TypeClass::temporal},
    {"TIMESTAMP", "timestamp", TypeClass::temporal},
    {"CHAR", "char", TypeClass::text},
    {"CHARACTER", "char", TypeClass::text},
    {"NCHAR", "char", TypeClass::text},
    {"VARCHAR", "varchar", TypeClass::text},
    {"VARCHARACTER", "varchar", TypeClass::text},
    {"NVARCHAR", "varchar", TypeClass::text},
    {"BINARY", "binary", TypeClass::bytes},
    {"VARBINARY", "varbinary", TypeClass::bytes},
    {"TINYBLOB", "tinyblob", TypeClass::plain},
    {"BLOB", "blob", TypeClass::lob},
    {"MEDIUMBLOB", "mediumblob", TypeClass::plain},
    {"LONGBLOB", "longblob", TypeClass::plain},
    {"TINYTEXT", "tinytext", TypeClass::plain},
    {"TEXT", "text", TypeClass::lob},
    {"MEDIUMTEXT", "mediumtext", TypeClass::plain},
    {"LONGTEXT", "longtext", TypeClass::plain},
    {"ENUM", "enum", TypeClass::labels},
    {"SET", "set", TypeClass::labels},
    {"JSON", "json", TypeClass::json},
    {"UUID", "uuid", TypeClass::plain},
    {"INET4", "inet4", TypeClass::plain},
    {"INET6", "inet6", TypeClass::plain},
    {"VECTOR", "vector", TypeClass::vector},
    {"GEOMETRY", "geometry", TypeClass::plain},
    {"POINT", "point", TypeClass::plain},
    {"LINESTRING", "linestring", TypeClass::plain},
    {"POLYGON", "polygon", TypeClass::plain},
    {"MULTIPOINT", "multipoint", TypeClass::plain},
    {"MULTILINESTRING", "multilinestring", TypeClass::plain},
    {"MULTIPOLYGON", "multipolygon", TypeClass::plain},
    {"GEOMETRYCOLLECTION", "geometrycollection", TypeClass::plain},
    {"GEOMCOLLECTION", "geometrycollection", TypeClass::plain},
};

// sql_mode=ORACLE of MariaDB.
constexpr TypeWord kOracleTypes[] = {
    {"VARCHAR2", "varchar", TypeClass::text}, {"CLOB", "longtext", TypeClass::plain},
    {"BLOB", "longblob", TypeClass::plain},   {"RAW", "varbinary", TypeClass::bytes},
    {"DATE", "datetime", TypeClass::plain},
};

template <std::size_t N>
const TypeWord* find_type(const Token& token, const TypeWord (&types)[N]) {
    const auto* found = std::find_if(std::begin(types), std::end(types), [&](const TypeWord& type) {
        return is_keyword(token, type.word);
    });
    return found == std::end(types) ? nullptr : found;
}

// The largest content of a character in bytes.
std::uint64_t bytes_per_character(std::string_view charset) {
    static constexpr std::array<std::string_view, 5> kFour = {"utf8mb4", "utf16", "utf16le",
                                                              "utf32", "gb18030"};
    static constexpr std::array<std::string_view, 3> kThree = {"utf8mb3", "ujis", "eucjpms"};
    static constexpr std::array<std::string_view, 7> kTwo = {"ucs2", "sjis",   "cp932", "gbk",
                                                             "big5", "gb2312", "euckr"};
    const auto in = [&](const auto& list) {
        return std::find(list.begin(), list.end(), charset) != list.end();
    };
    return in(kFour) ? 4 : in(kThree) ? 3 : in(kTwo) ? 2 : 1;
}

std::string lob_for(std::uint64_t bytes, std::string_view kind) {
    const char* size = bytes < 256        ? "tiny"
                       : bytes < 65536    ? ""
                       : bytes < 1u << 24 ? "medium"
                                          : "long";
    return size + std::string(kind);
}

// The bytes that a text type holds; nothing for the others.
std::optional<std::uint64_t> text_capacity(std::string_view base) {
    if (base == "tinytext") return 255;
    if (base == "text") return 65535;
    if (base == "mediumtext") return (1u << 24) - 1;
    if (base == "longtext") return UINT32_MAX;
    return {};
}

bool is_text(std::string_view base) {
    return base == "char" || base == "varchar" || base == "enum" || base == "set" ||
           text_capacity(base).has_value();
}

class TypeParser {
public:
    explicit TypeParser(TokenCursor& cursor) : cursor_(cursor) {}

    WrittenType parse() {
        skip_type_schema();
        const Token& token = cursor_.peek();
        if (cursor_.accept("NATIONAL")) return national();
        if (cursor_.accept("LONG")) return long_type();
        const TypeWord* type = nullptr;
        if (cursor_.dialect().oracle || oracle_) type = find_type(token, kOracleTypes);
        if (type == nullptr) type = find_type(token, kTypes);
        if (type == nullptr && (cursor_.dialect().oracle || oracle_) && cursor_.is("NUMBER")) {
            return oracle_number();
        }
        if (type == nullptr) return cursor_.fail(), WrittenType{};
        if (is_keyword(token, "NCHAR") || is_keyword(token, "NVARCHAR")) {
            type_.charset.charset = "utf8mb3";
        }
        cursor_.next();
        type_.base = type->base;
        if (is_keyword(token, "REAL") && cursor_.dialect().real_as_float) type_.base = "float";
        content(type->kind);
        return std::move(type_);
    }

private:
    // mariadb_schema.DATE
    void skip_type_schema() {
        if (!cursor_.is_symbol('.', 1)) return;
        oracle_ = cursor_.is("ORACLE_SCHEMA");
        cursor_.next();
        cursor_.next();
    }

    void content(TypeClass kind) {
        switch (kind) {
            case TypeClass::integer: (void)cursor_.accept_group(); break;
            case TypeClass::boolean:
            case TypeClass::plain: break;
            case TypeClass::serial: type_.is_unsigned = true; break;
            case TypeClass::real: real(); break;
            case TypeClass::decimal: decimal(); break;
            case TypeClass::bit:
                type_.numbers =
                    fmt::format("({})", std::max<std::uint64_t>(number().value_or(1), 1));
                break;
            case TypeClass::year: (void)number(); break;
            case TypeClass::temporal: temporal(); break;
            case TypeClass::text: text(); break;
            case TypeClass::bytes: type_.numbers = fmt::format("({})", number().value_or(1)); break;
            case TypeClass::lob: type_.length = number(); break;
            case TypeClass::labels: labels(); break;
            case TypeClass::json: json(); break;
            case TypeClass::vector:
                type_.numbers = fmt::format("({})", number().value_or(2048));
                break;
        }
    }

    // (n), and nothing else in the parentheses that matters.
    std::optional<std::uint64_t> number() {
        if (!cursor_.accept_symbol('(')) return {};
        const auto value = parse_number(cursor_.peek().text);
        if (!value) cursor_.fail();
        cursor_.skip_group();
        return value;
    }

    void real() {
        if (type_.base == "double") (void)cursor_.accept("PRECISION");
        if (!cursor_.is_symbol('(')) return;
        if (cursor_.is_symbol(',', 2)) {
            type_.numbers = fmt::format("({},{})", cursor_.peek(1).text, cursor_.peek(3).text);
            (void)cursor_.accept_group();
        } else if (const auto precision = number(); precision && type_.base == "float") {
            if (*precision > 24) type_.base = "double";
        }
    }

    void decimal() {
        std::string digits = "10";
        std::string scale = "0";
        if (cursor_.is_symbol('(')) {
            if (cursor_.peek(1).text != "0") digits = cursor_.peek(1).text;
            if (cursor_.is_symbol(',', 2)) scale = cursor_.peek(3).text;
            (void)cursor_.accept_group();
        }
        type_.numbers = fmt::format("({},{})", digits, scale);
    }

    void temporal() {
        const std::uint64_t fraction = number().value_or(0);
        if (fraction > 0) type_.numbers = fmt::format("({})", fraction);
    }

    void text() {
        if (type_.base == "char" && (cursor_.accept("VARYING") || cursor_.accept("VARCHAR") ||
                                     cursor_.accept("VARCHARACTER"))) {
            type_.base = "varchar";
        }
        type_.length = number();
        if (!type_.length) type_.length = 1;
    }

    void json() {
        if (!cursor_.dialect().mariadb) return;
        type_.base = "longtext";
        type_.charset = {.charset = "utf8mb4"};
        type_.json = true;
    }

    void labels() {
        cursor_.expect_symbol('(');
        do {
            type_.labels.push_back(label());
        } while (cursor_.accept_symbol(','));
        cursor_.expect_symbol(')');
    }

    std::string label() {
        // _utf8mb4'x', N'x'. X'61' is the text of those bytes: not followed.
        const bool introduced = cursor_.peek().kind == TokenKind::word &&
                                (cursor_.peek().text[0] == '_' || cursor_.is("N"));
        if (introduced) cursor_.next();
        if (cursor_.peek().kind != TokenKind::string) return cursor_.fail(), std::string();
        std::string value;
        while (cursor_.peek().kind == TokenKind::string) {
            value += string_value(cursor_.next(), cursor_.dialect());
        }
        while (!value.empty() && value.back() == ' ') value.pop_back();
        return value;
    }

    WrittenType national() {
        type_.charset.charset = "utf8mb3";
        const bool varying = cursor_.is_one("VARCHAR", "VARCHARACTER");
        if (!varying && !cursor_.is_one("CHAR", "CHARACTER")) return cursor_.fail(), WrittenType{};
        cursor_.next();
        type_.base = varying ? "varchar" : "char";
        text();
        return std::move(type_);
    }

    WrittenType long_type() {
        type_.base = cursor_.accept("VARBINARY") ? "mediumblob" : "mediumtext";
        // Not CHARACTER SET.
        (void)(cursor_.accept("CHAR", "VARYING") || cursor_.accept("CHARACTER", "VARYING") ||
               cursor_.accept("VARCHAR") || cursor_.accept("VARCHARACTER"));
        return std::move(type_);
    }

    WrittenType oracle_number() {
        cursor_.next();
        type_.base = cursor_.is_symbol('(') ? "decimal" : "double";
        if (type_.base == "decimal") decimal();
        return std::move(type_);
    }

    TokenCursor& cursor_;
    bool oracle_ = false;
    WrittenType type_;
};

std::string labels_text(const std::vector<std::string>& labels) {
    std::string text = "(";
    for (const std::string& label : labels) {
        if (text.size() > 1) text += ',';
        text += '\'';
        for (const char c : label) {
            if (c == '\'' || c == '\\') text += c;
            text += c;
        }
        text += '\'';
    }
    return text + ")";
}

std::string binary_twin(const std::string& base) {
    if (base == "char") return "binary";
    if (base == "varchar") return "varbinary";
    if (text_capacity(base)) return base.substr(0, base.size() - 4) + "blob";
    return base;
}

std::optional<std::uint64_t> length_of(std::string_view column_type) {
    const std::size_t open = column_type.find('(');
    const std::size_t close = column_type.find(')');
    if (open == std::string_view::npos || close == std::string_view::npos) return {};
    return parse_number(column_type.substr(open + 1, close - open - 1));
}

std::string word_of(TokenCursor& cursor) {
    (void)cursor.accept_symbol('=');
    const Token& token = cursor.peek();
    if (token.kind == TokenKind::string) return string_value(cursor.next(), cursor.dialect());
    return cursor.name();
}

}  // namespace

WrittenType parse_type(TokenCursor& cursor) {
    return TypeParser(cursor).parse();
}

bool accept_charset(TokenCursor& cursor, CharsetChoice& choice) {
    if (cursor.accept("CHARSET") || cursor.accept("CHARACTER", "SET") ||
        cursor.accept("CHAR", "SET")) {
        choice.charset = word_of(cursor);
        return true;
    }
    if (!cursor.accept("COLLATE")) return false;
    choice.collation = word_of(cursor);
    return true;
}

std::string canonical_charset(std::string_view charset) {
    std::string name = lower_case(charset);
    return name == "utf8" ? "utf8mb3" : name;
}

std::string resolve_charset(const CharsetChoice& choice, const std::string& otherwise) {
    const std::string charset = canonical_charset(choice.charset);
    if (!charset.empty() && charset != "default") return charset;
    const std::string collation = lower_case(choice.collation);
    // MariaDB's short names (uca1400_ai_ci) go with any charset.
    if (!charset.empty() || collation.empty() || collation == "default" ||
        collation.starts_with("uca1400_")) {
        return otherwise;
    }
    return canonical_charset(collation.substr(0, collation.find('_')));
}

void resolve_type(const WrittenType& type, const std::string& default_charset,
                  SchemaColumn& column) {
    std::string base = type.base;
    column.charset.clear();
    column.json = type.json;
    if (is_text(base)) column.charset = resolve_charset(type.charset, default_charset);
    const std::uint64_t width = bytes_per_character(column.charset);
    if (base == "varchar" && type.length.value_or(0) * width > kVarcharBytesMax) {
        base = lob_for(*type.length * width, "text");
    }
    if ((base == "text" || base == "blob") && type.length.value_or(0) > 0 && type.base == base) {
        base = lob_for(*type.length * width, base);
    }
    if (column.charset == "binary" && base != "enum" && base != "set") {
        base = binary_twin(base);
        column.charset.clear();
    }
    column.column_type = base + type.numbers;
    const bool sized =
        base == "char" || base == "varchar" || base == "binary" || base == "varbinary";
    if (sized && type.numbers.empty()) column.column_type += fmt::format("({})", *type.length);
    if (!type.labels.empty()) column.column_type += labels_text(type.labels);
    if (type.is_unsigned || type.zerofill) column.column_type += " unsigned";
    if (type.zerofill) column.column_type += " zerofill";
}

bool convert_charset(SchemaColumn& column, const std::string& charset) {
    if (column.charset.empty() || column.charset == charset) return true;
    if (charset == "binary" || column.charset == "binary") return false;
    // The servers spoil labels that were in such a charset ('\0a', '\' of sjis), and not always.
    const bool labels = !type_labels(column.column_type).empty();
    if (labels && bytes_per_character(column.charset) > 1 && !column.charset.starts_with("utf8")) {
        return false;
    }
    const std::uint64_t before = bytes_per_character(column.charset);
    const std::uint64_t after = bytes_per_character(charset);
    const std::string_view base = type_name(column.column_type);
    if (base == "varchar") {
        const auto length = length_of(column.column_type);
        if (!length) return false;
        if (*length * after > kVarcharBytesMax)
            column.column_type = lob_for(*length * after, "text");
    } else if (const auto capacity = text_capacity(base); capacity && base != "longtext") {
        column.column_type = lob_for(*capacity / before * after, "text");
    }
    column.charset = charset;
    return true;
}

std::string_view type_name(std::string_view column_type) {
    return column_type.substr(0, column_type.find_first_of("( "));
}

std::vector<std::string> type_labels(std::string_view column_type) {
    const SqlDialect dialect;
    std::vector<std::string> labels;
    for (const Token& token : tokenize(column_type, dialect)) {
        if (token.kind == TokenKind::string) labels.push_back(string_value(token, dialect));
    }
    return labels;
}

std::string canonical_type(std::string_view column_type) {
    const std::string base = lower_case(type_name(column_type));
    if (base == "enum" || base == "set") return base + labels_text(type_labels(column_type));
    std::string type(column_type.substr(0, column_type.find("/*")));
    while (!type.empty() && type.back() == ' ') type.pop_back();
    const bool integer = base.ends_with("int") && base != "point" && base != "multipoint";
    if (integer || base == "year") {
        const std::size_t open = type.find('(');
        const std::size_t close = type.find(')');
        if (open != std::string::npos && close != std::string::npos) {
            type.erase(open, close - open + 1);
        }
    }
    if (base == "geomcollection") return "geometrycollection";
    return type;
}

}  // namespace evenkeel::cdc
