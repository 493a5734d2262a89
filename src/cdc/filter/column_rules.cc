#include "cdc/filter/column_rules.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "cdc/filter/rule_scanner.h"

namespace evenkeel::cdc {
namespace {

// At the commas that are not inside of a /regular expression/.
std::vector<std::string> parts_of(std::string_view text) {
    std::vector<std::string> parts(1);
    bool in_regex = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool starts = !in_regex && trim(parts.back()).empty();
        if (text[i] == '/' && (starts || in_regex)) {
            if (starts || text[i - 1] != '\\') in_regex = !in_regex;
        }
        if (text[i] == ',' && !in_regex) {
            parts.emplace_back();
        } else {
            parts.back() += text[i];
        }
    }
    return parts;
}

Error wrong(const std::string& part, const std::string& why) {
    return {Errc::invalid, fmt::format("read the columns: {}: {}", json_quote(part), why)};
}

Result<Mask> take_mask(RuleScanner& scanner) {
    (void)scanner.at_end();
    const std::size_t start = scanner.at();
    const std::string word(scanner.take_word());
    if (word == "hash") return Mask::hash;
    if (word == "redact") return Mask::redact;
    if (word == "null") return Mask::null;
    return scanner.wrong_at(start, "say hash, redact or null");
}

}  // namespace

Result<ColumnList> ColumnList::parse(std::string_view text) {
    ColumnList list;
    for (const std::string& given : parts_of(text)) {
        const std::string part(trim(given));
        if (part.empty()) return wrong(part, "say names with commas between them");
        if (part.front() != '/') {
            list.names_.push_back(part);
            continue;
        }
        if (part.size() < 2 || part.back() != '/') {
            return wrong(part, "this regular expression has no / at its end");
        }
        Regex::Problem problem;
        auto regex = Regex::compile(std::string_view(part).substr(1, part.size() - 2), problem);
        if (regex == nullptr) return wrong(part, problem.what);
        list.patterns_.push_back(std::move(regex));
    }
    return list;
}

bool ColumnList::contains(std::string_view column) const {
    if (std::find(names_.begin(), names_.end(), column) != names_.end()) return true;
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& pattern) {
        // An expression that gives up hides the column: rather that than showing it.
        return pattern->matches(column).value_or(true);
    });
}

Result<MaskRules> MaskRules::parse(std::string_view text) {
    MaskRules masks;
    RuleScanner scanner(text, "the masks");
    while (!scanner.at_end()) {
        Rule rule;
        EK_TRY(rule.database, scanner.take_pattern("a database"));
        EK_TRY_VOID(scanner.take('.', "after the database; a mask is DATABASE.TABLE.COLUMN=MASK"));
        EK_TRY(rule.table, scanner.take_pattern("a table"));
        EK_TRY_VOID(scanner.take('.', "after the table; a mask is DATABASE.TABLE.COLUMN=MASK"));
        EK_TRY(rule.column, scanner.take_pattern("a column"));
        EK_TRY_VOID(scanner.take('=', "after the column"));
        EK_TRY(rule.mask, take_mask(scanner));
        masks.rules_.push_back(std::move(rule));
        if (!scanner.at_end()) EK_TRY_VOID(scanner.take(',', "between two masks"));
    }
    return masks;
}

std::optional<Mask> MaskRules::of(std::string_view database, std::string_view table,
                                  std::string_view column) const {
    std::optional<Mask> mask;
    for (const Rule& rule : rules_) {
        // Here too: in doubt the value is hidden.
        if (rule.database.matches(database).value_or(true) &&
            rule.table.matches(table).value_or(true) &&
            rule.column.matches(column).value_or(true)) {
            mask = rule.mask;
        }
    }
    return mask;
}

bool MaskRules::needs_secret() const {
    return std::any_of(rules_.begin(), rules_.end(),
                       [](const Rule& rule) { return rule.mask == Mask::hash; });
}

}  // namespace evenkeel::cdc
