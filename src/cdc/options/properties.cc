#include "cdc/options/properties.h"

#include <fmt/core.h>

#include <cstdint>
#include <optional>

namespace evenkeel::cdc {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

// Takes lines off the front of a text; a line may end with \n, \r or both.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {}

    std::optional<std::string_view> next() {
        if (rest_.empty()) return {};
        ++number_;
        const std::size_t end = rest_.find_first_of("\r\n");
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(line.size());
        if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
        if (!rest_.empty()) rest_.remove_prefix(1);
        return line;
    }
    int number() const { return number_; }

private:
    std::string_view rest_;
    int number_ = 0;
};

std::string_view without_front_blanks(std::string_view line) {
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    return line;
}

// An odd number of backslashes at the end.
bool is_continued(std::string_view line) {
    std::size_t count = 0;
    while (count < line.size() && line[line.size() - 1 - count] == '\\') ++count;
    return count % 2 == 1;
}

// With its continuations, whose leading blanks do not count.
std::string whole_line(std::string_view first, Lines& lines) {
    std::string whole(first);
    while (is_continued(whole)) {
        whole.pop_back();
        const auto more = lines.next();
        if (!more) break;
        whole += without_front_blanks(*more);
    }
    return whole;
}

void put_utf8(std::string& to, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { to += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | code >> 6);
        put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        put(0xe0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xf0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3f));
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

std::optional<std::uint32_t> hex4(std::string_view text) {
    if (text.size() < 4) return {};
    std::uint32_t code = 0;
    for (const char c : text.substr(0, 4)) {
        const std::string_view digits = "0123456789abcdef";
        const auto digit = digits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
        if (digit == std::string_view::npos) return {};
        code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    return code;
}

Result<std::string> without_escapes(std::string_view text, int line) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            plain += text[i];
            continue;
        }
        const char c = text[++i];
        if (c != 'u') {
            plain += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
            continue;
        }
        auto code = hex4(text.substr(i + 1));
        if (!code) {
            return Error{Errc::invalid, fmt::format("{}: \\u needs four hex digits", line)};
        }
        i += 4;
        // UTF-16, as Java has it: two halves are one character.
        if (*code >= 0xd800 && *code < 0xdc00 && text.substr(i + 1, 2) == "\\u") {
            const auto low = hex4(text.substr(i + 3));
            if (low && *low >= 0xdc00 && *low < 0xe000) {
                code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
                i += 6;
            }
        }
        put_utf8(plain, *code >= 0xd800 && *code < 0xe000 ? 0xfffd : *code);
    }
    return plain;
}

}  // namespace

Result<std::vector<Property>> parse_properties(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::vector<Property> properties;
    Lines lines(text);
    while (const auto first = lines.next()) {
        const std::string_view start = without_front_blanks(*first);
        if (start.empty() || start.front() == '#' || start.front() == '!') continue;
        const int number = lines.number();
        const std::string line = whole_line(start, lines);
        std::size_t key = 0;
        while (key < line.size() && !is_blank(line[key]) && line[key] != '=' && line[key] != ':') {
            key += line[key] == '\\' ? 2 : 1;
        }
        key = std::min(key, line.size());
        std::string_view rest = without_front_blanks(std::string_view(line).substr(key));
        if (!rest.empty() && (rest.front() == '=' || rest.front() == ':')) rest.remove_prefix(1);
        rest = without_front_blanks(rest);
        Property property{.line = number};
        EK_TRY(property.key, without_escapes(std::string_view(line).substr(0, key), number));
        EK_TRY(property.value, without_escapes(rest, number));
        properties.push_back(std::move(property));
    }
    return properties;
}

}  // namespace evenkeel::cdc
