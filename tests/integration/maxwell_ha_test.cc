// Several `evenkeel cdc` with one client_id, as Maxwell's users start them, around real ZooKeeper
// and etcd servers and a real MariaDB: one streams, another goes on where it was.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <set>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/process.h"
#include "io/resolve.h"
#include "lab/zookeeper_ensemble.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/mariadb_topology.h"

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;

constexpr Millis kLong{60'000};

class MaxwellHa : public MariadbTopologyTest {
protected:
    lab::TopologyConfig topology_config() const override {
        return {.replicas = 0, .semi_sync = false};
    }
    void SetUp() override {
        MariadbTopologyTest::SetUp();
        query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    }

    std::string out(int number) const { return fmt::format("{}/cdc{}.out", folder(), number); }

    // Through a shell, so that stdout and stderr are two files.
    void start_cdc(int number, const std::vector<std::string>& ha) {
        std::vector<std::string> argv{
            "sh",
            "-c",
            fmt::format("exec \"$@\" >>{} 2>>{}/cdc{}.log", out(number), folder(), number),
            "sh",
            evenkeel_program(),
            "cdc",
            "--log_level=INFO",
            "--user=" + db(1).accounts().evenkeel.user,
            "--password=" + db(1).accounts().evenkeel.password,
            "--host=127.0.0.1",
            "--port=" + std::to_string(db(1).id().port),
            "--producer=stdout",
            "--client_id=orders"};
        argv.insert(argv.end(), ha.begin(), ha.end());
        auto started = io::Process::start({.argv = argv, .own_group = true});
        ASSERT_TRUE(started) << started.error().what;
        processes_[number] = *std::move(started);
    }
    std::string log(int number) const {
        return io::read_file(fmt::format("{}/cdc{}.log", folder(), number)).value_or("");
    }
    // From here on it misses nothing: without a checkpoint a stream begins at the binlog's end.
    bool streams(int number) const {
        return log(number).find("streaming: reads from") != std::string::npos;
    }
    void write_rows(int from, int to) {
        for (int id = from; id <= to; ++id) {
            query(db(1), {fmt::format("INSERT INTO shop.t VALUES ({})", id)});
        }
    }
    // The ids that came out of one process.
    std::set<int> rows(int number) const {
        std::set<int> ids;
        for (const std::string& line : split(io::read_file(out(number)).value_or(""), '\n')) {
            const std::string key = R"("data":{"id":)";
            const auto at = line.find(key);
            if (at == std::string::npos || line.find(R"("type":"insert")") == std::string::npos) {
                continue;
            }
            const auto end = line.find('}', at);
            ids.insert(static_cast<int>(
                parse_number(line.substr(at + key.size(), end - at - key.size())).value_or(0)));
        }
        return ids;
    }
    bool all_rows_came(int count) const {
        std::set<int> all;
        for (const auto& [number, process] : processes_) all.merge(rows(number));
        return all.size() == static_cast<std::size_t>(count);
    }
    Ran leaders(const std::vector<std::string>& ha) {
        std::vector<std::string> arguments{"leaders", "--client_id=orders"};
        arguments.insert(arguments.end(), ha.begin(), ha.end());
        return run_evenkeel(arguments, folder(), kLong);
    }
    void one_goes_on_for_another(const std::vector<std::string>& ha);
    // The options that lead to it.
    std::vector<std::string> start_etcd();

    io::Process etcd_;
    std::map<int, io::Process> processes_;
};

std::vector<std::string> MaxwellHa::start_etcd() {
    const std::string url = fmt::format("http://127.0.0.1:{}", io::free_port());
    const std::string peer = fmt::format("http://127.0.0.1:{}", io::free_port());
    auto started = io::Process::start(
        {.argv = {"etcd", "--data-dir", folder() + "/etcd", "--listen-client-urls", url,
                  "--advertise-client-urls", url, "--listen-peer-urls", peer,
                  "--initial-advertise-peer-urls", peer, "--initial-cluster", "default=" + peer},
         .output = folder() + "/etcd.log"});
    EXPECT_TRUE(started) << started.error().what;
    if (started) etcd_ = *std::move(started);
    return {"--ha=etcd", "--etcd_endpoints=" + url};
}

void MaxwellHa::one_goes_on_for_another(const std::vector<std::string>& ha) {
    EXPECT_EQ(leaders(ha).status, 1);  // Nobody yet.
    start_cdc(1, ha);
    ASSERT_TRUE(eventually(kLong, [&] { return streams(1); })) << log(1);
    start_cdc(2, ha);
    write_rows(1, 50);
    ASSERT_TRUE(eventually(kLong, [&] { return rows(1).size() == 50; })) << log(1);
    EXPECT_TRUE(rows(2).empty());

    const Ran said = leaders(ha);
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.output, "[INFO] MaxwellLeaders: clientID:orders:leaders now are -> " +
                               io::host_name() + "\n");

    processes_[1].signal(SIGKILL);
    processes_[1].wait(io::within(kLong));
    const Instant killed = io::now();
    write_rows(51, 100);
    ASSERT_TRUE(eventually(kLong, [&] { return all_rows_came(100); })) << log(2);
    std::printf("kill -9: the other has everything %ld ms later\n",
                static_cast<long>(std::chrono::duration_cast<Millis>(io::now() - killed).count()));
    // What was written after the last checkpoint comes twice, and no more.
    EXPECT_LT(rows(2).size(), 100u);

    // A stop gives the stream away at once.
    start_cdc(3, ha);
    ASSERT_TRUE(eventually(kLong, [&] { return log(3).find("joined as") != std::string::npos; }))
        << log(3);
    const Instant stopped = io::now();
    processes_[2].signal(SIGTERM);
    const auto exit = processes_[2].wait(io::within(kLong));
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->code, 0) << log(2);
    write_rows(101, 120);
    ASSERT_TRUE(eventually(kLong, [&] { return all_rows_came(120); })) << log(3);
    std::printf("stop: the other has everything %ld ms later\n",
                static_cast<long>(std::chrono::duration_cast<Millis>(io::now() - stopped).count()));

    processes_[3].signal(SIGKILL);
    processes_[3].wait(io::within(kLong));
    EXPECT_EQ(leaders(ha).status, 1);  // Its record still says that it lives.
}

