#include "coord/engines/zookeeper_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>

#include "base/log.h"
#include "base/mailbox.h"
#include "base/mutex.h"
#include "base/text.h"
#include "coord/engines/zookeeper_connection.h"
#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::coord {
namespace {

using Connection = ZookeeperConnection;
using State = ZookeeperConnection::State;
using End = ZookeeperBatch::End;

// An answer that takes longer than this, and four times what the last one took, is overdue.
constexpr Millis kPatienceMin{200};
constexpr Millis kPatienceMax{1000};
// One try at one server; it doubles with every round in which none even refused: a slow network.
constexpr Millis kFirstTry{250};
// The library tells nobody that a server refused; its handle's state shows it.
constexpr Millis kStateTick{5};
constexpr Millis kRoundPauseMax{100};
// Connections whose last answers are still awaited, or that are being closed.
constexpr std::size_t kRetiredMax = 16;
// The servers take packets of 1 MB (jute.maxbuffer).
constexpr std::size_t kPacketBytesMax = 1'000'000;
constexpr std::size_t kBytesPerWrite = 100;

Millis elapsed(Instant since) {
    return std::chrono::duration_cast<Millis>(io::now() - since);
}

}  // namespace

struct ZookeeperClient::Impl {
    explicit Impl(ZookeeperServers used)
        : servers(std::move(used)),
          // Nodes begin at different servers.
          next_server(static_cast<std::size_t>(io::now().time_since_epoch().count() / 1000)) {
        closer = io::Worker("zk-close", [this](io::StopToken&) { close_connections(); });
        connector = io::Worker("zk-connect", [this](io::StopToken& stop) { keep_connected(stop); });
    }
    ~Impl() {
        connector.request_stop();
        changed.notify_all();
        connector.stop();
        closing.close();
        closer.stop();
    }

    const ZookeeperServers servers;
    EventCounter events;

    mutable Mutex mutex;
    CondVar changed;
    bool wanted EK_GUARDED_BY(mutex) = false;
    std::shared_ptr<Connection> current EK_GUARDED_BY(mutex);
    std::string problem EK_GUARDED_BY(mutex) = "none was tried yet";
    bool refused EK_GUARDED_BY(mutex) = false;  // By a server that does not accept who we are.
    Millis patience EK_GUARDED_BY(mutex) = kPatienceMin;

    // The connector's own.
    std::size_t next_server;
    std::size_t tries = 0;       // Since the last connection.
    std::size_t slow_tries = 0;  // Of those, in a row, that got no answer at all.
    std::optional<Instant> outage;
    bool outage_reported = false;
    std::deque<std::shared_ptr<Connection>> retired;

    Mailbox<std::shared_ptr<Connection>> closing{kRetiredMax};
    io::Worker closer;
    io::Worker connector;

    // --- connector ------------------------------------------------------------------------------
    void keep_connected(io::StopToken& stop) {
        while (!stop.requested()) {
            give_to_closer();
            if (!needs_connection()) {
                // What is lost is noticed by an event.
                const auto seen = events.count();
                if (!needs_connection()) events.wait(seen, Millis(50));
            } else if (retired.size() >= kRetiredMax) {
                stop.wait_for(kStateTick);
            } else if (!connect(stop)) {
                stop.wait_for(pause());
            }
        }
        Lock lock(mutex);
        current.reset();
        retired.clear();
    }

    bool needs_connection() {
        Lock lock(mutex);
        if (current && current->state() != State::connected) retire("ended the connection");
        return wanted && !current;
    }

    // Between rounds only: the next server may well be there.
    Millis pause() {
        const bool round_ended = tries % servers.addresses.size() == 0;
        return round_ended ? std::min(servers.retry_wait, kRoundPauseMax) : Millis{0};
    }

    Millis try_limit() const {
        const auto rounds = std::min<std::size_t>(slow_tries / servers.addresses.size(), 6);
        return std::min(servers.connection_timeout, kFirstTry * (1 << rounds));
    }

