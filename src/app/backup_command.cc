#include "app/backup_command.h"

#include <fmt/core.h>
#include <stdio.h>

#include <memory>

#include "app/config.h"
#include "app/exit_status.h"
#include "base/log.h"
#include "coord/backup_run.h"
#include "coord/open_engine.h"
#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::app {
namespace {

constexpr Millis kReadLimit{10'000};
constexpr Millis kWriteLimit{60'000};

int fail(const char* verb, const Error& error) {
    fmt::print(stderr, "evenkeel {}: {}\n", verb, error.what);
    const bool repair = error.code == Errc::invalid || error.code == Errc::not_found;
    return repair ? kNeedsPerson : kFailed;
}

const char* name_of(coord::EngineKind engine) {
    switch (engine) {
        case coord::EngineKind::local: return "local";
        case coord::EngineKind::raft: return "raft";
        case coord::EngineKind::etcd: return "etcd";
        case coord::EngineKind::zookeeper: break;
    }
    return "zookeeper";
}

// An engine, and what has to be held while it is used.
struct Opened {
    io::Fd lock{};
    std::unique_ptr<coord::Engine> engine{};
};

Result<Opened> open(const coord::Config& config) {
    Opened opened;
    if (config.engine == coord::EngineKind::local) {
        EK_TRY_VOID(io::make_folders(config.data_dir));
        auto lock = io::lock_file(config.data_dir + "/lock");
        if (!lock) {
            if (lock.error().code != Errc::conflict) return lock.error();
            return Error{Errc::conflict,
                         fmt::format("the node with data_dir {} is running, and its store (engine "
                                     "local) serves one process: stop the node first ({})",
                                     config.data_dir, lock.error().what)};
        }
        opened.lock = *std::move(lock);
    }
    EK_TRY(opened.engine, coord::open_engine(config));
    return opened;
}

// What a person can do about a group that gives no answer.
Error with_remedy(Error error, const coord::Config& config) {
    if (error.code != Errc::unavailable && error.code != Errc::timed_out) return error;
    error.what +=
        config.engine == coord::EngineKind::raft
            ? "; this asks the member of the node on this machine: start the node, and as "
              "many others as make a majority"
            : "; is the engine running and reachable?";
    return error;
}

Result<coord::Backup> backup_of(const coord::Config& config) {
    EK_TRY(const Opened opened, open(config));
    coord::BackupHeader header{.group = config.group,
                               .engine = name_of(config.engine),
                               .node = config.node,
                               .version = EVENKEEL_VERSION,
                               .taken_ms = io::wall_ms()};
    auto backup = coord::take_backup(*opened.engine, std::move(header), io::within(kReadLimit));
    if (!backup) return with_remedy(backup.error(), config);
    return backup;
}

Result<coord::Restored> restore_into(const coord::Config& config, const coord::Backup& backup,
                                     bool force) {
    EK_TRY(const Opened opened, open(config));
    auto restored = coord::restore_backup(*opened.engine, backup, force, io::within(kWriteLimit));
    if (!restored) return with_remedy(restored.error(), config);
    return restored;
}

}  // namespace

int run_backup(const BackupArgs& args) {
    const auto config = load_config(args.config);
    if (!config) return fail("backup", config.error());
    log::set_level("warn");
    const auto backup = backup_of(config->coordination);
    if (!backup) return fail("backup", backup.error());
    const std::string text = coord::to_text(*backup);
    if (args.output.empty()) {
        const bool whole = ::fwrite(text.data(), 1, text.size(), stdout) == text.size();
        if (whole && ::fflush(stdout) == 0) return kOk;
        return fail("backup", {Errc::unavailable, "write to stdout: it was closed, or is full"});
    }
    if (const auto written = io::replace_file(args.output, text); !written) {
        return fail("backup", written.error());
    }
    fmt::print(stderr, "{}: {} keys of group {}\n", args.output, backup->entries.size(),
               config->coordination.group);
    return kOk;
}

int run_restore(const RestoreArgs& args) {
    const auto config = load_config(args.config);
    if (!config) return fail("restore", config.error());
    log::set_level("warn");
    const auto text = io::read_file(args.file);
    if (!text) return fail("restore", text.error());
    const auto backup = coord::backup_from_text(*text);
    if (!backup) return fail("restore", backup.error());
    const auto restored = restore_into(config->coordination, *backup, args.force);
    if (!restored) return fail("restore", restored.error());
    fmt::print(stderr,
               "group {}: {} facts restored from a backup of group {}, {} others removed; epochs "
               "of {} duties raised\n",
               config->coordination.group, restored->facts, backup->header.group, restored->removed,
               restored->duties);
    return kOk;
}

}  // namespace evenkeel::app
