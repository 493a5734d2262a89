#include "coord/backup_run.h"

#include <fmt/core.h>

#include <algorithm>

#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::coord {
namespace {

constexpr Millis kTry{5'000};
constexpr Millis kRetryPause{100};

Deadline one_try(Deadline deadline) {
    return io::within(kTry).sooner(deadline);
}

// Writes what `decide` wants for the present state, until nobody changes it meanwhile.
Result<> write(Engine& engine, const Backup& backup, Txn (*decide)(const Backup&, const Snapshot&),
               Deadline deadline) {
    Error last{Errc::timed_out, "restore: somebody else keeps changing the group's facts"};
    io::StopToken pause;
    while (!deadline.passed(io::now())) {
        const auto present = engine.read("", one_try(deadline));
        bool done = present.has_value();
        if (!present) last = present.error();
        for (const Txn& piece : done ? in_pieces(decide(backup, *present)) : std::vector<Txn>{}) {
            const auto outcome = engine.txn(piece, one_try(deadline));
            if (!outcome) last = outcome.error();
            done = done && outcome && outcome->applied;
        }
        if (done) return {};
        pause.wait_for(kRetryPause);
    }
    return last;
}

}  // namespace

Result<Backup> take_backup(Engine& engine, BackupHeader header, Deadline deadline) {
    EK_TRY(const Snapshot snapshot, engine.read("", deadline));
    Backup backup{.header = std::move(header), .entries = {}};
    for (const Entry& entry : snapshot.entries) backup.entries[entry.key] = entry.value;
    return backup;
}

Result<Restored> restore_backup(Engine& engine, const Backup& backup, bool force,
                                Deadline deadline) {
    EK_TRY(const Snapshot before, engine.read("", one_try(deadline)));
    const auto facts = std::count_if(before.entries.begin(), before.entries.end(),
                                     [](const Entry& entry) { return is_fact(entry.key); });
    if (facts > 0 && !force) {
        return Error{Errc::conflict,
                     fmt::format("restore: the group holds {} facts already: nothing was written; "
                                 "--force replaces them with those of the backup",
                                 facts)};
    }
    Restored restored;
    for (const Op& op : restore_facts(backup, before).ops)
        ++(op.value ? restored.facts : restored.removed);
    restored.duties = raise_epochs(backup, before).ops.size();
    // First, so that present holders cannot write any more; last, so that those which took a duty
    // meanwhile read what is restored now.
    EK_TRY_VOID(write(engine, backup, raise_epochs, deadline));
    EK_TRY_VOID(write(engine, backup, restore_facts, deadline));
    EK_TRY_VOID(write(engine, backup, raise_epochs, deadline));
    return restored;
}

}  // namespace evenkeel::coord