TEST_F(MaxwellHa, AroundZookeeper) {
    auto zookeeper = lab::ZookeeperEnsemble::create({.folder = folder() + "/zk"});
    ASSERT_TRUE(zookeeper) << zookeeper.error().what;
    ASSERT_TRUE(zookeeper->start_all());
    ASSERT_TRUE(zookeeper->wait_serving(3, kLong));
    // The blank is on Maxwell's page.
    one_goes_on_for_another({"--ha=zookeeper", "--zookeeper_server", "=" + zookeeper->addresses(),
                             "--zookeeper_session_timeout_ms=3000",
                             "--zookeeper_connection_timeout_ms=3000", "--zookeeper_max_retries=3",
                             "--zookeeper_retry_wait_ms=500"});
}

TEST_F(MaxwellHa, AroundEtcd) {
    one_goes_on_for_another(start_etcd());
}

TEST_F(MaxwellHa, AFrozenProcessDoesNotComeBackAsASecond) {
    const auto ha = start_etcd();
    start_cdc(1, ha);
    ASSERT_TRUE(eventually(kLong, [&] { return streams(1); })) << log(1);
    start_cdc(2, ha);
    write_rows(1, 20);
    ASSERT_TRUE(eventually(kLong, [&] { return rows(1).size() == 20; })) << log(1);

    processes_[1].signal(SIGSTOP);
    write_rows(21, 40);
    EXPECT_TRUE(eventually(kLong, [&] { return all_rows_came(40); })) << log(2);
    const std::size_t before = log(1).size();
    processes_[1].signal(SIGCONT);
    ASSERT_TRUE(eventually(kLong, [&] {
        return log(1).find("standby", before) != std::string::npos;
    })) << log(1);

    write_rows(41, 60);
    EXPECT_TRUE(eventually(kLong, [&] { return rows(2).contains(60); })) << log(2);
    EXPECT_TRUE(all_rows_came(60));
    EXPECT_FALSE(rows(1).contains(41)) << log(1);
}

TEST_F(MaxwellHa, WithoutZookeeperItDoesNotStart) {
    const Ran ran =
        run_evenkeel({"cdc", "--host=127.0.0.1", "--user=u", "--password=p", "--ha=zookeeper",
                      "--zookeeper_server=127.0.0.1:" + std::to_string(io::free_port()),
                      "--zookeeper_connection_timeout_ms=200", "--zookeeper_max_retries=1",
                      "--zookeeper_retry_wait_ms=100"},
                     folder(), kLong);
    EXPECT_EQ(ran.status, 75) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr("127.0.0.1"));
}

}  // namespace
}  // namespace evenkeel::test
