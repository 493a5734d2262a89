// The engines under test, each with its real servers, and the faults that these can have; what the
// cases of the conformance suite share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "coord/engine.h"
#include "io/thread.h"
#include "lab/tcp_gate.h"
#include "tests/support/test_folder.h"

namespace evenkeel::coord {

struct Access {
    std::string root{};        // "/evenkeel/<something>": engines with the same one share a map.
    std::vector<int> ports{};  // The only ones that the engine knows.
    Millis session_timeout{6000};
};

// Not thread-safe.
class World {
public:
    virtual ~World() = default;
    virtual std::string name() const = 0;
    virtual std::size_t servers() const { return 3; }
    virtual int port(std::size_t) const { return 0; }
    virtual std::unique_ptr<Engine> engine(const Access& access) = 0;

    virtual void start(std::size_t) {}
    virtual void kill(std::size_t) {}
    virtual void suspend(std::size_t) {}
    virtual void resume(std::size_t) {}
    virtual bool serves(std::size_t) { return true; }
    virtual std::optional<std::size_t> leader() { return {}; }
    // Forgets what changed when; false where there is no such thing.
    virtual bool compact() { return false; }
    // All servers serve, whatever happened to them before.
    void heal();
    void restart_all();

    // How a value looks in a request; empty: nobody on the way can see it.
    virtual std::string on_wire(const std::string& value) const { return value; }
    virtual bool has_sessions() const { return false; }

protected:
    virtual void forget_clients() {}
    std::vector<bool> killed_{};
};

std::unique_ptr<World> make_world(const std::string& engine, const std::string& folder);

// One engine; the name of the suite's instance. Its servers live as long as the suite.
class Conformance : public ::testing::TestWithParam<const char*> {
public:
    static void TearDownTestSuite();

protected:
    void SetUp() override;
    void TearDown() override;

    World& world() { return *world_; }
    // Every case has a map of its own.
    std::string root() const;
    // Over one server only; over all of them; over a gate.
    std::unique_ptr<Engine> engine(std::size_t server);
    std::unique_ptr<Engine> engine();
    std::unique_ptr<Engine> engine(const lab::TcpGate& gate);
    // Why this engine cannot have the fault; empty when it can.
    std::string alone() const;

private:
    static std::unique_ptr<World> world_;
    static std::unique_ptr<test::TestFolder> folder_;
};

#define SKIP_WITHOUT_SERVERS() \
    if (!alone().empty()) GTEST_SKIP() << alone()

Deadline soon();  // Far enough for everything that works.

// Repeats until the transaction's fate is known. A try that was applied is an applied outcome, also
// when its answer was lost; unless others wrote the same keys since, then it looks refused.
struct Fate {
    Result<TxnOutcome> outcome = Error{};
    bool was_unknown = false;  // After some try.
};
Fate fate_of(Engine& engine, const Txn& txn, Deadline deadline);
Result<TxnOutcome> resolve(Engine& engine, const Txn& txn, Deadline deadline);
// Puts, whatever it takes.
bool put(Engine& engine, const std::string& key, const std::string& value);

// Keeps what a watch delivered, and how.
class Watched {
public:
    Watched(Engine& engine, const std::string& prefix);
    ~Watched() { worker_.stop(); }

    std::map<std::string, std::string> state();
    std::vector<std::string> values(const std::string& key);  // As they were told.
    std::size_t whole_batches();
    // What a watch must never do, in words: repeats of older states, halves of transactions.
    std::vector<std::string> wrongs();
    // Looked at after every batch: nothing, or what is wrong with the state.
    void check_states(std::function<std::string(const std::map<std::string, std::string>&)> check);

private:
    void take(const WatchBatch& batch);

    Mutex mutex_;
    std::map<std::string, std::string> state_ EK_GUARDED_BY(mutex_);
    std::map<std::string, Version> versions_ EK_GUARDED_BY(mutex_);
    std::map<std::string, std::vector<std::string>> history_ EK_GUARDED_BY(mutex_);
    std::vector<std::string> wrongs_ EK_GUARDED_BY(mutex_);
    std::function<std::string(const std::map<std::string, std::string>&)> check_
        EK_GUARDED_BY(mutex_);
    std::size_t whole_batches_ EK_GUARDED_BY(mutex_) = 0;
    Version version_ EK_GUARDED_BY(mutex_) = 0;
    io::Worker worker_;
};

}  // namespace evenkeel::coord
