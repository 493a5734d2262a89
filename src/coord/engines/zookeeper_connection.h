// One connection to one ZooKeeper server: a handle of libzookeeper_mt, its callbacks, and how long
// an answer has been overdue. Once lost it stays lost. Never waits, but for its destructor.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "coord/engines/zookeeper_client.h"

struct _zhandle;  // NOLINT(bugprone-reserved-identifier): the library's name.

namespace evenkeel::coord {

// Counts what a watcher has to look at. Thread-safe.
class EventCounter {
public:
    void add();
    std::uint64_t count() const;
    void wait(std::uint64_t seen, Millis limit) const;

private:
    mutable Mutex mutex_;
    mutable CondVar more_;
    std::uint64_t count_ EK_GUARDED_BY(mutex_) = 0;
};

// Answers under way; filled by the library's threads.
struct ZookeeperBatch {
    enum class End { open, answered, denied, not_done, lost };

    explicit ZookeeperBatch(std::size_t size) : answers(size), open(size) {}
    // Waits until all answers are there, at most `limit`.
    End wait(Millis limit);

    Mutex mutex;
    CondVar done;
    std::vector<NodeAnswer> answers EK_GUARDED_BY(mutex);
    std::size_t open EK_GUARDED_BY(mutex);
    End worst EK_GUARDED_BY(mutex) = End::answered;
};

// Thread-safe.
class ZookeeperConnection {
public:
    enum class State { connecting, connected, lost, denied };

    // Begins to connect; may wait for the resolver of host names.
    ZookeeperConnection(const ZookeeperServers& servers, std::string address, EventCounter& events);
    ~ZookeeperConnection();  // Ends the session; may take seconds.
    ZookeeperConnection(const ZookeeperConnection&) = delete;
    ZookeeperConnection& operator=(const ZookeeperConnection&) = delete;

    const std::string& address() const { return address_; }
    State state() const { return state_.load(); }
    // The library is not even trying at the moment: the last try was refused.
    bool idle() const;
    // Since when an answer has been due without any other arriving.
    std::optional<Instant> overdue_since() const;

    // False: surely not sent.
    [[nodiscard]] bool submit(const std::vector<NodeRead>& reads,
                              const std::shared_ptr<ZookeeperBatch>& batch);
    [[nodiscard]] bool submit(const std::vector<NodeWrite>& writes,
                              const std::shared_ptr<ZookeeperBatch>& batch);

private:
    friend struct ZookeeperCallbacks;
    struct Ticket;

    Ticket* issue(const std::shared_ptr<ZookeeperBatch>& batch, std::size_t index);
    void withdraw(Ticket* ticket);
    int submit_one(const NodeRead& read, Ticket* ticket);
    void answered(Ticket* ticket, int code, NodeAnswer answer);
    void session(int state);

    const std::string address_;
    const std::string login_;
    EventCounter& events_;
    std::atomic<State> state_{State::connecting};
    _zhandle* handle_ = nullptr;

    mutable Mutex mutex_;
    // The library does not promise to call back for each when a handle is closed.
    std::map<Ticket*, std::unique_ptr<Ticket>> tickets_ EK_GUARDED_BY(mutex_);
    Instant waiting_since_ EK_GUARDED_BY(mutex_){};
};

}  // namespace evenkeel::coord
