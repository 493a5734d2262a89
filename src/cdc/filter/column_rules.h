// Lists of columns in options: those that are left out, and those whose values are masked. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cdc/filter/filter.h"

namespace evenkeel::cdc {

// exclude_columns: names, or /regular expressions/ that are the whole name, with commas.
class ColumnList {
public:
    // Errors: invalid  the text says which part and why.
    static Result<ColumnList> parse(std::string_view text);

    bool contains(std::string_view column) const;
    bool empty() const { return names_.empty() && patterns_.empty(); }

private:
    std::vector<std::string> names_;
    std::vector<std::shared_ptr<const Regex>> patterns_;
};

// What is shown in place of a value. NULL stays NULL.
enum class Mask : std::uint8_t {
    hash,    // Keyed, the same for the same value: rows can still be joined by it.
    redact,  // A constant.
    null,
};

// mask_columns: `shop.customer.email=hash, *.*./phone/=null`, parts as in a filter. The last rule
// that matches wins.
class MaskRules {
public:
    // Errors: invalid  the text has the column of the fault and a caret.
    static Result<MaskRules> parse(std::string_view text);

    std::optional<Mask> of(std::string_view database, std::string_view table,
                           std::string_view column) const;
    bool empty() const { return rules_.empty(); }
    bool needs_secret() const;

private:
    struct Rule {
        FilterPattern database{};
        FilterPattern table{};
        FilterPattern column{};
        Mask mask{};
    };
    std::vector<Rule> rules_;
};

}  // namespace evenkeel::cdc
