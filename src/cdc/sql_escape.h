// What a backslash and a character mean within a quoted text of a server. Pure.
#pragma once

namespace evenkeel::cdc {

inline char sql_unescaped(char c) {
    switch (c) {
        case '0': return '\0';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'b': return '\b';
        case 'Z': return '\x1A';
        default: return c;
    }
}

}  // namespace evenkeel::cdc
