// Takes a backup from an engine, and restores one into it. backup.h has the format and decides
// what is written.
#pragma once

#include "coord/backup.h"
#include "coord/engine.h"

namespace evenkeel::coord {

// Errors: as Engine::read.
Result<Backup> take_backup(Engine& engine, BackupHeader header, Deadline deadline);

struct Restored {
    std::size_t facts = 0;    // Put.
    std::size_t removed = 0;  // That the backup does not have; with `force` only.
    std::size_t duties = 0;   // Whose epochs were raised.
};
// Also while the group's nodes run: they lose their duties and take them up again with the restored
// facts. Interrupted, it can be repeated with `force`.
// Errors: conflict  the group holds facts, and `force` is false: nothing was written;
//         unavailable, timed_out  not all was written until the deadline.
Result<Restored> restore_backup(Engine& engine, const Backup& backup, bool force,
                                Deadline deadline);

}  // namespace evenkeel::coord
