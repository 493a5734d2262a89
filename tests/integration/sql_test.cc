// Connections to real servers: refusals, hangs, and sockets that change their owner.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "io/clock.h"
#include "io/fd.h"
#include "io/process.h"
#include "lab/server.h"
#include "sql/connection.h"
#include "tests/support/test_folder.h"

namespace evenkeel {
namespace {

using io::within;

class Sql : public ::testing::Test {
protected:
    void SetUp() override {
        auto server = lab::Server::create({.folder = folder_.path()}, within(Millis(60'000)));
        ASSERT_TRUE(server) << server.error().what;
        server_ = std::make_unique<lab::Server>(std::move(*server));
        ASSERT_TRUE(server_->start());
        const auto ready = server_->wait_ready(within(Millis(30'000)));
        ASSERT_TRUE(ready) << ready.error().what;
    }

    Result<sql::Connection> open(const sql::Credentials& who, Millis limit = Millis(5000)) {
        return sql::Connection::open(server_->id(), who, within(limit));
    }
    static Millis since(Instant start) {
        return std::chrono::duration_cast<Millis>(io::now() - start);
    }

    test::TestFolder folder_;
    std::unique_ptr<lab::Server> server_;
};

TEST_F(Sql, AnswersRowsAndNulls) {
    auto connection = open(server_->accounts().admin);
    ASSERT_TRUE(connection) << connection.error().what;
    EXPECT_GT(connection->server_thread(), 0u);
    const auto table =
        connection->query("SELECT 1 AS a, NULL AS b, 'h\xc3\xa9' AS c", within(Millis(1000)));
    ASSERT_TRUE(table) << table.error().what;
    EXPECT_EQ(table->text(0, "a"), "1");
    EXPECT_EQ(table->get(0, "b"), std::nullopt);
    EXPECT_EQ(table->text(0, "c"), "h\xc3\xa9");
    const auto wrong = connection->query("SELEKT 1", within(Millis(1000)));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::invalid);
    EXPECT_EQ(connection->error_number(), 1064u);
    EXPECT_TRUE(connection->connected()) << "a wrong statement costs no connection";
}

TEST_F(Sql, RefusalsSayWhatToDo) {
    const auto password = open({"evenkeel", "wrong"});
    ASSERT_FALSE(password);
    EXPECT_EQ(password.error().code, Errc::denied) << password.error().what;

    auto app = open(server_->accounts().app);
    ASSERT_TRUE(app) << app.error().what;
    const auto privilege = app->execute("STOP SLAVE", within(Millis(1000)));
    ASSERT_FALSE(privilege);
    EXPECT_EQ(privilege.error().code, Errc::denied);
    EXPECT_NE(privilege.error().what.find("REPLICATION SLAVE ADMIN"), std::string::npos)
        << privilege.error().what;

    const ServerId nobody{"127.0.0.1", static_cast<std::uint16_t>(io::free_port())};
    const auto refused = sql::Connection::open(nobody, {"a", "b"}, within(Millis(1000)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_EQ(refused.error().what, "connect " + nobody.str() + ": connection refused");
}

TEST_F(Sql, HungServerCostsTheDeadlineAndNoMore) {
    auto connection = open(server_->accounts().admin);
    ASSERT_TRUE(connection) << connection.error().what;
    server_->suspend();
    Instant start = io::now();
    const auto greeting = open(server_->accounts().admin, Millis(200));
    ASSERT_FALSE(greeting);
    EXPECT_EQ(greeting.error().code, Errc::timed_out) << greeting.error().what;
    EXPECT_GE(since(start), Millis(200));
    EXPECT_LT(since(start), Millis(400));

    start = io::now();
    const auto answer = connection->query("SELECT 1", within(Millis(200)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::timed_out) << answer.error().what;
    EXPECT_LT(since(start), Millis(400));
    EXPECT_FALSE(connection->connected());
    server_->resume();
}

TEST_F(Sql, SlowStatementCostsTheDeadlineAndNoMore) {
    auto connection = open(server_->accounts().admin);
    ASSERT_TRUE(connection) << connection.error().what;
    const auto answer = connection->query("SELECT SLEEP(5)", within(Millis(100)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::timed_out) << answer.error().what;
}

TEST_F(Sql, LostConnectionIsUnavailable) {
    auto connection = open(server_->accounts().admin);
    ASSERT_TRUE(connection) << connection.error().what;
    server_->kill();
    const auto answer = connection->query("SELECT 1", within(Millis(1000)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::unavailable) << answer.error().what;
}

TEST_F(Sql, ReleasedSocketSpeaksOn) {
    auto connection = open(server_->accounts().admin);
    ASSERT_TRUE(connection) << connection.error().what;
    const io::Fd fd(connection->release_socket());
    ASSERT_TRUE(fd.valid());
    EXPECT_FALSE(connection->connected());
    const std::array<char, 5> ping{1, 0, 0, 0, 14};
    for (int i = 0; i < 2; ++i) {
        ASSERT_EQ(send(fd.get(), ping.data(), ping.size(), MSG_NOSIGNAL), 5);
        pollfd entry{.fd = fd.get(), .events = POLLIN, .revents = 0};
        ASSERT_EQ(poll(&entry, 1, 2000), 1);
        std::array<char, 64> answer{};
        ASSERT_GE(recv(fd.get(), answer.data(), answer.size(), 0), 7);
        EXPECT_EQ(answer[4], 0) << "an OK packet";
    }
}

}  // namespace
}  // namespace evenkeel
