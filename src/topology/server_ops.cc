#include "topology/server_ops.h"

#include <fmt/core.h>

#include <utility>

#include "io/clock.h"
#include "sql/flavor.h"
#include "topology/probe.h"

namespace evenkeel::topology {

ServerOps::ServerOps(ServerId server, const ClusterConfig& config)
    : server_(std::move(server)), config_(config) {}

Result<sql::Table> ServerOps::query(const std::string& statement, Deadline deadline) {
    if (connection_.connected()) {
        auto answer = connection_.query(statement, deadline);
        if (answer || connection_.connected() || answer.error().code != Errc::unavailable) {
            return answer;
        }
    }
    EK_TRY(connection_, sql::Connection::open(server_, config_.credentials, deadline));
    return connection_.query(statement, deadline);
}

Result<> ServerOps::execute(const std::string& statement, Deadline deadline) {
    EK_TRY([[maybe_unused]] const auto table, query(statement, deadline));
    return {};
}

Result<ServerView> ServerOps::look(Deadline deadline) {
    if (!connection_.connected()) {
        EK_TRY(connection_, sql::Connection::open(server_, config_.credentials, deadline));
    }
    EK_TRY(ServerView view, probe(connection_, server_, deadline));
    view.health = Health::alive;
    view.probed_at = io::now();
    return view;
}

Result<> ServerOps::set_read_only(bool on, Deadline deadline) {
    return execute(sql::set_read_only(on), deadline);
}

Result<> ServerOps::set_semi_sync_primary(bool on, Deadline deadline) {
    return execute(sql::set_semi_sync_primary(on), deadline);
}

Result<> ServerOps::set_semi_sync_replica(bool on, Deadline deadline) {
    return execute(sql::set_semi_sync_replica(on), deadline);
}

Result<> ServerOps::end_waiting_sessions(Deadline deadline) {
    EK_TRY(const sql::Table waiting, query(sql::kWaitingSessions, deadline));
    for (std::size_t row = 0; row < waiting.rows.size(); ++row) {
        const auto killed = execute(sql::kill_session(waiting.text(row, "id")), deadline);
        // It may have ended by itself; a missing privilege is a person's business.
        if (!killed && killed.error().code != Errc::invalid) return killed.error();
    }
    return {};
}

Result<> ServerOps::fence(Deadline deadline) {
    while (true) {
        EK_TRY_VOID(end_waiting_sessions(deadline));
        // read_only waits for commits under way, and one of them may just have begun to wait.
        EK_TRY_VOID(execute(sql::kShortLockWait, deadline));
        const auto fenced = set_read_only(true, deadline);
        if (fenced || deadline.passed(io::now())) return fenced;
        if (fenced.error().code != Errc::invalid) return fenced;
    }
}

Result<> ServerOps::stop_receiving(Deadline deadline) {
    EK_TRY_VOID(execute(sql::kShortFarewell, deadline));
    return execute(sql::kStopReceiving, deadline);
}

Result<> ServerOps::start_receiving(Deadline deadline) {
    return execute(sql::kStartReceiving, deadline);
}

Result<> ServerOps::wait_applied(const GtidPosition& position, Deadline deadline) {
    if (position.empty()) return {};
    const Millis limit = deadline.left(io::now());
    // The server gives up first, so that the connection survives it.
    const Deadline answer{deadline.at + Millis(500)};
    EK_TRY(const sql::Table table, query(sql::wait_applied(position, limit), answer));
    if (table.text(0, "outcome") == "0") return {};
    return Error{Errc::timed_out, fmt::format("drain {}: {} not applied in {} ms", server_.str(),
                                              position.str(), limit.count())};
}

Result<> ServerOps::forget_source(Deadline deadline) {
    EK_TRY_VOID(execute(sql::kStopReplication, deadline));
    return execute(sql::kForgetSource, deadline);
}

Result<> ServerOps::follow(const ServerId& source, Deadline deadline) {
    EK_TRY(const ServerView view, look(deadline));
    const bool follows =
        view.replication && view.replication->source == source && view.replication->uses_gtid;
    if (!follows) {
        EK_TRY_VOID(execute(sql::kShortFarewell, deadline));
        EK_TRY_VOID(execute(sql::kStopReplication, deadline));
        const sql::Credentials& account =
            config_.replication.user.empty() ? config_.credentials : config_.replication;
        EK_TRY_VOID(execute(sql::change_source({source, account}), deadline));
    }
    return execute(sql::kStartReplication, deadline);
}

Result<> ServerOps::wait_receiving(const ServerId& source, Deadline deadline, io::StopToken& stop) {
    while (true) {
        EK_TRY(const ServerView view, look(deadline));
        if (view.replication && view.replication->source == source) {
            if (view.replication->io == ThreadState::running) return {};
            if (view.replication->io == ThreadState::stopped) {
                return Error{Errc::invalid,
                             fmt::format("follow {}: {} does not receive: {}", source.str(),
                                         server_.str(), view.replication->io_error)};
            }
        }
        if (deadline.passed(io::now())) {
            return Error{
                Errc::timed_out,
                fmt::format("follow {}: {} does not receive yet: {}", source.str(), server_.str(),
                            view.replication ? view.replication->io_error : "")};
        }
        if (stop.wait_for(Millis(10))) {
            return Error{Errc::unavailable, "follow " + source.str() + ": given up"};
        }
    }
}

Result<> ServerOps::start_from_own_position(Deadline deadline) {
    EK_TRY_VOID(execute(sql::kStopReplication, deadline));
    EK_TRY(const ServerView view, look(deadline));
    if (view.applied.empty()) return {};
    return execute(sql::set_replication_position(view.applied), deadline);
}

}  // namespace evenkeel::topology
