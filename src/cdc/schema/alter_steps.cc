#include "cdc/schema/alter_steps.h"

#include <algorithm>
#include <utility>

#include "cdc/schema/table_elements.h"

namespace evenkeel::cdc {
namespace {

using Kind = AlterStep::Kind;

// Options of a table and other specs that change no column. Charsets are looked for among them.
constexpr std::string_view kHarmless[] = {"ALGORITHM",
                                          "AUTOEXTEND_SIZE",
                                          "AUTO_INCREMENT",
                                          "AVG_ROW_LENGTH",
                                          "CHECKSUM",
                                          "COMMENT",
                                          "COMPRESSION",
                                          "CONNECTION",
                                          "DATA",
                                          "DEFAULT",
                                          "DELAY_KEY_WRITE",
                                          "DISABLE",
                                          "DISCARD",
                                          "ENABLE",
                                          "ENCRYPTED",
                                          "ENCRYPTION",
                                          "ENCRYPTION_KEY_ID",
                                          "ENGINE",
                                          "ENGINE_ATTRIBUTE",
                                          "FORCE",
                                          "IETF_QUOTES",
                                          "IMPORT",
                                          "INDEX",
                                          "INSERT_METHOD",
                                          "KEY_BLOCK_SIZE",
                                          "LOCK",
                                          "MAX_ROWS",
                                          "MIN_ROWS",
                                          "PACK_KEYS",
                                          "PAGE_CHECKSUM",
                                          "PAGE_COMPRESSED",
                                          "PAGE_COMPRESSION_LEVEL",
                                          "PASSWORD",
                                          "ROW_FORMAT",
                                          "SECONDARY_ENGINE",
                                          "SECONDARY_ENGINE_ATTRIBUTE",
                                          "SECONDARY_LOAD",
                                          "SECONDARY_UNLOAD",
                                          "STATS_AUTO_RECALC",
                                          "STATS_PERSISTENT",
                                          "STATS_SAMPLE_PAGES",
                                          "STORAGE",
                                          "TABLESPACE",
                                          "TRANSACTIONAL",
                                          "TYPE",
                                          "UNION",
                                          "WITH",
                                          "WITHOUT",
                                          "CHARSET",
                                          "CHARACTER",
                                          "COLLATE",
                                          "NOT",
                                          "START"};

// They come last in their statement, so everything behind them is theirs.
constexpr std::string_view kPartitions[] = {"PARTITION", "TRUNCATE", "COALESCE", "REORGANIZE",
                                            "EXCHANGE",  "ANALYZE",  "CHECK",    "OPTIMIZE",
                                            "REBUILD",   "REPAIR",   "REMOVE",   "UPGRADE"};

template <std::size_t N>
bool is_one_of(const TokenCursor& cursor, const std::string_view (&words)[N]) {
    return std::any_of(std::begin(words), std::end(words),
                       [&](std::string_view word) { return cursor.is(word); });
}

class AlterParser {
public:
    AlterParser(TokenCursor& cursor, std::string_view database)
        : cursor_(cursor), database_(database) {}

    std::vector<AlterStep> parse() {
        while (!cursor_.at_end()) {
            spec();
            if (!cursor_.at_end()) cursor_.expect_symbol(',');
        }
        return std::move(steps_);
    }

private:
    AlterStep& step(Kind kind) { return steps_.emplace_back(AlterStep{.kind = kind}); }

    bool accept_if_exists() {
        if (!cursor_.accept("IF")) return false;
        cursor_.expect("EXISTS");
        return true;
    }

    void spec() {
        if (cursor_.accept("ADD")) return add();
        if (cursor_.accept("DROP")) return drop();
        if (cursor_.accept("CHANGE")) return change(true);
        if (cursor_.accept("MODIFY")) return change(false);
        if (cursor_.accept("ALTER")) return alter();
        if (cursor_.accept("RENAME")) return rename();
        if (cursor_.accept("CONVERT")) return convert();
        if (cursor_.accept("ORDER")) return order();
        if (cursor_.is_symbol('=', 1) || is_one_of(cursor_, kHarmless)) return options();
        if (is_one_of(cursor_, kPartitions)) return rest();
        cursor_.fail();
    }

    void rest() {
        while (!cursor_.at_end()) cursor_.next();
    }

    void add() {
        const bool named = cursor_.accept("COLUMN");
        if (!named && cursor_.is("PARTITION")) return rest();
        if (!named && cursor_.accept("SYSTEM", "VERSIONING")) return;
        bool lenient = false;
        if (cursor_.accept("IF", "NOT")) {
            cursor_.expect("EXISTS");
            lenient = true;
        }
        TableElements elements;
        if (cursor_.accept_symbol('(')) {
            parse_elements(cursor_, elements);
            for (ColumnSpec& column : elements.columns) add(std::move(column), {}, lenient);
        } else if (named || !accept_key(cursor_, elements)) {
            ColumnPlace place;
            ColumnSpec column = parse_column(cursor_, &place);
            add(std::move(column), std::move(place), lenient);
        }
        if (elements.has_primary_key) add_key(std::move(elements.primary_key), lenient);
    }

    void add(ColumnSpec column, ColumnPlace place, bool lenient) {
        const bool key = column.primary_key;
        const std::string name = column.name;
        AlterStep& added = step(Kind::add_column);
        added.lenient = lenient;
        added.column = std::move(column);
        added.place = std::move(place);
        if (key) add_key({name}, lenient);
    }

    void add_key(std::vector<std::string> columns, bool lenient) {
        AlterStep& added = step(Kind::add_key);
        added.key = std::move(columns);
        added.lenient = lenient;
    }

