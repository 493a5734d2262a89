// What is done to servers in the course of a recovery. Each can be repeated: doing it again changes
// nothing more.
// Errors of all: as sql::Connection::query.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "io/thread.h"
#include "model/gtid.h"
#include "sql/connection.h"
#include "topology/config.h"
#include "topology/view.h"

namespace evenkeel::topology {

// A connection to one server for one recovery; connects when it is first needed, and again when the
// connection was lost. Not thread-safe.
class ServerOps {
public:
    ServerOps(ServerId server, const ClusterConfig& config);
    const ServerId& id() const { return server_; }

    Result<ServerView> look(Deadline deadline);
    // Refuses writes. Where commits wait for an acknowledgement that cannot come any more, their
    // sessions are ended: they have told no client that they are done.
    Result<> fence(Deadline deadline);
    Result<> set_read_only(bool on, Deadline deadline);
    Result<> set_semi_sync_primary(bool on, Deadline deadline);
    Result<> set_semi_sync_replica(bool on, Deadline deadline);
    // Receives no more, so it acknowledges no more either; goes on applying what it has.
    Result<> stop_receiving(Deadline deadline);
    Result<> start_receiving(Deadline deadline);
    // Waits until `position` is applied. Errors: timed_out  it was not until the deadline.
    Result<> wait_applied(const GtidPosition& position, Deadline deadline);
    Result<> forget_source(Deadline deadline);
    // Replicates from `source` by GTID and starts; does nothing when it already does.
    Result<> follow(const ServerId& source, Deadline deadline);
    // Waits until it receives from `source`. Errors: also unavailable  `stop` was requested.
    Result<> wait_receiving(const ServerId& source, Deadline deadline, io::StopToken& stop);
    // For a former primary: what it has is where it goes on.
    Result<> start_from_own_position(Deadline deadline);

private:
    Result<> end_waiting_sessions(Deadline deadline);
    Result<sql::Table> query(const std::string& statement, Deadline deadline);
    Result<> execute(const std::string& statement, Deadline deadline);

    ServerId server_;
    const ClusterConfig& config_;
    sql::Connection connection_;
};

}  // namespace evenkeel::topology
