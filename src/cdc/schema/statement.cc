#include "cdc/schema/statement.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace evenkeel::cdc {
namespace {

char upper(char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

bool is_word_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

// Walks over a statement's words, leaving out blanks and comments. The content of an executable
// comment (/*!40005 TEMPORARY */) counts, as it does for the server.
class Words {
public:
    explicit Words(std::string_view text) : text_(text) {}

    // The next word in upper case, or one other character; empty at the end.
    std::string next() {
        skip();
        if (at_ >= text_.size()) return {};
        if (!is_word_char(text_[at_])) return std::string(1, text_[at_++]);
        std::string word;
        while (at_ < text_.size() && is_word_char(text_[at_])) word += upper(text_[at_++]);
        return word;
    }

    std::string peek() {
        const std::size_t before = at_;
        std::string word = next();
        at_ = before;
        return word;
    }

    // The next identifier as written, without its quotes.
    std::string name() {
        skip();
        if (at_ >= text_.size()) return {};
        const char quote = text_[at_];
        if (quote != '`' && quote != '"') return plain_name();
        std::string name;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == quote && (at_ + 1 >= text_.size() || text_[at_ + 1] != quote)) break;
            if (text_[at_] == quote) ++at_;
            name += text_[at_];
        }
        ++at_;
        return name;
    }

    // What is left, without blanks and a semicolon around it.
    std::string rest() {
        std::string_view text = text_.substr(std::min(at_, text_.size()));
        const auto blank = [](char c) {
            return c == ';' || std::isspace(static_cast<unsigned char>(c)) != 0;
        };
        while (!text.empty() && blank(text.front())) text.remove_prefix(1);
        while (!text.empty() && blank(text.back())) text.remove_suffix(1);
        at_ = text_.size();
        return std::string(text);
    }

private:
    std::string plain_name() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_word_char(text_[at_])) ++at_;
        return std::string(text_.substr(begin, at_ - begin));
    }

    bool starts(std::string_view with) const { return text_.substr(at_).starts_with(with); }

    void skip_past(std::string_view end) {
        const std::size_t found = text_.find(end, at_);
        at_ = found == std::string_view::npos ? text_.size() : found + end.size();
    }

    void skip() {
        while (at_ < text_.size()) {
            if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
                ++at_;
            } else if (starts("/*!") || starts("/*M!")) {
                at_ += starts("/*!") ? 3 : 4;
                while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
                    ++at_;
                }
            } else if (starts("/*")) {
                skip_past("*/");
            } else if (starts("*/")) {
                at_ += 2;  // The end of an executable comment.
            } else if (starts("#") || starts("-- ")) {
                skip_past("\n");
            } else {
                return;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 9> kBeforeTable = {
    "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "QUICK", "INTO", "FROM", "TABLE", "ONLY"};
// SELECT, DO and CALL are in a binlog only when they call something that changes rows.
constexpr std::array<std::string_view, 9> kChangesRows = {
    "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "SELECT", "DO", "CALL", "WITH"};

Statement data_statement(Words& words) {
    while (one_of(words.peek(), kBeforeTable)) (void)words.next();
    std::string first = words.name();
    if (words.peek() != ".") return {.kind = StatementKind::data};
    return {.kind = StatementKind::data, .database = std::move(first)};
}

Statement rollback_statement(Words& words) {
    std::string word = words.next();
    if (word == "WORK" || word == "TRANSACTION") word = words.next();
    if (word != "TO") return {.kind = StatementKind::rollback};
    if (words.peek() == "SAVEPOINT") (void)words.next();
    return {.kind = StatementKind::rollback_to, .name = words.name()};
}

Statement xa_statement(Words& words) {
    const std::string verb = words.next();
    if (verb == "COMMIT") return {.kind = StatementKind::xa_commit, .name = words.rest()};
    if (verb == "ROLLBACK") return {.kind = StatementKind::xa_rollback, .name = words.rest()};
    return {.kind = StatementKind::xa_control};
}

// SET STATEMENT variable=value, … FOR statement
bool skip_set_statement(Words& words) {
    if (words.peek() != "STATEMENT") return false;
    for (std::string word = words.next(); !word.empty(); word = words.next()) {
        if (word == "FOR") return true;
    }
    return false;
}

bool concerns_temporary(Words& words) {
    std::string word = words.next();
    if (word == "OR" && words.next() == "REPLACE") word = words.next();
    return word == "TEMPORARY";
}

}  // namespace

Statement look_at_statement(std::string_view text) {
    Words words(text);
    std::string verb = words.next();
    if (verb == "SET" && skip_set_statement(words)) verb = words.next();
    if (verb == "BEGIN" || verb == "START") return {.kind = StatementKind::begin};
    if (verb == "COMMIT") return {.kind = StatementKind::commit};
    if (verb == "ROLLBACK") return rollback_statement(words);
    if (verb == "SAVEPOINT") return {.kind = StatementKind::savepoint, .name = words.name()};
    if (verb == "RELEASE") return {.kind = StatementKind::release};
    if (verb == "XA") return xa_statement(words);
    if (one_of(verb, kChangesRows)) return data_statement(words);
    if ((verb == "CREATE" || verb == "DROP") && concerns_temporary(words)) {
        return {.kind = StatementKind::temporary};
    }
    return {.kind = StatementKind::other};
}

bool is_system_database(std::string_view name) {
    static constexpr std::array<std::string_view, 4> kSystem = {"mysql", "information_schema",
                                                                "performance_schema", "sys"};
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return one_of(lower, kSystem);
}

}  // namespace evenkeel::cdc