    void drop() {
        if (cursor_.is("PARTITION")) return rest();
        if (cursor_.accept("PRIMARY")) {
            cursor_.expect("KEY");
            step(Kind::drop_key);
            return;
        }
        if (cursor_.accept("SYSTEM", "VERSIONING") || cursor_.accept("PERIOD", "FOR")) {
            return cursor_.skip_element();
        }
        if (cursor_.is_one("FOREIGN", "CHECK")) return cursor_.skip_element();
        if (cursor_.is_one("INDEX", "KEY", "CONSTRAINT")) {
            cursor_.next();
            (void)accept_if_exists();
            if (same_name(cursor_.name(), "PRIMARY")) step(Kind::drop_key);
            return;
        }
        (void)cursor_.accept("COLUMN");
        const bool lenient = accept_if_exists();
        AlterStep& dropped = step(Kind::drop_column);
        dropped.lenient = lenient;
        dropped.name = parse_column_name(cursor_);
        (void)(cursor_.accept("RESTRICT") || cursor_.accept("CASCADE"));
    }

    void change(bool with_name) {
        (void)cursor_.accept("COLUMN");
        AlterStep changed{.kind = Kind::change_column, .lenient = accept_if_exists()};
        if (with_name) changed.name = parse_column_name(cursor_);
        changed.column = parse_column(cursor_, &changed.place);
        if (!with_name) changed.name = changed.column.name;
        const bool key = changed.column.primary_key;
        const std::string name = changed.column.name;
        steps_.push_back(std::move(changed));
        if (key) add_key({name}, false);
    }

    void alter() {
        if (cursor_.is_one("INDEX", "KEY", "CHECK", "CONSTRAINT")) return cursor_.skip_element();
        (void)cursor_.accept("COLUMN");
        const bool lenient = accept_if_exists();
        const std::string name = parse_column_name(cursor_);
        if (cursor_.is("SET") && (cursor_.is("INVISIBLE", 1) || cursor_.is("VISIBLE", 1))) {
            AlterStep& shown = step(Kind::set_invisible);
            shown.name = name;
            shown.lenient = lenient;
            shown.column.invisible = cursor_.is("INVISIBLE", 1);
        } else if (!cursor_.is_one("SET", "DROP")) {
            return cursor_.fail();
        }
        cursor_.skip_element();
    }

    void rename() {
        if (cursor_.is_one("INDEX", "KEY")) return cursor_.skip_element();
        // A table may be called column.
        if (cursor_.is("COLUMN") && (cursor_.is_name(1) || cursor_.is("IF", 1))) {
            cursor_.next();
            AlterStep& renamed = step(Kind::rename_column);
            renamed.lenient = accept_if_exists();
            renamed.name = parse_column_name(cursor_);
            cursor_.expect("TO");
            renamed.column.name = parse_column_name(cursor_);
            return;
        }
        (void)(cursor_.accept("TO") || cursor_.accept("AS") || cursor_.accept_symbol('='));
        step(Kind::rename_table).table = parse_table_name(cursor_, database_);
    }

    void convert() {
        if (cursor_.accept("PARTITION")) {
            cursor_.name();
            cursor_.expect("TO");
            cursor_.expect("TABLE");
            step(Kind::split_off).table = parse_table_name(cursor_, database_);
            return rest();
        }
        if (cursor_.accept("TABLE")) {
            step(Kind::take_in).table = parse_table_name(cursor_, database_);
            return rest();
        }
        cursor_.expect("TO");
        CharsetChoice choice;
        if (!accept_charset(cursor_, choice)) return cursor_.fail();
        (void)accept_charset(cursor_, choice);
        step(Kind::convert_charset).charset = choice;
    }

    // BY a, b: the commas are part of it where a name without more follows.
    void order() {
        cursor_.expect("BY");
        for (;;) {
            parse_column_name(cursor_);
            (void)(cursor_.accept("ASC") || cursor_.accept("DESC"));
            const bool more =
                cursor_.is_symbol(',') && cursor_.is_name(1) &&
                (cursor_.is_symbol(',', 2) || cursor_.is_symbol('.', 2) || cursor_.is("ASC", 2) ||
                 cursor_.is("DESC", 2) || cursor_.peek(2).kind == TokenKind::end) &&
                !cursor_.is("FORCE", 1);
            if (!more) return;
            cursor_.next();
        }
    }

    void options() {
        CharsetChoice choice;
        while (!cursor_.at_end() && !cursor_.is_symbol(',')) {
            if (cursor_.is("PARTITION") && cursor_.is("BY", 1)) return rest();
            if (cursor_.accept("COMMENT")) {
                (void)cursor_.accept_symbol('=');
                cursor_.next();
            } else if (!accept_charset(cursor_, choice) && !cursor_.accept_group()) {
                cursor_.next();
            }
        }
        if (!choice.empty()) step(Kind::default_charset).charset = choice;
    }

    TokenCursor& cursor_;
    const std::string_view database_;
    std::vector<AlterStep> steps_;
};

}  // namespace

TableName parse_table_name(TokenCursor& cursor, std::string_view database) {
    (void)cursor.accept_symbol('.');
    std::string first = cursor.name();
    if (!cursor.accept_symbol('.')) {
        return {.database = std::string(database), .table = std::move(first)};
    }
    std::string second = cursor.name();
    return {.database = std::move(first), .table = std::move(second)};
}

std::vector<AlterStep> parse_alter_steps(TokenCursor& cursor, std::string_view database) {
    return AlterParser(cursor, database).parse();
}

}  // namespace evenkeel::cdc
