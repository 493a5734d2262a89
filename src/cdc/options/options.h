// Every option of `evenkeel cdc`, under Maxwell's names: what it means, or why it is refused or
// without effect. Command line, configuration file, help and docs/reference/maxwell-options.md are
// all made from this table, so they cannot disagree. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cdc/config.h"

namespace evenkeel::cdc {

enum class OptionStatus {
    supported,
    ignored,  // Accepted, and a log line says why it does nothing.
    refused,  // What it asks for cannot be had; the text says what to use instead.
};

struct OptionDraft;

struct Option {
    std::string group{};
    std::string name{};          // With `.*` at its end: all names that start so.
    std::string help{};          // Of ignored and refused ones: why.
    std::string default_text{};  // Empty: none.
    OptionStatus status = OptionStatus::supported;
    bool is_switch = false;  // Given without a value it means true.
    bool is_secret = false;  // Its value is not repeated in messages, and keeps blanks at its end.
    bool is_ours = false;    // Maxwell has no such option.
    // Null: ignored and refused ones, and those of the process, which the caller reads.
    // Errors: invalid  says what would be right.
    Result<> (*set)(OptionDraft&, const std::string& value) = nullptr;
};

// In the order of help and reference: by group.
const std::vector<Option>& stream_options();

// By group, in the order of help and reference; within one as they are.
void sort_options(std::vector<Option>& options);

// `output-nulls` for `output_nulls`: both are accepted.
std::string option_name(std::string_view given);
// Null: there is none.
const Option* find_option(const std::vector<Option>& options, std::string_view name);

// An option as a user gave it.
struct GivenOption {
    std::string name{};  // As option_name() has it.
    std::string value{};
    std::string origin{};  // "--port", "config.properties:3", "environment variable MAXWELL_PORT"

    bool operator==(const GivenOption&) const = default;
};

// What goes for every way to configure a stream. Errors: invalid  options that need each other.
Result<> check_stream_config(const StreamConfig& config);

// true or 1, false or 0; a bare switch has no value and means true.
// Errors: invalid  anything else.
Result<bool> option_as_bool(const std::string& value);

struct StreamOptions {
    StreamConfig config{};
    bool replay = false;               // Keep no checkpoint.
    std::vector<std::string> notes{};  // What is without effect and why; for the log.
};

// Of what was given twice the last counts. `known`: stream_options() and those of the process.
// Errors: invalid  all that is wrong, a line each, with its origin: unknown options (with the
//                  nearest name), refused ones, bad values, options that do not go together.
Result<StreamOptions> stream_options_from(const std::vector<GivenOption>& given,
                                          const std::vector<Option>& known);

}  // namespace evenkeel::cdc
