#include "cdc/sinks/file_sink.h"

#include <fmt/core.h>

#include "base/log.h"
#include "cdc/sinks/stdout_sink.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kLockPatience{1000};
constexpr Millis kLockRetry{20};

Error no_leader(const std::string& path) {
    return {Errc::not_leader, fmt::format("open {}: the stream has another holder now", path)};
}

Error too_short(const std::string& path, std::uint64_t size, std::uint64_t wanted) {
    return {
        Errc::conflict,
        fmt::format("open {}: it has {} bytes, the checkpoint says {}: bring the file back (all "
                    "nodes need the same file, on shared storage), or remove the stream's "
                    "checkpoint to start anew",
                    path, size, wanted)};
}

Error not_empty(const std::string& path, std::uint64_t size) {
    return {Errc::conflict,
            fmt::format("open {}: it has {} bytes, but the stream has no checkpoint to go on from: "
                        "move the file away or name another output_file",
                        path, size)};
}

}  // namespace

std::unique_ptr<Sink> make_sink(const StreamConfig& config) {
    if (config.producer == Producer::stdout_lines) return std::make_unique<StdoutSink>();
    return std::make_unique<FileSink>(config.output_file, kLockPatience);
}

FileSink::FileSink(std::string path, Millis lock_patience)
    : path_(std::move(path)), lock_patience_(lock_patience) {}

Result<bool> FileSink::lock_within_patience(const MayAct& may_act) {
    const Deadline patience = io::within(lock_patience_);
    io::StopToken pause;
    for (;;) {
        EK_TRY(file_, io::PlainFile::open(path_));
        EK_TRY(const bool locked, file_.try_lock());
        // Between open and lock the file may have been replaced: then the lock is on an old one.
        if (locked && file_.in_place()) return true;
        if (!may_act()) return no_leader(path_);
        if (!locked && patience.passed(io::now())) return false;
        pause.wait_for(kLockRetry);
    }
}

Result<> FileSink::replace(std::uint64_t keep, const MayAct& may_act) {
    log::warn("cdc", "{}: a former writer still holds it; replacing it by a copy", path_);
    const std::string copy_path = path_ + ".new";
    EK_TRY_VOID(io::remove_all(copy_path));
    EK_TRY(auto copy, io::PlainFile::open(copy_path));
    EK_TRY(const bool locked, copy.try_lock());
    EK_TRY_VOID(copy.append_from(file_, keep));
    EK_TRY_VOID(copy.sync());
    if (!locked || !may_act()) return no_leader(path_);
    EK_TRY_VOID(copy.move_to(path_));
    file_ = std::move(copy);
    return {};
}

Result<> FileSink::open(const std::optional<SinkState>& checkpointed, const MayAct& may_act) {
    // A checkpoint of another file or kind of sink says nothing about this one.
    const bool ours = checkpointed && checkpointed->kind == "file" && checkpointed->path == path_;
    const std::uint64_t keep = ours ? checkpointed->offset : 0;
    if (ours && keep > 0 && !io::exists(path_)) return too_short(path_, 0, keep);
    EK_TRY(file_, io::PlainFile::open(path_));
    regular_ = file_.regular();
    offset_ = keep;
    if (!regular_) return {};

    EK_TRY(const bool locked, lock_within_patience(may_act));
    EK_TRY(const std::uint64_t size, file_.size());
    if (size < keep) return too_short(path_, size, keep);
    if (!ours && size > 0) return not_empty(path_, size);
    if (!locked) return replace(keep, may_act);
    if (!may_act()) return no_leader(path_);
    return size == keep ? Result<>{} : file_.truncate(keep);
}

Result<> FileSink::write(std::string_view lines) {
    EK_TRY_VOID(file_.append(lines));
    offset_ += lines.size();
    return {};
}

Result<SinkState> FileSink::sync() {
    if (regular_) {
        EK_TRY_VOID(file_.sync());
        EK_TRY(const std::uint64_t size, file_.size());
        if (size != offset_) {
            return Error{Errc::conflict,
                         fmt::format("sync {}: it has {} bytes where {} were written: something "
                                     "else writes to it or cuts it (rotate it by renaming while "
                                     "the stream is stopped)",
                                     path_, size, offset_)};
        }
    }
    return SinkState{.kind = "file", .path = path_, .offset = offset_};
}

}  // namespace evenkeel::cdc
