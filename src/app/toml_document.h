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

struct TomlEntry;
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

struct TomlEntry {
    std::string key{};
    TomlValue value{};
};

// Errors: invalid  not TOML; the text is "<file>:<line>: <reason>".
Result<TomlTable> parse_toml(std::string_view text, const std::string& file);

}  // namespace evenkeel::app
