// Lines in a file, each exactly once: a checkpoint holds the file's length, and whoever takes the
// stream up cuts the file back to it.
//
// The writer holds a lock on the file. A former writer that is frozen still holds it; then the file
// up to the checkpoint is copied and takes the old one's place, so that whatever the frozen one
// does when it wakes up happens to a file that nobody sees any more.
#pragma once

#include "base/instant.h"
#include "cdc/sinks/sink.h"
#include "io/plain_file.h"

namespace evenkeel::cdc {

class FileSink : public Sink {
public:
    // `lock_patience`: how long a former writer may keep the file before it is replaced.
    FileSink(std::string path, Millis lock_patience);

    // Errors: conflict  the file is shorter than the checkpoint says, or holds something though
    //                   there is no checkpoint.
    Result<> open(const std::optional<SinkState>& checkpointed, const MayAct& may_act) override;
    Result<> write(std::string_view lines) override;
    // Errors: conflict  somebody else wrote to the file or cut it.
    Result<SinkState> sync() override;

private:
    Result<bool> lock_within_patience(const MayAct& may_act);
    Result<> replace(std::uint64_t keep, const MayAct& may_act);

    const std::string path_;
    const Millis lock_patience_;
    io::PlainFile file_;
    bool regular_ = true;  // Devices (/dev/null) have no length to go back to.
    std::uint64_t offset_ = 0;
};

}  // namespace evenkeel::cdc
