#include <fmt/core.h>

#define THREADED  // Declares the calls that wait for their answer.
#include <zookeeper/zookeeper.h>

#include <algorithm>
#include <atomic>

#include "bench/coordination/latches.h"

namespace evenkeel::bench {
namespace {

constexpr const char* kFolder = "/latch";
constexpr Millis kTick{5};

struct Session {
    std::atomic<bool> connected{false};
    std::atomic<bool> ended{false};    // Expired: only a new session helps.
    std::atomic<bool> changed{false};  // A watched node is gone.
};

void on_event(zhandle_t*, int type, int state, const char*, void* context) {
    auto* session = static_cast<Session*>(context);
    if (type == ZOO_SESSION_EVENT) {
        session->connected = state == ZOO_CONNECTED_STATE;
        if (state == ZOO_EXPIRED_SESSION_STATE) session->ended = true;
    }
    session->changed = true;
}

// The names of the queue by their numbers, the holder first.
std::vector<std::string> queue_of(zhandle_t* handle) {
    String_vector names{};
    if (::zoo_get_children(handle, kFolder, 0, &names) != ZOK) return {};
    std::vector<std::string> queue(names.data, names.data + names.count);
    ::deallocate_String_vector(&names);
    const auto number = [](const std::string& name) { return name.substr(name.rfind('-')); };
    std::sort(queue.begin(), queue.end(),
              [&](const auto& a, const auto& b) { return number(a) < number(b); });
    return queue;
}

// True when `mine` is first; else watches the one before it.
bool first_in_queue(zhandle_t* handle, const std::string& mine) {
    const auto queue = queue_of(handle);
    const auto place = std::find(queue.begin(), queue.end(), mine);
    if (place == queue.end()) return false;
    if (place == queue.begin()) return true;
    Stat stat{};
    ::zoo_exists(handle, fmt::format("{}/{}", kFolder, *(place - 1)).c_str(), 1, &stat);
    return false;
}

// One session, from its connection to its end.
void campaign(zhandle_t* handle, Session& session, const std::string& node,
              const OnBelief& on_belief, io::StopToken& stop) {
    while (!session.connected && !stop.requested()) stop.wait_for(kTick);
    ::zoo_create(handle, kFolder, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, nullptr, 0);
    char path[256] = {};
    const std::string name = fmt::format("{}/{}-", kFolder, node);
    if (::zoo_create(handle, name.c_str(), "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL,
                     path, sizeof path) != ZOK) {
        return;
    }
    const std::string mine = std::string(path).substr(std::string(kFolder).size() + 1);
    bool believes = false;
    while (!session.ended && !stop.requested()) {
        session.changed = false;
        const bool first = session.connected && first_in_queue(handle, mine);
        if (first != believes) on_belief(believes = first);
        while (!session.changed && !session.ended && !stop.requested()) stop.wait_for(Millis(1));
        if (believes && !session.connected) on_belief(believes = false);
    }
    if (believes) on_belief(false);
}

}  // namespace

void run_zookeeper_latch(const std::string& servers, const std::string& node, Millis session_limit,
                         const OnBelief& on_belief, io::StopToken& stop) {
    ::zoo_set_debug_level(static_cast<ZooLogLevel>(0));
    while (!stop.requested()) {
        Session session;
        zhandle_t* handle =
            ::zookeeper_init(servers.c_str(), on_event, static_cast<int>(session_limit.count()),
                             nullptr, &session, 0);
        if (handle == nullptr) return;
        campaign(handle, session, node, on_belief, stop);
        ::zookeeper_close(handle);
    }
}

}  // namespace evenkeel::bench
