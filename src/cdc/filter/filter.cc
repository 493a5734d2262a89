#include "cdc/filter/filter.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "cdc/filter/rule_scanner.h"

namespace evenkeel::cdc {
namespace {

enum class RuleKind { include, exclude, blacklist };

struct Rule {
    RuleKind kind{};
    FilterPattern database{};
    FilterPattern table{};
    std::string column{};  // Empty: about the table.
    FilterPattern value{};

    // Names are at most 64 characters: an expression that gives up on one does not match it.
    bool applies(std::string_view to_database, std::string_view to_table) const {
        return database.matches(to_database).value_or(false) &&
               table.matches(to_table).value_or(false);
    }
};

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

Result<RuleKind> take_kind(RuleScanner& scanner) {
    (void)scanner.at_end();
    const std::size_t start = scanner.at();
    const std::string word = lower(scanner.take_word());
    if (word == "include") return RuleKind::include;
    if (word == "exclude") return RuleKind::exclude;
    if (word == "blacklist") return RuleKind::blacklist;
    const auto nearest = nearest_name(word, {"include", "exclude", "blacklist"});
    return scanner.wrong_at(
        start, fmt::format("a rule starts with include, exclude or blacklist{}",
                           nearest ? fmt::format("; did you mean {}?", *nearest) : ""));
}

Result<Rule> take_rule(RuleScanner& scanner) {
    Rule rule;
    EK_TRY(rule.kind, take_kind(scanner));
    EK_TRY_VOID(scanner.take(':', "after include, exclude or blacklist"));
    EK_TRY(rule.database, scanner.take_pattern("a database"));
    EK_TRY_VOID(scanner.take('.', "after the database; every rule is DATABASE.TABLE"));
    EK_TRY(rule.table, scanner.take_pattern("a table"));
    if (!scanner.take_if('.')) return rule;
    EK_TRY(rule.column, scanner.take_name("a column"));
    EK_TRY_VOID(scanner.take('=', "after the column"));
    EK_TRY(rule.value, scanner.take_pattern("a value"));
    return rule;
}

}  // namespace

FilterPattern FilterPattern::name(std::string text) {
    FilterPattern pattern;
    pattern.is_null_ = lower(text) == "null";
    pattern.name_ = std::move(text);
    return pattern;
}

FilterPattern FilterPattern::regex(std::shared_ptr<const Regex> regex) {
    FilterPattern pattern;
    pattern.regex_ = std::move(regex);
    return pattern;
}

Result<bool> FilterPattern::matches(std::string_view text) const {
    if (name_) return *name_ == text;
    return regex_ == nullptr ? Result<bool>(true) : regex_->found_in(text);
}

Result<bool> ValueRule::applies(std::optional<std::string_view> text) const {
    if (value.is_null()) return !text || *text == "null" || *text == "NULL";
    return text ? value.matches(*text) : Result<bool>(false);
}

struct Filter::Rules {
    std::string text{};
    std::vector<Rule> rules{};
};

Filter::Filter() {
    static const auto everything = std::make_shared<const Rules>();
    rules_ = everything;
}

Result<Filter> Filter::parse(std::string_view text) {
    RuleScanner scanner(text, "the filter");
    std::vector<Rule> rules;
    while (!scanner.at_end()) {
        EK_TRY(Rule rule, take_rule(scanner));
        rules.push_back(std::move(rule));
        (void)scanner.take_if(',');  // Maxwell does not insist on it either.
    }
    return Filter(std::make_shared<const Rules>(
        Rules{.text = std::string(trim(text)), .rules = std::move(rules)}));
}

Filter Filter::of_databases(const std::vector<std::string>& databases) {
    Rules rules{.text = "exclude: *.*", .rules = {{.kind = RuleKind::exclude}}};
    for (const std::string& database : databases) {
        std::string quoted;
        for (const char c : database) {
            if (c == '`' || c == '\\') quoted += '\\';
            quoted += c;
        }
        rules.text += fmt::format(", include: `{}`.*", quoted);
        rules.rules.push_back(
            {.kind = RuleKind::include, .database = FilterPattern::name(database)});
    }
    return Filter(std::make_shared<const Rules>(std::move(rules)));
}

bool Filter::includes(std::string_view database, std::string_view table) const {
    if (blacklists(database, table)) return false;
    const RowFilter rows = rows_of(database, table);
    return rows.include || std::any_of(rows.rules.begin(), rows.rules.end(),
                                       [](const ValueRule& rule) { return rule.include; });
}

bool Filter::blacklists(std::string_view database, std::string_view table) const {
    return std::any_of(rules_->rules.begin(), rules_->rules.end(), [&](const Rule& rule) {
        return rule.kind == RuleKind::blacklist && rule.column.empty() &&
               rule.applies(database, table);
    });
}

RowFilter Filter::rows_of(std::string_view database, std::string_view table) const {
    RowFilter rows;
    for (const Rule& rule : rules_->rules) {
        if (!rule.applies(database, table)) continue;
        const bool include = rule.kind == RuleKind::include;
        if (rule.column.empty()) {
            rows = {.include = include};
        } else {
            rows.rules.push_back({.column = rule.column, .value = rule.value, .include = include});
        }
    }
    return rows;
}

bool Filter::has_value_rules() const {
    return std::any_of(rules_->rules.begin(), rules_->rules.end(),
                       [](const Rule& rule) { return !rule.column.empty(); });
}

const std::string& Filter::text() const {
    return rules_->text;
}

}  // namespace evenkeel::cdc
