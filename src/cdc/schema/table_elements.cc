#include "cdc/schema/table_elements.h"

namespace evenkeel::cdc {
namespace {

// A value without operators: literal, name, call, or an expression in parentheses.
void skip_value(TokenCursor& cursor) {
    while (cursor.is_symbol('-') || cursor.is_symbol('+') || cursor.is_symbol('.')) cursor.next();
    if (cursor.accept_group()) return;
    if (cursor.accept("NEXT")) {  // VALUE FOR sequence
        cursor.expect("VALUE");
        cursor.expect("FOR");
        cursor.name();
        if (cursor.accept_symbol('.')) cursor.name();
        return;
    }
    const TokenKind first = cursor.next().kind;
    if (first == TokenKind::symbol || first == TokenKind::end) return cursor.fail();
    // _utf8'a' 'b'
    while (cursor.peek().kind == TokenKind::string) cursor.next();
    while (first != TokenKind::string && cursor.accept_symbol('.')) cursor.name();
    (void)cursor.accept_group();
}

void skip_reference(TokenCursor& cursor) {
    cursor.name();
    if (cursor.accept_symbol('.')) cursor.name();
    (void)cursor.accept_group();
    for (;;) {
        if (cursor.accept("MATCH")) {
            cursor.next();
        } else if (cursor.is("ON") && (cursor.is("DELETE", 1) || cursor.is("UPDATE", 1))) {
            cursor.next();
            cursor.next();
            if (cursor.accept("SET") || cursor.accept("NO")) {
                cursor.next();  // NULL, DEFAULT; ACTION
            } else if (!cursor.accept("RESTRICT") && !cursor.accept("CASCADE")) {
                return cursor.fail();
            }
        } else {
            return;
        }
    }
}

// (json_valid(`column`)), and nothing else.
bool is_json_check(const TokenCursor& cursor, const std::string& column) {
    return cursor.is_symbol('(') && cursor.is("JSON_VALID", 1) && cursor.is_symbol('(', 2) &&
           cursor.is_name(3) && same_name(identifier(cursor.peek(3)), column) &&
           cursor.is_symbol(')', 4) && cursor.is_symbol(')', 5);
}

void parse_generated(TokenCursor& cursor, ColumnSpec& column) {
    (void)cursor.accept("ALWAYS");
    cursor.expect("AS");
    if (cursor.accept("ROW")) {  // START, END: of a period
        cursor.next();
        return;
    }
    column.generated = true;
    if (!cursor.accept_group()) cursor.fail();
}

void parse_check(TokenCursor& cursor, ColumnSpec& column) {
    column.json_check = column.json_check || is_json_check(cursor, column.name);
    // Then MariaDB does not add its own to a JSON column.
    if (!is_json_check(cursor, column.name)) column.type.json = false;
    if (!cursor.accept_group()) cursor.fail();
}

bool accept_type_attribute(TokenCursor& cursor, ColumnSpec& column) {
    WrittenType& type = column.type;
    if (cursor.accept("UNSIGNED")) {
        type.is_unsigned = true;
    } else if (cursor.accept("ZEROFILL")) {
        type.zerofill = true;
    } else if (cursor.accept("ASCII")) {
        type.charset.charset = "latin1";
    } else if (cursor.accept("UNICODE")) {
        type.charset.charset = "ucs2";
    } else if (cursor.accept("BYTE")) {
        type.charset.charset = "binary";
    } else if (cursor.accept("COMPRESSED")) {
        if (cursor.accept_symbol('=')) skip_value(cursor);
    } else {
        return cursor.accept("SIGNED") || cursor.accept("BINARY") ||
               accept_charset(cursor, type.charset);
    }
    return true;
}

bool accept_key_attribute(TokenCursor& cursor, ColumnSpec& column) {
    if (cursor.accept("UNIQUE")) {
        (void)cursor.accept("KEY");
    } else if (cursor.accept("PRIMARY")) {
        (void)cursor.accept("KEY");
        column.primary_key = true;
    } else if (cursor.accept("KEY")) {
        column.primary_key = true;
    } else if (cursor.accept("CLUSTERING")) {
        cursor.expect("KEY");
    } else if (cursor.accept("REFERENCES")) {
        skip_reference(cursor);
    } else if (cursor.accept("CONSTRAINT")) {
        if (!cursor.is("CHECK")) cursor.name();
    } else if (cursor.accept("CHECK")) {
        parse_check(cursor, column);
    } else {
        return cursor.accept("ENFORCED") || cursor.accept("NOT", "ENFORCED");
    }
    return true;
}

bool accept_value_attribute(TokenCursor& cursor, ColumnSpec& column) {
    if (cursor.accept("DEFAULT") || cursor.accept("ON", "UPDATE") || cursor.accept("COMMENT")) {
        skip_value(cursor);
    } else if (cursor.accept("GENERATED") || cursor.is("AS")) {
        parse_generated(cursor, column);
    } else if (cursor.accept("SERIAL", "DEFAULT")) {
        cursor.expect("VALUE");
    } else if (cursor.accept("COLUMN_FORMAT") || cursor.accept("STORAGE") ||
               cursor.accept("SRID")) {
        cursor.next();
    } else if (cursor.is("WITHOUT") || cursor.is("WITH")) {
        cursor.next();
        cursor.expect("SYSTEM");
        cursor.expect("VERSIONING");
    } else if (cursor.is_name() && cursor.is_symbol('=', 1)) {  // An engine's.
        cursor.next();
        cursor.next();
        skip_value(cursor);
    } else if (cursor.accept("ENGINE_ATTRIBUTE") || cursor.accept("SECONDARY_ENGINE_ATTRIBUTE")) {
        skip_value(cursor);
    } else if (cursor.accept("INVISIBLE")) {
        column.invisible = true;
    } else {
        return cursor.accept("NOT", "NULL") || cursor.accept("NULL") ||
               cursor.accept("NOT", "SECONDARY") || cursor.accept("AUTO_INCREMENT") ||
               cursor.accept("VISIBLE") || cursor.accept("VIRTUAL") || cursor.accept("STORED") ||
               cursor.accept("PERSISTENT");
    }
    return true;
}

bool accept_place(TokenCursor& cursor, ColumnPlace* place) {
    if (place == nullptr) return false;
    if (cursor.accept("FIRST")) {
        place->where = ColumnPlace::Where::first;
        return true;
    }
    if (!cursor.accept("AFTER")) return false;
    place->where = ColumnPlace::Where::after;
    place->after = parse_column_name(cursor);
    return true;
}

void parse_key_columns(TokenCursor& cursor, std::vector<std::string>& columns) {
    cursor.expect_symbol('(');
    do {
        columns.push_back(cursor.name());
        (void)cursor.accept_group();
        (void)(cursor.accept("ASC") || cursor.accept("DESC"));
    } while (cursor.accept_symbol(','));
    cursor.expect_symbol(')');
}

void parse_primary_key(TokenCursor& cursor, TableElements& elements) {
    cursor.expect("KEY");
    elements.has_primary_key = true;
    if (cursor.accept("IF", "NOT")) cursor.expect("EXISTS");
    while (!cursor.is_symbol('(') && !cursor.at_end()) cursor.next();  // A name, USING BTREE.
    parse_key_columns(cursor, elements.primary_key);
    cursor.skip_element();
}

}  // namespace

std::string parse_column_name(TokenCursor& cursor) {
    std::string name = cursor.name();
    while (cursor.accept_symbol('.')) name = cursor.name();
    return name;
}

ColumnSpec parse_column(TokenCursor& cursor, ColumnPlace* place) {
    ColumnSpec column{.name = parse_column_name(cursor)};
    column.type = parse_type(cursor);
    while (!cursor.at_end() && !cursor.is_symbol(',') && !cursor.is_symbol(')')) {
        if (!accept_type_attribute(cursor, column) && !accept_key_attribute(cursor, column) &&
            !accept_value_attribute(cursor, column) && !accept_place(cursor, place)) {
            cursor.fail();
        }
    }
    column.type.json = column.type.json || (column.json_check && column.type.base == "longtext");
    return column;
}

bool accept_key(TokenCursor& cursor, TableElements& elements) {
    const bool period = cursor.is("PERIOD") && cursor.is("FOR", 1);
    const bool vector = cursor.is("VECTOR") && (cursor.is("KEY", 1) || cursor.is("INDEX", 1));
    if (cursor.is_one("INDEX", "KEY", "FULLTEXT", "SPATIAL", "UNIQUE", "FOREIGN", "CHECK") ||
        period || vector) {
        cursor.skip_element();
        return true;
    }
    if (cursor.accept("CONSTRAINT")) {
        if (cursor.accept("IF", "NOT")) cursor.expect("EXISTS");
        if (!cursor.is_one("PRIMARY", "UNIQUE", "FOREIGN", "CHECK")) cursor.name();
        if (cursor.accept("PRIMARY")) {
            parse_primary_key(cursor, elements);
        } else {
            cursor.skip_element();
        }
        return true;
    }
    if (!cursor.accept("PRIMARY")) return false;
    parse_primary_key(cursor, elements);
    return true;
}

void parse_elements(TokenCursor& cursor, TableElements& elements) {
    do {
        if (!accept_key(cursor, elements)) {
            elements.columns.push_back(parse_column(cursor, nullptr));
        }
    } while (cursor.accept_symbol(','));
    cursor.expect_symbol(')');
}

}  // namespace evenkeel::cdc
