// Maxwell's filter language: which tables, and which of their rows, a stream has.
//
//     exclude: *.*, include: shop./^order/, exclude: shop.*.state = draft, blacklist: logs.*
//
// Rules are tried in order and the last that matches wins; what none matches is included. Each part
// is a name, a quoted name (` ' "), * for all, or a /regular expression/ that may be found anywhere
// in the name. A rule with a column speaks about rows. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cdc/filter/regex.h"

namespace evenkeel::cdc {

// One part of a rule. Cheap to copy.
class FilterPattern {
public:
    static FilterPattern any() { return {}; }
    static FilterPattern name(std::string text);
    static FilterPattern regex(std::shared_ptr<const Regex> regex);

    // Errors: invalid  as of Regex.
    Result<bool> matches(std::string_view text) const;
    // The name "null", in any case: as a value it means NULL.
    bool is_null() const { return is_null_; }

private:
    std::optional<std::string> name_{};
    std::shared_ptr<const Regex> regex_{};
    bool is_null_ = false;
};

// Decides about a row by one of its columns.
struct ValueRule {
    std::string column{};
    FilterPattern value{};
    bool include = false;

    // `value` as text, the way JSON has it but without quotes and escapes; nothing: NULL.
    Result<bool> applies(std::optional<std::string_view> text) const;
};

// What a filter says about the rows of one table: `include`, unless a later rule applies.
struct RowFilter {
    bool include = true;
    std::vector<ValueRule> rules{};
};

// Cheap to copy. Thread-safe; it does not change.
class Filter {
public:
    // Includes everything.
    Filter();

    // Errors: invalid  the text has the column of the fault, and the filter with a caret below it.
    static Result<Filter> parse(std::string_view text);
    // All of these databases and nothing else.
    static Filter of_databases(const std::vector<std::string>& databases);

    // By name alone. True also for a table of which only rows with certain values are included.
    bool includes(std::string_view database, std::string_view table) const;
    // No rule can include the table again, and its definitions need not be followed.
    bool blacklists(std::string_view database, std::string_view table) const;
    RowFilter rows_of(std::string_view database, std::string_view table) const;
    // Some rule speaks about rows.
    bool has_value_rules() const;

    // As it was given; empty: everything.
    const std::string& text() const;

private:
    struct Rules;
    explicit Filter(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

    std::shared_ptr<const Rules> rules_;
};

}  // namespace evenkeel::cdc
