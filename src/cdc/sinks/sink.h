// Where a stream's lines go. A sink knows how far it durably is, so that a stream can be taken up
// again without a gap, and without a repeat where the sink can cut off what came after.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cdc/config.h"

namespace evenkeel::cdc {

// How far a sink is; part of the checkpoint.
struct SinkState {
    std::string kind{};        // "file", "stdout"
    std::string path{};        // Of a file.
    std::uint64_t offset = 0;  // Bytes that are durably in it.

    bool operator==(const SinkState&) const = default;
};

// Asked right before a step that only the stream's one holder may do.
using MayAct = std::function<bool()>;

// Not thread-safe. Every error of a sink but not_leader needs a person: a full disk, a file that is
// not what it was at the checkpoint, a reader that went away.
class Sink {
public:
    virtual ~Sink() = default;

    // Brings the sink back to `checkpointed`; nothing: the stream has no checkpoint.
    // Errors: conflict    the sink does not fit the checkpoint; the text has the remedy;
    //         not_leader  `may_act` said no meanwhile;  others  the system's.
    virtual Result<> open(const std::optional<SinkState>& checkpointed, const MayAct& may_act) = 0;
    // Hands over whole lines. They need not be durable before sync().
    virtual Result<> write(std::string_view lines) = 0;
    // All that was written is durable; says where that is.
    virtual Result<SinkState> sync() = 0;
};

std::unique_ptr<Sink> make_sink(const StreamConfig& config);

}  // namespace evenkeel::cdc
