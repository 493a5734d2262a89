// Cuts a statement into tokens as the server does: comments are left out, the content of executable
// comments is in when the server's version would execute it. Pure, one pass, linear.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::cdc {

// How the server read the statement.
struct SqlDialect {
    bool mariadb = true;
    unsigned version = 101100;  // 10.11.0: 101100; 8.0.33: 80033.
    // sql_mode of the session.
    bool ansi_quotes = false;
    bool no_backslash_escapes = false;
    bool real_as_float = false;
    bool oracle = false;
};

enum class TokenKind : std::uint8_t {
    end,
    word,    // Without quotes: keyword, name, function, literal like 0x1F.
    name,    // In backticks, or in quotation marks with ANSI_QUOTES.
    string,  // Raw content between its quotes.
    number,
    symbol,  // One character.
};

struct Token {
    TokenKind kind = TokenKind::end;
    char quote = 0;           // name, string: the character around it.
    std::string_view text{};  // Looks into the statement.
};

// Ends with one TokenKind::end.
std::vector<Token> tokenize(std::string_view statement, const SqlDialect& dialect);

// The identifier that a word or name stands for, without its quotes' doubling.
std::string identifier(const Token& token);
// The value of a string literal.
std::string string_value(const Token& token, const SqlDialect& dialect);
// A word equals a keyword that is given in capitals.
bool is_keyword(const Token& token, std::string_view keyword);

}  // namespace evenkeel::cdc
