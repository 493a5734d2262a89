// Lines on standard output: at least once, because a pipe cannot be cut back to a checkpoint.
#pragma once

#include "cdc/sinks/sink.h"
#include "io/plain_file.h"

namespace evenkeel::cdc {

class StdoutSink : public Sink {
public:
    StdoutSink();
    Result<> open(const std::optional<SinkState>& checkpointed, const MayAct& may_act) override;
    Result<> write(std::string_view lines) override;
    Result<SinkState> sync() override;

private:
    io::PlainFile out_;
};

}  // namespace evenkeel::cdc
