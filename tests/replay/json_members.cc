#include "tests/replay/json_members.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace evenkeel::test {
namespace {

Error no_json(std::string_view text) {
    return {Errc::corrupt, fmt::format("not JSON: {}", text.substr(0, 200))};
}

// Where the value that starts at `at` ends; npos: nowhere.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    int depth = 0;
    bool quoted = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (quoted) {
            if (c == '\\') ++at;
            if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (depth == 0) return at;
            --depth;
        } else if (c == ',' && depth == 0) {
            return at;
        }
    }
    return std::string_view::npos;
}

}  // namespace

Result<std::string> json_text(std::string_view raw) {
    const auto value = nlohmann::json::parse(raw, nullptr, false);
    if (!value.is_string()) return no_json(raw);
    return value.get<std::string>();
}

Result<JsonMembers> json_members(std::string_view object) {
    JsonMembers members;
    if (object.size() < 2 || object.front() != '{' || object.back() != '}') return no_json(object);
    if (object == "{}") return members;
    for (std::size_t at = 1;;) {
        const std::size_t colon = object.find("\":", at + 1);
        if (object[at] != '"' || colon == std::string_view::npos) return no_json(object);
        EK_TRY(std::string name, json_text(object.substr(at, colon + 1 - at)));
        const std::size_t begin = colon + 2;
        const std::size_t end = end_of_value(object, begin);
        if (end == std::string_view::npos) return no_json(object);
        members.emplace_back(std::move(name), object.substr(begin, end - begin));
        if (object[end] == '}') return members;
        at = end + 1;
    }
}

Result<std::vector<std::string_view>> json_elements(std::string_view array) {
    std::vector<std::string_view> elements;
    if (array.size() < 2 || array.front() != '[' || array.back() != ']') return no_json(array);
    for (std::size_t at = 1; array != "[]";) {
        const std::size_t end = end_of_value(array, at);
        if (end == std::string_view::npos) return no_json(array);
        elements.push_back(array.substr(at, end - at));
        if (array[end] == ']') break;
        at = end + 1;
    }
    return elements;
}

std::string_view member(const JsonMembers& members, std::string_view name) {
    for (const auto& [key, value] : members) {
        if (key == name) return value;
    }
    return {};
}

}  // namespace evenkeel::test
