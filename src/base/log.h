// The program's log: one line an event on stderr, `time level module: text`. Never stdout, which
// belongs to rows and tables.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace evenkeel::log {

enum class Level { debug, info, warn, error };

// Names as in configuration: debug, info, warn, error. False for another word.
bool set_level(std::string_view name);
// Put before the module in every line, for example the node's name when several share a terminal.
void set_prefix(std::string_view prefix);
void write(Level level, std::string_view module, std::string_view text);

template <typename... Args>
void debug(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::debug, module, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::info, module, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::warn, module, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    write(Level::error, module, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace evenkeel::log
