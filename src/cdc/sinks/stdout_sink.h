// Lines on standard output: at least once, because a pipe cannot be cut back to a checkpoint.
#pragma once

#include <unistd.h>

#include "cdc/sinks/sink.h"
#include "io/pipe_writer.h"

namespace evenkeel::cdc {

class StdoutSink : public Sink {
public:
    explicit StdoutSink(int fd = STDOUT_FILENO);
    Result<> open(const std::optional<SinkState>& checkpointed, const MayAct& may_act) override;
    // Waits for a reader that is slow, but no longer than the stream may act: then it ends with a
    // whole line, if the reader takes that much in a second.
    Result<> write(std::string_view lines) override;
    Result<SinkState> sync() override;

private:
    io::PipeWriter out_;
    MayAct may_act_;
};

}  // namespace evenkeel::cdc
