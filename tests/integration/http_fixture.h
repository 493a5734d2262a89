// The API's HTTP servers on loopback, without a group behind them: what they show is given.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/server.h"
#include "base/mutex.h"
#include "io/clock.h"
#include "io/http_client.h"
#include "io/process.h"
#include "tests/support/certificates.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {

// Thread-safe.
class FakeGroup {
public:
    coord::GroupView view(const std::string& self) const {
        Lock lock(mutex_);
        coord::GroupView group{.self = self, .healthy = true, .leads = leader_.node == self};
        if (!leader_.node.empty()) group.leader = leader_;
        group.members = members_;
        return group;
    }
    void set_leader(const coord::Member& leader) {
        Lock lock(mutex_);
        leader_ = leader;
    }
    void set_members(const std::vector<coord::Member>& members) {
        Lock lock(mutex_);
        members_ = members;
    }
    void note_transfer(const std::string& to) {
        Lock lock(mutex_);
        transfers_.push_back(to);
    }
    // Whom the lead was given to.
    std::vector<std::string> transfers() const {
        Lock lock(mutex_);
        return transfers_;
    }
    api::Sources sources(const std::string& self) {
        return {.group = [this, self] { return view(self); },
                .transfer =
                    [this](const std::string& node, Deadline) {
                        note_transfer(node);
                        return Result<>();
                    },
                .leading_since = [] { return std::int64_t{0}; },
                .clusters = [] { return std::vector<topology::ClusterReport>(); },
                .streams = [] { return std::vector<cdc::StreamReport>(); },
                .group_streams = [] { return std::vector<cdc::StreamReport>(); },
                .http = {},
                .node = {.grouped = true},
                .version = "1"};
    }

private:
    mutable Mutex mutex_;
    coord::Member leader_ EK_GUARDED_BY(mutex_);
    std::vector<coord::Member> members_ EK_GUARDED_BY(mutex_);
    std::vector<std::string> transfers_ EK_GUARDED_BY(mutex_);
};

// One server of node1, which leads; tests change the options before start().
class HttpTest : public ::testing::Test {
protected:
    HttpTest() {
        group_.set_leader({.node = "node1", .api_address = options_.listen.str(), .live = true});
        group_.set_members({{.node = "node1", .api_address = options_.listen.str(), .live = true},
                            {.node = "node2", .api_address = "node2.invalid:3000", .live = true}});
    }

    void start() {
        server_ = std::make_unique<api::Server>(options_, group_.sources(options_.node));
        const auto started = server_->start();
        ASSERT_TRUE(started) << started.error().what;
    }
    int port() const { return options_.listen.port; }
    std::string url(const std::string& path) const {
        return "http://" + options_.listen.str() + path;
    }
    static io::HttpAnswer send(const io::HttpRequest& request, const io::TlsFiles& tls = {}) {
        io::HttpClient client(tls);
        const auto answer = client.send(request, io::within(Millis(10'000)));
        return answer ? *answer : io::HttpAnswer{.status = 0, .body = answer.error().what};
    }
    static std::uint16_t any_port() { return static_cast<std::uint16_t>(io::free_port()); }

    TestFolder folder_;
    FakeGroup group_;
    api::ServerOptions options_{.listen = {"127.0.0.1", any_port()}, .node = "node1"};
    std::unique_ptr<api::Server> server_;
};

}  // namespace evenkeel::test