    bool connect(io::StopToken& stop) {
        const std::string& address = servers.addresses[next_server++ % servers.addresses.size()];
        const Millis limit = try_limit();
        ++tries;
        auto connection = std::make_shared<Connection>(servers, address, events);
        const Instant begun = io::now();
        std::string why = "refused the connection, or serves nobody at the moment";
        while (connection->state() == State::connecting && !stop.requested()) {
            events.wait(events.count(), kStateTick);
            if (connection->idle()) {
                slow_tries = 0;
                break;
            }
            if (elapsed(begun) >= limit) {
                why = fmt::format("did not let us in within {} ms", limit.count());
                ++slow_tries;
                break;
            }
        }
        const State state = connection->state();
        if (state == State::connected) {
            connected(std::move(connection));
            return true;
        }
        retired.push_back(std::move(connection));
        failed(address, why, state == State::denied);
        return false;
    }

    void connected(std::shared_ptr<Connection> connection) {
        log::debug("zookeeper", "connected to {}", connection->address());
        if (outage_reported) {
            log::info("zookeeper", "connected to {} after {}", connection->address(),
                      human_duration(static_cast<std::uint64_t>(elapsed(*outage).count())));
        }
        outage.reset();
        outage_reported = false;
        tries = 0;
        slow_tries = 0;
        {
            Lock lock(mutex);
            current = std::move(connection);
            refused = false;
        }
        changed.notify_all();
        events.add();
    }

    void failed(const std::string& address, const std::string& why, bool denied) {
        if (!outage) outage = io::now();
        Lock lock(mutex);
        problem = denied ? address + " refused the user's credentials" : address + " " + why;
        refused = denied;
        if (outage_reported || elapsed(*outage) < servers.outage_reported) return;
        outage_reported = true;
        log::warn("zookeeper", "none of {} lets us in ({})", join(servers.addresses, ", "),
                  problem);
    }

    // Those that nobody waits for any more.
    void give_to_closer() {
        take_over_retired();
        std::erase_if(retired, [&](const std::shared_ptr<Connection>& connection) {
            return connection.use_count() == 1 && closing.post(connection);
        });
    }

    void close_connections() {
        while (true) {
            // The connection ends here.
            const auto connection = closing.take(Millis(1000));
            if (!connection && closing.closed()) return;
        }
    }

    // --- connections in use ---------------------------------------------------------------------
    std::vector<std::shared_ptr<Connection>> given_up EK_GUARDED_BY(mutex);

    void take_over_retired() {
        Lock lock(mutex);
        for (auto& connection : given_up) retired.push_back(std::move(connection));
        given_up.clear();
    }

    void retire(const char* why) EK_REQUIRES(mutex) {
        problem = current->address() + " " + why;
        log::debug("zookeeper", "{}", problem);
        given_up.push_back(std::move(current));
        current.reset();
    }

    // Gives up on a server whose answer is overdue. What is still awaited on that connection may
    // arrive; new calls go elsewhere.
    void retire_when_silent(const std::shared_ptr<Connection>& connection) {
        const auto since = connection->overdue_since();
        bool given = false;
        {
            Lock lock(mutex);
            given = since && connection == current && elapsed(*since) >= patience;
            if (given) {
                retire("answers nothing");
                patience = std::min(patience * 2, servers.session_timeout);
            }
        }
        if (given) events.add();
    }

    void answered_within(Millis time) {
        Lock lock(mutex);
        patience = std::clamp(time * 4, kPatienceMin, kPatienceMax);
    }

    Result<std::shared_ptr<Connection>> connection(Deadline deadline) {
        Lock lock(mutex);
        if (!wanted) {
            wanted = true;
            events.add();
        }
        while (!current || current->state() != State::connected) {
            const Millis left = deadline.left(io::now());
            if (left == Millis{0}) return no_connection();
            changed.wait_for(mutex, std::min(left, Millis(50)));
        }
        return current;
    }

    Error no_connection() const EK_REQUIRES(mutex) {
        if (refused) {
            return {Errc::denied,
                    fmt::format("zookeeper: {}: check the user and the password", problem)};
        }
        return {Errc::unavailable,
                fmt::format("zookeeper: no server of {} can be used in time (last: {}): are the "
                            "addresses right, and does a majority of the servers run?",
                            join(servers.addresses, ", "), problem)};
    }

    Error denied(const std::string& path) const {
        const std::string who = servers.user.empty() ? "without a user" : "as user " + servers.user;
        return {Errc::denied,
                fmt::format("zookeeper: no permission on {} {}: the password is wrong, or these "
                            "nodes were made by another user; choose that user, another root, or "
                            "change their ACL with setAcl in zkCli.sh",
                            path, who)};
    }

