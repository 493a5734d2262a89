// The promises of coordination (ARCHITECTURE.md, "Invariants"), judged by an observer who sees all
// nodes and the engine at once. It is told what happens and says, in words, which promise was
// broken first. It neither drives anything nor knows how the promises are kept.
//
//   3  a duty has at most one live holder; its epochs only grow and have one holder each
//   5  a plan runs at most once, and is finished or undone, never forgotten
//   6  a minority changes nothing
//   and of writes: what was acknowledged was applied, exactly once, and under the epoch of that
//   time
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::test {

class Invariants {
public:
    // Empty while all of them hold.
    const std::string& broken() const { return broken_; }

    // --- 3: a duty has at most one live holder --------------------------------------------------
    struct Holder {
        std::string node{};
        bool acting = false;  // Something that it began under the duty is still under way.
    };
    // All that hold `duty` at this moment, or act under it.
    void held_at_one_moment(const std::string& duty, const std::vector<Holder>& holders);
    // The engine's record of a duty changed; no holder: it was given up.
    void duty_recorded(const std::string& duty, const std::string& holder, std::uint64_t epoch,
                       std::uint64_t version);
    // A node takes itself for the holder.
    void takes_itself_for_holder(const std::string& node, const std::string& duty,
                                 std::uint64_t epoch, std::uint64_t fence);
    // Keys that were written under the duty before the grant with this fence.
    std::vector<std::string> written_before(const std::string& duty, std::uint64_t fence) const;
    // A holder acts on its local copy, which has `key` at `version`.
    void acts_on_copy(const std::string& node, const std::string& duty, std::uint64_t fence,
                      const std::string& key, std::uint64_t version);

    // --- writes ---------------------------------------------------------------------------------
    struct Write {
        std::string id{};  // Unique.
        std::string key{};
        std::string duty{};  // Under which it is written; empty: the key is its writer's own.
        std::uint64_t epoch = 0;
    };
    // Changed in the engine, in its order.
    void applied(const Write& write, std::uint64_t version);
    void removed(const std::string& key);
    // What its writer was told.
    void acknowledged(const std::string& id, std::uint64_t version);
    void said_not_written(const std::string& id);
    // A counter that each holder reads and writes back, one higher.
    void counted(const std::string& duty, std::uint64_t value);

    // --- 5: plans -------------------------------------------------------------------------------
    // The plan's record in the engine: "begun", "done" or "undone".
    void plan_recorded(const std::string& plan, const std::string& state);
    // Its first step is carried out, which must not happen twice.
    void plan_started(const std::string& plan, const std::string& node);

    // --- 6: a minority changes nothing ----------------------------------------------------------
    // `node` has not reached the engine's majority for longer than its lease lasts.
    void cut_off(const std::string& node, const std::string& duty, bool holds);
    void changed_without_majority(const std::string& node);

    // --- after everything has healed ------------------------------------------------------------
    void healed(const std::string& duty, bool has_holder);
    // Of `plans` incidents each has its plan, which is over.
    void at_the_end(std::uint64_t plans);
    static std::string plan_name(std::uint64_t number);

private:
    void fail(std::string what);

    struct Duty {
        std::uint64_t epoch = 0;
        std::string holder{};
        std::map<std::uint64_t, std::string> holders{};  // Of each epoch.
        std::map<std::uint64_t, std::uint64_t> fences{};
        std::map<std::string, std::uint64_t> written{};  // Keys under the duty, latest versions.
        // Those as of each grant, which its holder has to know.
        std::map<std::uint64_t, std::map<std::string, std::uint64_t>> known{};
        std::uint64_t count = 0;
    };
    struct Plan {
        std::string state{};
        std::string started_by{};
    };

    std::string broken_;
    std::map<std::string, Duty> duties_;
    std::map<std::string, std::uint64_t> applied_;  // Version by the write's id.
    std::set<std::string> acknowledged_;
    std::set<std::string> not_written_;
    std::map<std::string, Plan> plans_;
};

}  // namespace evenkeel::test
