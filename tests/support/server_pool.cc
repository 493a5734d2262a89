#include "tests/support/server_pool.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "io/clock.h"
#include "tests/support/other_servers.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

constexpr Millis kStartLimit{120'000};

using Pooled = Result<std::unique_ptr<lab::Server>>;

struct Pool {
    TestFolder folder{};
    std::map<std::string, Pooled> servers{};
};
std::unique_ptr<Pool> pool;

class PoolEnvironment : public ::testing::Environment {
    void SetUp() override { pool = std::make_unique<Pool>(); }
    void TearDown() override {
        for (auto& [release, server] : pool->servers) {
            if (server) (*server)->terminate();
        }
        for (auto& [release, server] : pool->servers) {
            if (server) (*server)->stop();
        }
        pool.reset();
    }
};
const auto* const environment = ::testing::AddGlobalTestEnvironment(new PoolEnvironment);

Pooled start(const std::string& release, std::vector<std::string> options) {
    EK_TRY(const std::string home, server_home(release));
    options.insert(options.end(), {"--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0"});
    const Deadline deadline = io::within(kStartLimit);
    EK_TRY(auto created, lab::Server::create({.name = release,
                                              .folder = pool->folder.path(),
                                              .options = std::move(options),
                                              .home = home},
                                             deadline));
    auto server = std::make_unique<lab::Server>(std::move(created));
    EK_TRY_VOID(server->start());
    EK_TRY_VOID(server->wait_ready(deadline));
    EK_TRY_VOID(server->query({"SET GLOBAL read_only = 0"}, deadline));
    return server;
}

}  // namespace

Result<lab::Server*> pooled_server(const std::string& release,
                                   const std::vector<std::string>& options) {
    auto found = pool->servers.find(release);
    if (found == pool->servers.end()) {
        found = pool->servers.emplace(release, start(release, options)).first;
    }
    if (!found->second) return found->second.error();
    return found->second->get();
}

}  // namespace evenkeel::test
