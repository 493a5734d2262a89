#include "cdc/schema/ddl_lexer.h"

#include <algorithm>

#include "cdc/sql_escape.h"

namespace evenkeel::cdc {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_word_char(char c) {
    return is_digit(c) || is_letter(c) || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

class Lexer {
public:
    Lexer(std::string_view text, const SqlDialect& dialect) : text_(text), dialect_(dialect) {}

    std::vector<Token> run() {
        for (skip(); at_ < text_.size(); skip()) tokens_.push_back(next());
        tokens_.push_back({});
        return std::move(tokens_);
    }

private:
    char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
    bool starts(std::string_view with) const { return text_.compare(at_, with.size(), with) == 0; }

    Token next() {
        const char c = text_[at_];
        if (c == '`' || (c == '"' && dialect_.ansi_quotes)) return quoted(TokenKind::name, false);
        if (c == '\'' || c == '"') {
            return quoted(TokenKind::string, !dialect_.no_backslash_escapes);
        }
        if (is_word_char(c)) return word_or_number();
        return {.kind = TokenKind::symbol, .text = text_.substr(at_++, 1)};
    }

    Token quoted(TokenKind kind, bool escapes) {
        const char quote = text_[at_++];
        const std::size_t begin = at_;
        for (; at_ < text_.size(); ++at_) {
            if (escapes && text_[at_] == '\\' && at_ + 1 < text_.size()) {
                ++at_;
            } else if (text_[at_] == quote) {
                if (at(at_ + 1) != quote || at_ + 1 >= text_.size()) break;
                ++at_;
            }
        }
        const Token token{.kind = kind, .quote = quote, .text = text_.substr(begin, at_ - begin)};
        if (at_ < text_.size()) ++at_;
        return token;
    }

    bool behind_point() const {
        return !tokens_.empty() && tokens_.back().kind == TokenKind::symbol &&
               tokens_.back().text == ".";
    }

    Token word_or_number() {
        const std::size_t begin = at_;
        while (is_digit(at(at_))) ++at_;
        const bool digits = at_ > begin;
        if (digits && !behind_point() && at(at_) == '.' && is_digit(at(at_ + 1))) {
            ++at_;
            while (is_digit(at(at_))) ++at_;
            if ((at(at_) == 'e' || at(at_) == 'E')) exponent();
            return {.kind = TokenKind::number, .text = text_.substr(begin, at_ - begin)};
        }
        if (digits && (at_ >= text_.size() || !is_word_char(text_[at_]))) {
            return {.kind = TokenKind::number, .text = text_.substr(begin, at_ - begin)};
        }
        while (at_ < text_.size() && is_word_char(text_[at_])) ++at_;
        return {.kind = TokenKind::word, .text = text_.substr(begin, at_ - begin)};
    }

    void exponent() {
        const std::size_t sign = at(at_ + 1) == '-' || at(at_ + 1) == '+' ? 1 : 0;
        if (!is_digit(at(at_ + 1 + sign))) return;
        at_ += 1 + sign;
        while (is_digit(at(at_))) ++at_;
    }

    void skip_line() {
        const std::size_t end = text_.find('\n', at_);
        at_ = end == std::string_view::npos ? text_.size() : end + 1;
    }

    void skip_comment() {
        const std::size_t end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
    }

    // An executable comment that is not executed may hold a plain one.
    void skip_executable() {
        at_ += 2;
        for (int depth = 1; depth > 0 && at_ < text_.size(); ++at_) {
            if (starts("/*")) {
                ++depth, ++at_;
            } else if (starts("*/")) {
                --depth, ++at_;
            }
        }
    }

    bool executes(unsigned version) const {
        if (version == 0) return true;
        // Features of MySQL that MariaDB does not have, or has otherwise.
        if (dialect_.mariadb && version >= 50700 && version <= 99999) return false;
        return version <= dialect_.version;
    }

    void enter_executable() {
        const bool of_mariadb = starts("/*M!");
        std::size_t digits_at = at_ + (of_mariadb ? 4 : 3);
        unsigned version = 0;
        const std::size_t digits_end = digits_at + 6;
        std::size_t i = digits_at;
        for (; i < digits_end && is_digit(at(i)); ++i) {
            version = version * 10 + static_cast<unsigned>(text_[i] - '0');
        }
        // Fewer than five are no version but the beginning of the content.
        if (i - digits_at < 5) version = 0, i = digits_at;
        if ((of_mariadb && !dialect_.mariadb) || !executes(version)) return skip_executable();
        in_executable_ = true;
        at_ = i;
    }

    void skip() {
        while (at_ < text_.size()) {
            if (is_blank(text_[at_])) {
                ++at_;
            } else if (starts("/*!") || starts("/*M!")) {
                enter_executable();
            } else if (starts("/*")) {
                skip_comment();
            } else if (in_executable_ && starts("*/")) {
                in_executable_ = false;
                at_ += 2;
            } else if (text_[at_] == '#') {
                skip_line();
            } else if (starts("--") && (at_ + 2 >= text_.size() || is_blank(text_[at_ + 2]))) {
                skip_line();
            } else {
                return;
            }
        }
    }

    const std::string_view text_;
    const SqlDialect& dialect_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    bool in_executable_ = false;
};

std::string undoubled(const Token& token, bool escapes) {
    std::string value;
    value.reserve(token.text.size());
    for (std::size_t i = 0; i < token.text.size(); ++i) {
        const char c = token.text[i];
        const bool more = i + 1 < token.text.size();
        if (escapes && c == '\\' && more) {
            value += sql_unescaped(token.text[++i]);
            continue;
        }
        if (c == token.quote && more) ++i;
        value += c;
    }
    return value;
}

}  // namespace

std::vector<Token> tokenize(std::string_view statement, const SqlDialect& dialect) {
    return Lexer(statement, dialect).run();
}

std::string identifier(const Token& token) {
    if (token.kind == TokenKind::name) return undoubled(token, false);
    return std::string(token.text);
}

std::string string_value(const Token& token, const SqlDialect& dialect) {
    return undoubled(token, !dialect.no_backslash_escapes);
}

bool is_keyword(const Token& token, std::string_view keyword) {
    return token.kind == TokenKind::word && token.text.size() == keyword.size() &&
           std::equal(keyword.begin(), keyword.end(), token.text.begin(), [](char k, char c) {
               return k == (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
           });
}

}  // namespace evenkeel::cdc
