// The value of a fact in the simulation: who may write it and which write it was, so that the
// observer can follow each write through the engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace evenkeel::sim {

struct Fact {
    std::string duty{};  // Empty: its writer's own key.
    std::uint64_t epoch = 0;
    std::string id{};  // Of the write.
    std::string text{};

    std::string str() const { return duty + "|" + std::to_string(epoch) + "|" + id + "|" + text; }
};

inline std::optional<Fact> fact_from(const std::string& value) {
    std::string part[3];
    std::size_t from = 0;
    for (std::string& each : part) {
        const std::size_t end = value.find('|', from);
        if (end == std::string::npos) return {};
        each = value.substr(from, end - from);
        from = end + 1;
    }
    return Fact{part[0], std::stoull(part[1]), part[2], value.substr(from)};
}

}  // namespace evenkeel::sim
