#include "bench/cdc/latency.h"

#include <errno.h>
#include <fmt/core.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <optional>

#include "bench/cdc/readers.h"
#include "cdc/stream_service.h"
#include "io/byte_socket.h"
#include "io/clock.h"
#include "io/plain_file.h"
#include "io/thread.h"
#include "wire/binlog_event.h"
#include "wire/packet_reader.h"

namespace evenkeel::bench {
namespace {

constexpr Millis kLimit{30'000};
constexpr Millis kSlice{100};
constexpr std::size_t kWarmUp =
    50;                    // Commits in front of each turn: caches, and the table's names.
constexpr int kTurns = 3;  // Of each reader at each rate.
constexpr double kTurnS = 2.5;
constexpr double kRates[] = {200, 2000};

// Takes lines off a named pipe and notes when each came.
class LineClock {
public:
    LineClock(const std::string& path, std::size_t lines)
        : pipe_(io::PlainFile::open(path)), wanted_(lines) {
        at_.reserve(lines);
        worker_ = io::Worker("lines", [this](io::StopToken& stop) { read(stop); });
    }

    // Errors: timed_out  fewer lines came.
    Result<std::vector<Instant>> wait() {
        const Deadline deadline = io::within(kLimit);
        io::StopToken pause;
        while (!done_.load(std::memory_order_acquire)) {
            if (deadline.passed(io::now())) {
                return Error{Errc::timed_out, "measure latency: lines are missing"};
            }
            pause.wait_for(Millis{2});
        }
        return at_;
    }

private:
    void read(io::StopToken& stop) {
        char chunk[65536];
        pollfd ready{.fd = pipe_ ? pipe_->descriptor() : -1, .events = POLLIN, .revents = 0};
        while (at_.size() < wanted_ && !stop.requested()) {
            if (::poll(&ready, 1, static_cast<int>(kSlice.count())) <= 0) continue;
            const ssize_t got = ::read(ready.fd, chunk, sizeof chunk);
            const Instant now = io::now();
            const auto lines = got > 0 ? std::count(chunk, chunk + got, '\n') : 0;
            at_.insert(at_.end(), static_cast<std::size_t>(lines), now);
        }
        done_.store(true, std::memory_order_release);
    }

    const Result<io::PlainFile> pipe_;
    const std::size_t wanted_;
    std::vector<Instant> at_;
    std::atomic<bool> done_{false};
    io::Worker worker_;  // Ends before what it uses.
};

// The two readers: start() returns when it would get a commit from now on; the destructor stops,
// and somebody has to read the pipe until then.
class OurStream {
public:
    Result<> start(const ReadTask& task, const std::string& pipe) {
        cdc::StreamConfig config;
        config.name = "bench";
        config.server = task.server;
        config.credentials = task.who;
        config.producer = cdc::Producer::file;
        config.output_file = pipe;
        config.init_gtid = task.begin;
        stream_.emplace(config, nullptr);
        stream_->start();
        const Deadline deadline = io::within(kLimit);
        while (stream_->report().state != "streaming") {
            const auto ended = stream_->wait(io::within(Millis{5}));
            if (ended || ended.error().code != Errc::timed_out || deadline.passed(io::now())) {
                return Error{Errc::unavailable, "stream: " + stream_->report().text};
            }
        }
        return {};
    }

private:
    std::optional<cdc::StreamService> stream_;
};

// Looks at event headers only and says a line for every end of a transaction.
class CountOnly {
public:
    Result<> start(const ReadTask& task, const std::string& pipe) {
        EK_TRY(socket_, open_dump(task, Dump::live, io::within(kLimit)));
        EK_TRY(pipe_, io::PlainFile::open(pipe));
        worker_ = io::Worker("count", [this](io::StopToken& stop) { read(stop); });
        return {};
    }

private:
    void read(io::StopToken& stop) {
        std::vector<char> buffer(1u << 20);
        wire::PacketReader packets;
        for (std::size_t kept = 0; !stop.requested();) {
            const auto got = io::receive(socket_.get(), buffer.data() + kept, buffer.size() - kept,
                                         io::within(kSlice));
            if (!got && got.error().code == Errc::timed_out) continue;
            if (!got) return;
            std::string_view unread(buffer.data(), kept + *got);
            while (const auto packet = packets.next(unread)) {
                // Status byte, time, type.
                const auto type = static_cast<wire::EventType>(packet->payload[5]);
                if (packet->kind == wire::PacketKind::data && type == wire::EventType::xid) {
                    (void)pipe_.append("\n");
                }
            }
            kept = unread.size();
            std::memmove(buffer.data(), unread.data(), kept);
        }
    }

    io::Fd socket_;
    io::PlainFile pipe_;
    io::Worker worker_;  // Ends before what it uses.
};

// Wakes at a steady rate; when one was late the next come at once.
class Ticker {
public:
    explicit Ticker(double per_s) : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
        const auto pause = static_cast<long>(1e9 / per_s);
        const itimerspec spec{.it_interval = {.tv_sec = 0, .tv_nsec = pause},
                              .it_value = {.tv_sec = 0, .tv_nsec = pause}};
        ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
    }
    void wait() {
        std::uint64_t ticks = 0;
        if (due_ == 0 && ::read(timer_.get(), &ticks, sizeof ticks) > 0) due_ = ticks;
        if (due_ > 0) --due_;
    }

private:
    const io::Fd timer_;
    std::uint64_t due_ = 0;
};

// When the server's OK for each commit was here.
Result<std::vector<Instant>> commit(const lab::Server& server, double per_s, std::size_t commits) {
    EK_TRY(auto connection, server.connect(server.accounts().admin, io::within(kLimit)));
    std::vector<Instant> acknowledged;
    acknowledged.reserve(commits);
    Ticker ticker(per_s);
    for (std::size_t i = 0; i < commits; ++i) {
        ticker.wait();
        EK_TRY_VOID(connection.execute(
            fmt::format("INSERT INTO bench.latency (text) VALUES ('commit {}')", i),
            io::within(kLimit)));
        acknowledged.push_back(io::now());
    }
    return acknowledged;
}

struct Samples {
    std::vector<double> us{};
    double seconds = 0;  // That the commits took.
};

template <typename ReaderKind>
Result<> take_turn(const lab::Server& server, double per_s, const std::string& pipe,
                   Samples& into) {
    EK_TRY(const sql::Table at,
           server.query({"SELECT @@gtid_binlog_pos AS gtid"}, io::within(kLimit)));
    const ReadTask task{.server = server.id(),
                        .who = server.accounts().evenkeel,
                        .begin = at.text(0, "gtid"),
                        .end = {}};
    const auto commits = kWarmUp + static_cast<std::size_t>(per_s * kTurnS);
    LineClock lines(pipe, commits);
    ReaderKind reader;
    EK_TRY_VOID(reader.start(task, pipe));
    EK_TRY(const std::vector<Instant> acknowledged, commit(server, per_s, commits));
    EK_TRY(const std::vector<Instant> printed, lines.wait());
    for (std::size_t i = kWarmUp; i < commits; ++i) {
        into.us.push_back(
            std::chrono::duration<double, std::micro>(printed[i] - acknowledged[i]).count());
    }
    into.seconds +=
        std::chrono::duration<double>(acknowledged.back() - acknowledged[kWarmUp]).count();
    return {};
}

Percentiles percentiles(std::vector<double> us) {
    std::sort(us.begin(), us.end());
    const auto at = [&us](double share) {
        return us[static_cast<std::size_t>(static_cast<double>(us.size() - 1) * share + 0.5)];
    };
    return {.p50_us = at(0.5), .p99_us = at(0.99)};
}

Result<Latency> at_rate(const lab::Server& server, double per_s, const std::string& pipe) {
    Samples count;
    Samples ours;
    for (int turn = 0; turn < kTurns; ++turn) {
        EK_TRY_VOID(take_turn<CountOnly>(server, per_s, pipe, count));
        EK_TRY_VOID(take_turn<OurStream>(server, per_s, pipe, ours));
    }
    return Latency{.commits_per_s = static_cast<double>(ours.us.size()) / ours.seconds,
                   .commits = ours.us.size(),
                   .count = percentiles(std::move(count.us)),
                   .ours = percentiles(std::move(ours.us))};
}

}  // namespace

Result<std::vector<Latency>> measure_latency(const lab::Server& server, const std::string& folder) {
    const auto made = server.query({"CREATE TABLE IF NOT EXISTS bench.latency (id INT NOT NULL "
                                    "AUTO_INCREMENT PRIMARY KEY, text VARCHAR(40))"},
                                   io::within(kLimit));
    if (!made) return made.error();
    const std::string pipe = folder + "/lines";
    if (::mkfifo(pipe.c_str(), 0600) != 0) {
        return Error{Errc::unavailable, "make pipe " + pipe + ": " + ::strerror(errno)};
    }
    std::vector<Latency> all;
    for (const double rate : kRates) {
        EK_TRY(const Latency one, at_rate(server, rate, pipe));
        all.push_back(one);
    }
    return all;
}

}  // namespace evenkeel::bench
