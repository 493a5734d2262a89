// A connection to one server on which its binlog is read, from a position on.
//
// The server knows a binlog reader by its replica server id. It ends an older connection with the
// same id when a new one comes, which takes it 100 ms, and two streams that share one end each
// other for ever. So the default is a new id for each connection; a configured one is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/instant.h"
#include "base/result.h"
#include "cdc/config.h"
#include "cdc/source/source_facts.h"
#include "model/binlog_position.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

// Takes events in order. Their bytes lie in the source's receive buffer.
class EventHandler {
public:
    virtual ~EventHandler() = default;
    virtual Result<> on_event(const wire::Event& event) = 0;
    // The bytes of all events so far are about to go away.
    virtual Result<> before_reuse() = 0;
};

// replica_server_id as configured, or one that nobody else has: made of the stream's name and
// `number`, which differs from connection to connection.
std::uint32_t dump_server_id(const StreamConfig& config, std::uint64_t number);

// Not thread-safe.
class Source {
public:
    // Connects and checks what a stream needs.
    // Errors: invalid      a setting of the server rules it out; the text has it and the remedy;
    //         denied       credentials;  unavailable, timed_out  the network or the server.
    static Result<Source> connect(const StreamConfig& config, const ServerId& server,
                                  Deadline deadline);
    ~Source();
    Source(Source&&) noexcept;
    Source& operator=(Source&&) noexcept;

    const ServerId& server() const;
    const SourceFacts& facts() const;
    // Asks for the facts again. Only before start().
    Result<> refresh(Deadline deadline);
    // The position at a place in this server's files. Only before start().
    // Errors: invalid  no such place.
    Result<BinlogPosition> position_at(const FilePosition& place, Deadline deadline);
    // Asks for all transactions behind `position`; from here on only read().
    Result<> start(const BinlogPosition& position, Deadline deadline);

    // Waits for bytes and hands every whole event in them to `handler`, whose error it returns.
    // Errors of its own: timed_out    nothing came until the deadline, which may be well;
    //                    unavailable  the connection ended, or the server is silent for 3 s;
    //                    denied       REPLICATION SLAVE is missing;
    //                    conflict     the server cannot go on from the position: its binlogs were
    //                                 purged, or its history is another one;
    //                    corrupt      broken packets or events.
    Result<> read(EventHandler& handler, Deadline deadline);
    // Everything in the server's binlog was read when the last read() returned.
    bool caught_up() const;
    std::uint64_t bytes() const;

private:
    struct Impl;
    explicit Source(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::cdc
