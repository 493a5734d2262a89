// Many rounds of faults, in an order that a seed decides: the group is whole, one fault, everything
// is undone, the group must be whole again and nothing may have gone wrong meanwhile.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/chaos/faults.h"

namespace evenkeel::test {

struct RoundsOptions {
    std::size_t rounds = 0;
    std::uint64_t seed = 0;
    Timing timing{};
    std::string only{};    // Faults whose name has this; empty: all.
    std::string folder{};  // Logs and state.
};

class Rounds {
public:
    explicit Rounds(const RoundsOptions& options);

    // Problems fail the running test; says on stdout how far it is, and the table at the end.
    void run();

private:
    struct Times {
        std::size_t rounds = 0;
        std::vector<Millis> takeovers{};
    };

    // Each kind once, in an order of their own, then again.
    std::vector<FaultKind> order(std::size_t rounds);
    bool run_one(std::size_t number, const FaultKind& kind);
    void judge(const std::string& where, std::vector<std::string> problems);
    void print_table();

    const RoundsOptions options_;
    Random random_;
    World world_;
    std::map<std::string, Times> times_;
    std::set<std::string> violations_;
    std::size_t problems_ = 0;
};

}  // namespace evenkeel::test
