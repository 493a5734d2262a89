#include "lab/tcp_gate.h"

#include <poll.h>

#include <array>
#include <deque>
#include <list>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "io/byte_socket.h"
#include "io/clock.h"
#include "io/process.h"
#include "io/thread.h"
#include "lab/loopback.h"

namespace evenkeel::lab {
namespace {

constexpr int kTickMs = 2;
constexpr Millis kSendLimit{1000};

struct Piece {
    Instant due{};
    std::string bytes{};
};

// One way through the gate.
struct Way {
    int from = -1;
    int to = -1;
    bool answers = false;
    std::deque<Piece> under_way{};
    std::string last_bytes{};  // For a pattern that comes in two pieces.
};

struct Pair {
    io::Fd client{};
    io::Fd server{};
    Way ways[2];
    bool missed_bytes = false;
};

}  // namespace

struct TcpGate::Impl {
    enum class Mode { open, hold, cut };

    explicit Impl(int to) : server_port(to), port(io::free_port()) {
        listener = listen_on_loopback(port);
        EK_CHECK(listener.valid(), "a free port can be listened on");
        worker = io::Worker("gate", [this](io::StopToken& stop) {
            while (!stop.requested()) turn();
        });
    }

    const int server_port;
    const int port;
    io::Fd listener;
    std::list<Pair> pairs;  // The worker's own.

    mutable Mutex mutex;
    Mode mode EK_GUARDED_BY(mutex) = Mode::open;
    bool armed EK_GUARDED_BY(mutex) = false;
    bool swallowing EK_GUARDED_BY(mutex) = false;
    bool reset EK_GUARDED_BY(mutex) = false;
    std::string pattern EK_GUARDED_BY(mutex);
    std::string damage EK_GUARDED_BY(mutex);
    int damaged EK_GUARDED_BY(mutex) = 0;
    Millis delay EK_GUARDED_BY(mutex){0};

    io::Worker worker;

    Mode current() const {
        Lock lock(mutex);
        return mode;
    }

    void turn() {
        const Mode now = current();
        if (now == Mode::cut) pairs.clear();
        end_those_that_missed_bytes();
        wait_for_bytes(now);
        while (true) {
            io::Fd client = accept_now(listener.get());
            if (!client.valid()) break;
            if (now != Mode::cut) lead(std::move(client));
        }
        if (now != Mode::open) return;
        for (auto pair = pairs.begin(); pair != pairs.end();) {
            const bool lives = move(*pair, pair->ways[0]) && move(*pair, pair->ways[1]);
            pair = lives ? std::next(pair) : pairs.erase(pair);
        }
    }

    void end_those_that_missed_bytes() {
        Lock lock(mutex);
        if (!reset) return;
        reset = false;
        pairs.remove_if([](const Pair& pair) { return pair.missed_bytes; });
    }

    void wait_for_bytes(Mode now) {
        std::vector<pollfd> entries{{.fd = listener.get(), .events = POLLIN, .revents = 0}};
        for (const Pair& pair : pairs) {
            if (now != Mode::open) break;
            for (const Way& way : pair.ways) {
                entries.push_back({.fd = way.from, .events = POLLIN, .revents = 0});
            }
        }
        ::poll(entries.data(), entries.size(), kTickMs);
    }

    void lead(io::Fd client) {
        io::Fd server = connect_to_loopback(server_port);
        if (!server.valid()) return;  // Refused there, ended here.
        Pair pair{.client = std::move(client), .server = std::move(server), .ways = {}};
        pair.ways[0] = {.from = pair.client.get(), .to = pair.server.get()};
        pair.ways[1] = {.from = pair.server.get(), .to = pair.client.get(), .answers = true};
        pairs.push_back(std::move(pair));
    }

    // False: the connection is over.
    bool move(Pair& pair, Way& way) {
        std::array<char, 65536> room;
        bool ended = false;
        while (true) {
            const auto got = io::receive(way.from, room.data(), room.size(), Deadline{});
            if (!got) {
                ended = got.error().code == Errc::unavailable;
                break;
            }
            take(pair, way, std::string(room.data(), *got));
        }
        while (!way.under_way.empty() && (ended || way.under_way.front().due <= io::now())) {
            const auto sent =
                io::send_all(way.to, way.under_way.front().bytes, io::within(kSendLimit));
            if (!sent) return false;
            way.under_way.pop_front();
        }
        return !ended;
    }

    void take(Pair& pair, Way& way, std::string bytes) {
        Lock lock(mutex);
        if (way.answers && swallowing) {
            pair.missed_bytes = true;
            return;
        }
        const std::size_t found =
            way.answers && !damage.empty() ? bytes.find(damage) : std::string::npos;
        if (found != std::string::npos) {
            bytes[found] = static_cast<char>(bytes[found] ^ 1);
            damage.clear();
            ++damaged;
        }
        if (!way.answers && armed && !swallowing) {
            way.last_bytes += bytes;
            swallowing = way.last_bytes.find(pattern) != std::string::npos;
            constexpr std::size_t kKept = 4096;
            if (way.last_bytes.size() > kKept)
                way.last_bytes.erase(0, way.last_bytes.size() - kKept);
        }
        way.under_way.push_back({io::now() + delay, std::move(bytes)});
    }
};

TcpGate::TcpGate(int server_port) : impl_(std::make_unique<Impl>(server_port)) {}
TcpGate::~TcpGate() = default;

int TcpGate::port() const {
    return impl_->port;
}

std::string TcpGate::address() const {
    return "127.0.0.1:" + std::to_string(impl_->port);
}

void TcpGate::open() {
    Lock lock(impl_->mutex);
    impl_->mode = Impl::Mode::open;
    impl_->armed = false;
    impl_->swallowing = false;
    impl_->reset = true;
    impl_->delay = Millis{0};
}

void TcpGate::hold() {
    Lock lock(impl_->mutex);
    impl_->mode = Impl::Mode::hold;
}

void TcpGate::cut() {
    Lock lock(impl_->mutex);
    impl_->mode = Impl::Mode::cut;
}

void TcpGate::swallow_answers_after(const std::string& pattern) {
    Lock lock(impl_->mutex);
    impl_->pattern = pattern;
    impl_->armed = true;
    impl_->swallowing = pattern.empty();
}

bool TcpGate::swallows() const {
    Lock lock(impl_->mutex);
    return impl_->swallowing;
}

void TcpGate::damage_answer(const std::string& pattern) {
    Lock lock(impl_->mutex);
    impl_->damage = pattern;
}

int TcpGate::damaged() const {
    Lock lock(impl_->mutex);
    return impl_->damaged;
}

void TcpGate::delay(Millis by) {
    Lock lock(impl_->mutex);
    impl_->delay = by;
}

}  // namespace evenkeel::lab
