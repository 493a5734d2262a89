#include "app/toml_document.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>

namespace evenkeel::app {
namespace {

TomlValue converted(const toml::node& node);

TomlTable converted_table(const toml::table& table) {
    TomlTable result;
    for (const auto& [key, node] : table) {
        TomlValue value = converted(node);
        // A value may start on a later line than its key; people look for the key.
        if (!node.is_table() && !node.is_array()) {
            value.line = static_cast<int>(key.source().begin.line);
        }
        result.push_back({std::string(key.str()), std::move(value)});
    }
    return result;
}

TomlValue converted(const toml::node& node) {
    TomlValue value{.line = static_cast<int>(node.source().begin.line)};
    if (const auto* text = node.as_string()) {
        value.content = text->get();
    } else if (const auto* flag = node.as_boolean()) {
        value.content = flag->get();
    } else if (const auto* number = node.as_integer()) {
        value.content = number->get();
    } else if (const auto* table = node.as_table()) {
        value.content = converted_table(*table);
    } else if (const auto* array = node.as_array()) {
        TomlArray elements;
        for (const auto& element : *array) elements.push_back(converted(element));
        value.content = std::move(elements);
    }
    return value;
}

}  // namespace

const char* TomlValue::kind() const {
    constexpr const char* kKinds[] = {"a float or a date", "a text", "true or false",
                                      "a number",          "a list", "a table"};
    return kKinds[content.index()];
}

Result<TomlTable> parse_toml(std::string_view text, const std::string& file) {
    try {
        return converted_table(toml::parse(text, file));
    } catch (const toml::parse_error& error) {
        return Error{Errc::invalid, fmt::format("{}:{}: {}", file, error.source().begin.line,
                                                error.description())};
    }
}

}  // namespace evenkeel::app
