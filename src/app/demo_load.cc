#include "app/demo_load.h"

#include <fmt/core.h>

#include "io/clock.h"

namespace evenkeel::app {
namespace {

constexpr Millis kThink{2};       // Between two writes of a client.
constexpr Millis kRetryPause{8};  // After every server refused.
constexpr Millis kConnectLimit{300};
constexpr Millis kCommitLimit{15'000};
constexpr unsigned kReadOnly = 1290;  // The server runs with read_only: nothing was written.

enum class Outcome { acknowledged, refused, in_doubt };

// A client's connections, one a server, opened when needed.
class Client {
public:
    Client(const std::vector<ServerId>& servers, const sql::Credentials& who)
        : servers_(servers), who_(who), connections_(servers.size()) {}

    Outcome insert(std::size_t server, const std::string& statement) {
        sql::Connection& connection = connections_[server];
        if (!connection.connected()) {
            auto opened = sql::Connection::open(servers_[server], who_, io::within(kConnectLimit));
            if (!opened) return Outcome::refused;
            connection = *std::move(opened);
        }
        if (connection.execute(statement, io::within(kCommitLimit))) return Outcome::acknowledged;
        const unsigned number = connection.error_number();
        if (number == kReadOnly) return Outcome::refused;
        connection = sql::Connection();
        return Outcome::in_doubt;
    }

private:
    const std::vector<ServerId>& servers_;
    const sql::Credentials& who_;
    std::vector<sql::Connection> connections_;
};

}  // namespace

DemoLoad::DemoLoad(std::vector<ServerId> servers, sql::Credentials who, int writers)
    : servers_(std::move(servers)),
      who_(std::move(who)),
      records_(static_cast<std::size_t>(writers)) {}

void DemoLoad::start() {
    for (std::uint32_t writer = 0; writer < records_.size(); ++writer) {
        writers_.emplace_back(fmt::format("writer-{}", writer),
                              [this, writer](io::StopToken& stop) { write(writer, stop); });
    }
}

void DemoLoad::stop() {
    for (io::Worker& writer : writers_) writer.request_stop();
    writers_.clear();
}

void DemoLoad::write(std::uint32_t writer, io::StopToken& stop) {
    Client client(servers_, who_);
    WriterRecord& record = records_[writer];
    std::size_t server = 0;
    std::size_t refusals = 0;
    for (std::uint64_t seq = 1; !stop.requested();) {
        const Outcome outcome = client.insert(
            server, fmt::format("INSERT INTO demo.writes VALUES ({}, {}, 'row {} of writer {}')",
                                writer, seq, seq, writer));
        if (outcome == Outcome::refused) {
            server = (server + 1) % servers_.size();
            if (++refusals % servers_.size() == 0) stop.wait_for(kRetryPause);
            continue;
        }
        refusals = 0;
        if (outcome == Outcome::acknowledged) {
            const Instant now = io::now();
            record.acks.push_back({{writer, seq}, now, server});
            last_ack_ = now.time_since_epoch().count();
            ++acknowledged_;
        } else {
            // Nobody knows whether it was written, so its number is never used again.
            record.in_doubt.push_back({writer, seq});
        }
        ++seq;
        stop.wait_for(kThink);
    }
}

}  // namespace evenkeel::app
