// TOML as plain values that know their line. The only file that sees toml++.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace evenkeel::app {

struct TomlValue;

// A template, so that a value may hold a table of values before it is a complete type.
template <typename Value>
struct TomlEntryOf {
    std::string key{};
    Value value{};
};
using TomlEntry = TomlEntryOf<TomlValue>;
// In the order of the keys' names.
using TomlTable = std::vector<TomlEntry>;
using TomlArray = std::vector<TomlValue>;

struct TomlOther {};  // A float, a date: nothing that a key of ours takes.

struct TomlValue {
    int line = 0;
    std::variant<TomlOther, std::string, bool, std::int64_t, TomlArray, TomlTable> content{};

    template <typename T>
    const T* as() const {
        return std::get_if<T>(&content);
    }
    // "a text", "a number", … for error texts.
    const char* kind() const;
};

// Errors: invalid  not TOML; the text is "<file>:<line>: <reason>".
Result<TomlTable> parse_toml(std::string_view text, const std::string& file);

}  // namespace evenkeel::app
