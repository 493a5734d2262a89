// Walks over the tokens of a statement. After fail() it stands at the end for good, so a parser
// goes on harmlessly and looks at failed() once.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cdc/schema/ddl_lexer.h"

namespace evenkeel::cdc {

class TokenCursor {
public:
    TokenCursor(std::vector<Token> tokens, const SqlDialect& dialect)
        : tokens_(std::move(tokens)), dialect_(dialect) {}

    const SqlDialect& dialect() const { return dialect_; }
    const Token& peek(std::size_t ahead = 0) const {
        return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : tokens_.back();
    }
    const Token& next() {
        const Token& token = peek();
        if (at_ + 1 < tokens_.size()) ++at_;
        return token;
    }
    bool at_end() const { return peek().kind == TokenKind::end || is_symbol(';'); }

    bool is(std::string_view keyword, std::size_t ahead = 0) const {
        return is_keyword(peek(ahead), keyword);
    }
    bool is_symbol(char symbol, std::size_t ahead = 0) const {
        const Token& token = peek(ahead);
        return token.kind == TokenKind::symbol && token.text[0] == symbol;
    }
    bool is_name(std::size_t ahead = 0) const {
        const TokenKind kind = peek(ahead).kind;
        return kind == TokenKind::word || kind == TokenKind::name;
    }
    template <typename... Keywords>
    bool is_one(Keywords... keywords) const {
        return (is(keywords) || ...);
    }

    template <typename... Keywords>
    bool is_one_ahead(Keywords... keywords) const {
        return (is(keywords, 1) || ...);
    }

    bool accept(std::string_view keyword) { return is(keyword) && (next(), true); }
    bool accept(std::string_view first, std::string_view second) {
        return is(first) && is(second, 1) && (next(), next(), true);
    }
    bool accept_symbol(char symbol) { return is_symbol(symbol) && (next(), true); }
    void expect(std::string_view keyword) {
        if (!accept(keyword)) fail();
    }
    void expect_symbol(char symbol) {
        if (!accept_symbol(symbol)) fail();
    }

    std::string name() {
        if (!is_name()) return fail(), std::string();
        return identifier(next());
    }

    // Behind an opening parenthesis: past the closing one.
    void skip_group() {
        for (int depth = 1; depth > 0;) {
            if (peek().kind == TokenKind::end) return fail();
            const Token& token = next();
            if (token.kind != TokenKind::symbol) continue;
            if (token.text[0] == '(') ++depth;
            if (token.text[0] == ')') --depth;
        }
    }
    bool accept_group() { return accept_symbol('(') && (skip_group(), true); }
    // To the comma or the closing parenthesis that ends this element, or to the end.
    void skip_element() {
        while (!at_end() && !is_symbol(',') && !is_symbol(')')) {
            if (!accept_group()) next();
        }
    }

    // The token where the parser gave up is remembered for people.
    void fail() {
        if (!failed_) near_ = peek().text;
        failed_ = true;
        at_ = tokens_.size() - 1;
    }
    bool failed() const { return failed_; }
    std::string_view near() const { return near_; }

private:
    std::vector<Token> tokens_;
    const SqlDialect& dialect_;
    std::size_t at_ = 0;
    bool failed_ = false;
    std::string_view near_{};
};

}  // namespace evenkeel::cdc
