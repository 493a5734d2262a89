// A server of some release, a group of one node, a stream to a file, and a consumer that applies
// its lines in order to an empty table: what it then has must be what the server has.
#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cdc/bootstrap/request.h"
#include "cdc/stream_service.h"
#include "io/thread.h"
#include "lab/server.h"
#include "tests/integration/cdc_fixture.h"
#include "tests/support/other_servers.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {

// Rows by their printed key.
using Rows = std::map<std::string, std::string>;

// Runs statements that `next` makes, each a transaction, until it is stopped.
class Writer {
public:
    using Next = std::function<std::vector<std::string>(std::mt19937&)>;

    Writer(lab::Server& server, std::uint32_t seed, Next next) : server_(server) {
        worker_ = io::Worker("writer", [this, seed, next](io::StopToken& stop) {
            std::mt19937 random(seed);
            auto connection = server_.connect(server_.accounts().app, io::within(kLong));
            ASSERT_TRUE(connection) << connection.error().what;
            while (!stop.requested()) {
                bool good = true;
                for (const std::string& statement : next(random)) {
                    // A duplicate key is no mistake of the test.
                    good = good && connection->execute(statement, io::within(kLong)).has_value();
                }
                if (!connection->connected()) return;
                if (!good) (void)connection->execute("ROLLBACK", io::within(kLong));
                ++transactions_;
            }
        });
    }
    void stop() { worker_.stop(); }
    std::uint64_t transactions() const { return transactions_; }

private:
    lab::Server& server_;
    std::atomic<std::uint64_t> transactions_{0};
    io::Worker worker_;
};

class BootstrapTest : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override;

    lab::Server& db() { return *server_; }
    static Deadline within() { return io::within(Millis{60'000}); }
    // Statements over a connection of their own; the last one's rows.
    sql::Table run(const std::vector<std::string>& statements);
    std::string value(const std::string& query);

    cdc::StreamConfig config() const;
    // Streams when this returns; `node` null: alone.
    std::unique_ptr<cdc::StreamService> start_stream(OneNode* node, const cdc::StreamConfig& with);
    std::string out() const { return folder_.path() + "/out.json"; }
    std::string group() const { return folder_.path() + "/group.db"; }
    std::vector<std::string> lines() const;
    std::size_t count(const std::string& part) const;
    bool has_line(const std::string& part) const {
        return eventually(Millis{60'000}, [&] { return count(part) > 0; });
    }
    // Its number, as the stream names it.
    std::string ask(OneNode& node, cdc::BootstrapRequest request);
    cdc::BootstrapJob job(OneNode& node, const std::string& id);
    bool ends(OneNode& node, const std::string& id, cdc::JobState state);
    // Writes a row that only comes once all before it has come.
    void catch_up();

    // What a consumer has of the table: by these columns, applied in the order of the lines.
    Rows apply(const std::string& table, const std::vector<std::string>& key) const;
    // What the server has; `json`: an SQL expression that makes the same text as a line's data.
    Rows server_rows(const std::string& table, const std::vector<std::string>& key,
                     const std::string& json);
    void expect_same(const Rows& consumer, const Rows& server);

    TestFolder folder_;
    lab::Server* server_ = nullptr;
};

}  // namespace evenkeel::test