    // Waits while the connection is not silent for too long.
    End wait_while_alive(const std::shared_ptr<Connection>& connection, ZookeeperBatch& batch,
                         Deadline deadline) {
        while (true) {
            const Millis left = deadline.left(io::now());
            const End end = batch.wait(std::min(left, Millis(20)));
            if (end != End::open) return end;
            retire_when_silent(connection);
            if (left == Millis{0}) return End::open;
            Lock lock(mutex);
            if (connection != current) return End::open;
        }
    }

    Result<std::vector<NodeAnswer>> read(const std::vector<NodeRead>& reads, Deadline deadline) {
        while (true) {
            EK_TRY(const auto used, connection(deadline));
            const Instant begun = io::now();
            const auto batch = std::make_shared<ZookeeperBatch>(reads.size());
            if (used->submit(reads, batch)) {
                const End end = wait_while_alive(used, *batch, deadline);
                if (end == End::denied) return denied(reads.back().path);
                if (end == End::answered) {
                    answered_within(elapsed(begun));
                    Lock lock(batch->mutex);
                    return std::move(batch->answers);
                }
            }
            if (deadline.passed(io::now())) {
                return Error{Errc::unavailable,
                             fmt::format("zookeeper {}: no answer in time", used->address())};
            }
            await_change(used);
        }
    }

    // Until the connector has noticed that a connection is lost.
    void await_change(const std::shared_ptr<Connection>& used) {
        Lock lock(mutex);
        if (current == used && used->state() == State::connected) {
            changed.wait_for(mutex, kStateTick);
        }
    }

    Result<NodeAnswer> write(const std::vector<NodeWrite>& writes, Deadline deadline) {
        EK_TRY_VOID(fits(writes));
        EK_TRY(const auto used, connection(deadline));
        const Instant begun = io::now();
        const auto batch = std::make_shared<ZookeeperBatch>(1);
        const Error not_sent{
            Errc::unavailable,
            fmt::format("zookeeper {}: lost before the transaction was sent", used->address())};
        if (deadline.passed(begun) || !used->submit(writes, batch)) return not_sent;
        End end = wait_while_alive(used, *batch, deadline);
        // Others use the next server by now; this transaction's fate only the old one can tell.
        if (end == End::open) end = batch->wait(deadline.left(io::now()));
        switch (end) {
            case End::denied: return denied(writes.back().path);
            case End::not_done: return not_sent;
            case End::answered: {
                answered_within(elapsed(begun));
                Lock lock(batch->mutex);
                return std::move(batch->answers.front());
            }
            default: break;
        }
        return Error{Errc::timed_out,
                     fmt::format("zookeeper {}: {}: the transaction may have been carried out",
                                 used->address(),
                                 end == End::lost ? "connection lost" : "no answer in time")};
    }

    // A server cuts the connection at a packet that is too large, without a word.
    Result<> fits(const std::vector<NodeWrite>& writes) const {
        std::size_t bytes = 0;
        for (const NodeWrite& write : writes) {
            bytes += write.path.size() + write.data.size() + kBytesPerWrite;
        }
        if (bytes <= kPacketBytesMax) return {};
        return Error{Errc::invalid, fmt::format("zookeeper: a transaction of {} bytes: {} fit",
                                                bytes, kPacketBytesMax)};
    }
};

ZookeeperClient::ZookeeperClient(ZookeeperServers servers)
    : impl_(std::make_unique<Impl>(std::move(servers))) {}

ZookeeperClient::~ZookeeperClient() = default;

Result<std::vector<NodeAnswer>> ZookeeperClient::read(const std::vector<NodeRead>& reads,
                                                      Deadline deadline) {
    return impl_->read(reads, deadline);
}

Result<NodeAnswer> ZookeeperClient::write(const std::vector<NodeWrite>& writes, Deadline deadline) {
    return impl_->write(writes, deadline);
}

std::uint64_t ZookeeperClient::events() const {
    return impl_->events.count();
}

void ZookeeperClient::wait_event(std::uint64_t seen, Millis limit) const {
    impl_->events.wait(seen, limit);
}

}  // namespace evenkeel::coord
