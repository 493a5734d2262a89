#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <string>

namespace evenkeel::log {
namespace {

struct Logger {
    Logger() : sink(spdlog::stderr_color_mt("evenkeel")) {
        sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%-5l%$ %v");
    }
    std::shared_ptr<spdlog::logger> sink;
    std::string prefix;
};

Logger& logger() {
    static Logger instance;
    return instance;
}

}  // namespace

bool set_level(std::string_view name) {
    const auto level = name == "debug"   ? spdlog::level::debug
                       : name == "info"  ? spdlog::level::info
                       : name == "warn"  ? spdlog::level::warn
                       : name == "error" ? spdlog::level::err
                                         : spdlog::level::off;
    if (level == spdlog::level::off) return false;
    logger().sink->set_level(level);
    return true;
}

void set_prefix(std::string_view prefix) {
    logger().prefix = std::string(prefix) + " ";
}

void write(Level level, std::string_view module, std::string_view text) {
    constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                     spdlog::level::warn, spdlog::level::err};
    logger().sink->log(kLevels[static_cast<int>(level)], "{}{}: {}", logger().prefix, module, text);
}

}  // namespace evenkeel::log
