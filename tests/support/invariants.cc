#include "tests/support/invariants.h"

#include <fmt/core.h>

namespace evenkeel::test {

void Invariants::fail(std::string what) {
    if (broken_.empty()) broken_ = std::move(what);
}

void Invariants::held_at_one_moment(const std::string& duty, const std::vector<Holder>& holders) {
    if (holders.size() < 2) return;
    std::string who;
    for (const Holder& holder : holders) {
        who += fmt::format("{}{}{}", who.empty() ? "" : ", ", holder.node,
                           holder.acting ? " (acts)" : "");
    }
    fail(fmt::format("a duty has at most one live holder: {} is held by {} at once", duty, who));
}

void Invariants::duty_recorded(const std::string& duty, const std::string& holder,
                               std::uint64_t epoch, std::uint64_t version) {
    Duty& record = duties_[duty];
    if (holder.empty()) {
        if (epoch != record.epoch) {
            fail(fmt::format("a duty that is given up keeps its epoch: {} went from {} to {}", duty,
                             record.epoch, epoch));
        }
        record.holder.clear();
        return;
    }
    if (epoch <= record.epoch) {
        fail(fmt::format("epochs only grow: {} takes {} with epoch {} after epoch {}", holder, duty,
                         epoch, record.epoch));
    }
    record.epoch = epoch;
    record.holder = holder;
    record.holders[epoch] = holder;
    record.fences[epoch] = version;
    record.known = {{version, record.written}};
}

void Invariants::takes_itself_for_holder(const std::string& node, const std::string& duty,
                                         std::uint64_t epoch, std::uint64_t fence) {
    const Duty& record = duties_[duty];
    const auto holder = record.holders.find(epoch);
    if (holder == record.holders.end() || record.fences.at(epoch) != fence) {
        fail(
            fmt::format("nobody holds what was not granted: {} takes itself for the holder of {} "
                        "with epoch {}, which the engine never granted so",
                        node, duty, epoch));
    } else if (holder->second != node) {
        fail(fmt::format("an epoch has one holder: {} and {} both hold {} with epoch {}", node,
                         holder->second, duty, epoch));
    }
}

std::vector<std::string> Invariants::written_before(const std::string& duty,
                                                    std::uint64_t fence) const {
    std::vector<std::string> keys;
    const auto record = duties_.find(duty);
    if (record == duties_.end()) return keys;
    const auto known = record->second.known.find(fence);
    if (known == record->second.known.end()) return keys;
    for (const auto& [key, version] : known->second) keys.push_back(key);
    return keys;
}

void Invariants::acts_on_copy(const std::string& node, const std::string& duty, std::uint64_t fence,
                              const std::string& key, std::uint64_t version) {
    const Duty& record = duties_[duty];
    const auto known = record.known.find(fence);
    if (known == record.known.end()) return;
    const auto written = known->second.find(key);
    if (written == known->second.end() || version >= written->second) return;
    fail(
        fmt::format("a holder knows what former holders wrote: {} acts under {} with {} at "
                    "version {}, when {} was written before its grant",
                    node, duty, key, version, written->second));
}

void Invariants::applied(const Write& write, std::uint64_t version) {
    if (const auto before = applied_.find(write.id); before != applied_.end()) {
        fail(fmt::format("a write is applied once: {} to {} at versions {} and {}", write.id,
                         write.key, before->second, version));
    }
    applied_[write.id] = version;
    if (not_written_.contains(write.id)) {
        fail(fmt::format("what was reported as not written is not written: {} to {} is, at {}",
                         write.id, write.key, version));
    }
    if (write.duty.empty()) return;
    Duty& duty = duties_[write.duty];
    if (write.epoch < duty.epoch) {
        fail(
            fmt::format("the engine refuses a former holder's write: {} to {} under {} with epoch "
                        "{} is applied, when epoch {} has been granted",
                        write.id, write.key, write.duty, write.epoch, duty.epoch));
    }
    duty.written[write.key] = version;
}

void Invariants::removed(const std::string& key) {
    for (auto& [name, duty] : duties_) {
        duty.written.erase(key);
        for (auto& [fence, known] : duty.known) known.erase(key);
    }
}

void Invariants::acknowledged(const std::string& id, std::uint64_t version) {
    const auto at = applied_.find(id);
    if (at == applied_.end()) {
        fail(fmt::format("an acknowledged write is never lost: {} was never applied", id));
    } else if (at->second != version) {
        fail(
            fmt::format("an acknowledged write is where it was said to be: {} was applied at {}, "
                        "not at {}",
                        id, at->second, version));
    }
    acknowledged_.insert(id);
}

void Invariants::said_not_written(const std::string& id) {
    not_written_.insert(id);
    if (!applied_.contains(id)) return;
    fail(fmt::format("what was reported as not written is not written: {} is, at {}", id,
                     applied_.at(id)));
}

void Invariants::counted(const std::string& duty, std::uint64_t value) {
    Duty& record = duties_[duty];
    if (value != record.count + 1) {
        fail(fmt::format("no holder's write is lost: the counter of {} went from {} to {}", duty,
                         record.count, value));
    }
    record.count = value;
}

void Invariants::plan_recorded(const std::string& plan, const std::string& state) {
    std::string& before = plans_[plan].state;
    const bool right = state == "begun" ? before.empty() : before == "begun";
    if (!right) {
        fail(fmt::format("a plan runs at most once: {} is recorded as {} when it is {}", plan,
                         state, before.empty() ? "not there" : before));
    }
    before = state;
}

void Invariants::plan_started(const std::string& plan, const std::string& node) {
    Plan& record = plans_[plan];
    if (record.state != "begun") {
        fail(fmt::format("a step is recorded before it is done: {} starts {}, whose record is {}",
                         node, plan, record.state.empty() ? "not there" : record.state));
    }
    if (!record.started_by.empty()) {
        fail(fmt::format("a plan runs at most once: {} was started by {}, and by {} again", plan,
                         record.started_by, node));
    }
    record.started_by = node;
}

void Invariants::cut_off(const std::string& node, const std::string& duty, bool holds) {
    if (!holds) return;
    fail(
        fmt::format("a minority changes nothing: {} has been cut off for longer than its lease and "
                    "still takes itself for the holder of {}",
                    node, duty));
}

void Invariants::changed_without_majority(const std::string& node) {
    fail(fmt::format(
        "a minority changes nothing: a transaction of {} is applied while it is cut off", node));
}

void Invariants::healed(const std::string& duty, bool has_holder) {
    if (has_holder) return;
    fail(fmt::format("what is wanted is held again when all is well: nobody holds {}", duty));
}

void Invariants::at_the_end(std::uint64_t plans) {
    for (std::uint64_t number = 1; number <= plans; ++number) {
        const auto plan = plans_.find(plan_name(number));
        const std::string state = plan == plans_.end() ? "not there" : plan->second.state;
        if (state == "done" || state == "undone") continue;
        fail(fmt::format("a plan is finished or undone, never forgotten: {} is {} at the end",
                         plan_name(number), state));
    }
}

std::string Invariants::plan_name(std::uint64_t number) {
    return "plan/" + std::to_string(number);
}

}  // namespace evenkeel::test
