#include "cdc/render/value_text.h"

#include <algorithm>

namespace evenkeel::cdc {
namespace {

unsigned hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    return static_cast<unsigned>((c | 0x20) - 'a' + 10);
}

// Our own writer has \u for control characters only, so one byte is enough.
char unescaped(const char*& in) {
    const char c = *in++;
    switch (c) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'u': {
            const unsigned code = hex_digit(in[2]) << 4 | hex_digit(in[3]);
            in += 4;
            return static_cast<char>(code);
        }
        default: return c;
    }
}

}  // namespace

std::string_view unquoted(char* json, std::size_t size) {
    if (size < 2 || json[0] != '"') return {json, size};
    char* out = json + 1;
    const char* end = json + size - 1;
    for (const char* in = out; in < end;) {
        *out++ = *in != '\\' ? *in++ : unescaped(++in);
    }
    return {json + 1, static_cast<std::size_t>(out - json - 1)};
}

std::optional<std::string_view> ValueText::json(const ColumnPlan& column, const char* value) {
    buffer_.clear();
    const Place end = writer_.write(column, {value, buffer_.room(room_)});
    if (end.in == nullptr) return {};
    buffer_.set_end(end.out);
    return buffer_.view();
}

std::string_view ValueText::plain() {
    return unquoted(buffer_.data(), buffer_.size());
}

}  // namespace evenkeel::cdc
