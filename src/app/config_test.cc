#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "io/file.h"

namespace evenkeel::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSmallest = "[node]\ndata_dir = \"/var/lib/evenkeel\"\n";

std::vector<std::string> problems(const std::string& text) {
    const auto config = parse_config(text, "f");
    return config ? std::vector<std::string>{} : split(config.error().what, '\n');
}

TEST(Config, TheSmallestFileHasDefaults) {
    const auto config = parse_config(kSmallest, "f");
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->coordination.engine, coord::EngineKind::local);
    EXPECT_EQ(config->coordination.data_dir, "/var/lib/evenkeel");
    EXPECT_FALSE(config->coordination.node.empty());
    EXPECT_EQ(config->api.advertise, "127.0.0.1:3000");
    EXPECT_TRUE(config->clusters.empty());
}

TEST(Config, ReadsEverySection) {
    const auto config = parse_config(R"(
[node]
id = "n1"
data_dir = "/d"
log_level = "debug"
[coordination]
engine = "raft"
bind = "10.0.0.1"
nodes = ["10.0.0.1", "10.0.0.2:10008", "10.0.0.3"]
ttl_ms = 800
join_limit_s = 5
[api]
listen = "0.0.0.0:3000"
advertise = "10.0.0.1"
[tls]
ca = "/d/ca.pem"
cert = "/d/n1.pem"
key = "/d/n1.key"
[[cluster]]
name = "shop"
seeds = ["db1", "db2:3307"]
user = "u"
password = "p"
poll_interval_ms = 500
[[stream]]
name = "s"
cluster = "shop"
producer = "file"
output_file = "/d/s.json"
include_databases = ["a"]
[stream.output]
nulls = false
)",
                                     "f");
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->coordination.bind, "10.0.0.1:10008");
    EXPECT_THAT(config->coordination.nodes,
                ElementsAre("10.0.0.1:10008", "10.0.0.2:10008", "10.0.0.3:10008"));
    EXPECT_EQ(config->coordination.ttl, Millis(800));
    EXPECT_EQ(config->coordination.join_limit, Millis(5000));
    EXPECT_EQ(config->coordination.size, 3);
    EXPECT_EQ(config->coordination.tls.key, "/d/n1.key");
    EXPECT_EQ(config->api.advertise, "10.0.0.1:3000");
    EXPECT_EQ(config->api.peers, "10.0.0.1:10010");
    ASSERT_EQ(config->clusters.size(), 1u);
    EXPECT_EQ(config->clusters[0].seeds[1].str(), "db2:3307");
    EXPECT_EQ(config->clusters[0].replication.user, "u");
    ASSERT_EQ(config->streams.size(), 1u);
    EXPECT_EQ(config->streams[0].credentials.password, "p");
    EXPECT_FALSE(config->streams[0].output.nulls);
}

TEST(Config, APresetGivesWhatTheFileDoesNot) {
    const auto config = parse_config(std::string(kSmallest) +
                                         "[coordination]\nengine=\"raft\"\nbind=\"127.0.0.1\"\n"
                                         "nodes=[\"127.0.0.1\"]\npreset=\"lan\"\nttl_ms=900\n",
                                     "f");
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->coordination.ttl, Millis(900));
    EXPECT_EQ(config->coordination.heartbeat, Millis(30));
    EXPECT_EQ(config->coordination.election, Millis(300));
}

TEST(Config, ReadsExternalEngines) {
    const auto etcd = parse_config(std::string(kSmallest) +
                                       "[coordination]\nengine=\"etcd\"\ngroup_size=3\n"
                                       "etcd_endpoints=[\"https://e1:2379/\"]\n"
                                       "etcd_user=\"ek\"\netcd_password=\"p\"\n"
                                       "etcd_ca=\"/ca.pem\"\n",
                                   "f");
    ASSERT_TRUE(etcd) << etcd.error().what;
    EXPECT_THAT(etcd->coordination.etcd.endpoints, ElementsAre("https://e1:2379"));
    EXPECT_EQ(etcd->coordination.etcd.tls.ca, "/ca.pem");
    EXPECT_EQ(etcd->coordination.size, 3);
    const auto zookeeper =
        parse_config(std::string(kSmallest) +
                         "[coordination]\nengine=\"zookeeper\"\ngroup=\"g\"\ngroup_size=1\n"
                         "zookeeper_server=\"a:1,b:2\"\nzookeeper_max_retries=5\n",
                     "f");
    ASSERT_TRUE(zookeeper) << zookeeper.error().what;
    EXPECT_EQ(zookeeper->coordination.zookeeper.servers, "a:1,b:2");
    EXPECT_EQ(zookeeper->coordination.zookeeper.chroot, "/evenkeel/g");
    EXPECT_EQ(zookeeper->coordination.zookeeper.max_retries, 5);
}

TEST(Config, ReportsEveryProblemInTheOrderOfLines) {
    EXPECT_THAT(
        problems("[node]\ndata_dir = 3\n[api]\nlisten = \"x:y:z\"\n[[cluster]]\nuser = \"u\"\n"),
        ElementsAre(HasSubstr("f:1: data_dir is missing"), HasSubstr("f:2: data_dir in [node]"),
                    HasSubstr("f:4: listen in [api]"), HasSubstr("f:5: seeds is missing")));
}

TEST(Config, ReadsAPasswordFromAFile) {
    const auto folder = io::make_temp_folder("config-test-");
    ASSERT_TRUE(folder);
    ASSERT_TRUE(io::replace_file(*folder + "/secret", "geheim\n"));
    const auto config = parse_config(
        std::string(kSmallest) + "[[cluster]]\nseeds=[\"a\"]\nuser=\"u\"\npassword_file=\"" +
            *folder + "/secret\"\n",
        "f");
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->clusters[0].credentials.password, "geheim");
    EXPECT_TRUE(io::remove_all(*folder));
}

TEST(Config, NeverShowsAPassword) {
    const auto wrong =
        parse_config("[[cluster]]\npassword = \"topsecret\"\npasswort = \"topsecret\"\n", "f");
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().what, Not(HasSubstr("topsecret")));
}

struct Bad {
    const char* name;
    const char* text;      // Behind the smallest file, from line 3 on.
    const char* expected;  // Part of the one problem.
};

class BadConfig : public ::testing::TestWithParam<Bad> {};

TEST_P(BadConfig, IsRefusedWithItsLine) {
    EXPECT_THAT(problems(std::string(kSmallest) + GetParam().text),
                ElementsAre(HasSubstr(GetParam().expected)));
}

constexpr const char* kCluster = "[[cluster]]\nname=\"c\"\nseeds=[\"a\"]\nuser=\"u\"\n";

std::string with_cluster(const std::string& text) {
    return std::string(kCluster) + text;
}

const std::string kTwice = with_cluster(kCluster);
const std::string kNoCluster = with_cluster("[[stream]]\ncluster=\"d\"\n");
const std::string kServerToo = with_cluster("[[stream]]\ncluster=\"c\"\nserver=\"x\"\n");
const std::string kBothPasswords = with_cluster("password=\"p\"\npassword_file=\"/etc/passwd\"\n");

INSTANTIATE_TEST_SUITE_P(
    All, BadConfig,
    ::testing::Values(
        Bad{"NotToml", "[api\n", "f:3: "},
        Bad{"UnknownSection", "[coordinaton]\n",
            "f:3: unknown section \"coordinaton\" in the file; did "
            "you mean coordination?"},
        Bad{"UnknownKey", "[api]\nlisen = \"a:1\"\n",
            "f:4: unknown key \"lisen\" in [api]; did you mean "
            "listen?"},
        Bad{"WrongType", "[api]\nlisten = 3000\n",
            "f:4: listen in [api]: expects a text in quotes, not "
            "a number"},
        Bad{"OutOfRange", "[coordination]\nttl_ms = 5\n",
            "f:4: ttl_ms in [coordination]: must be from "
            "200 to 60000, not 5"},
        Bad{"NoSuchChoice", "[coordination]\nengine = \"raff\"\n", "did you mean raft?"},
        Bad{"LocalWithNodes", "[coordination]\nnodes = [\"a\"]\n",
            "f:4: nodes in [coordination] needs "
            "engine = \"raft\""},
        Bad{"RaftWithoutNodes", "[coordination]\nengine = \"raft\"\nbind = \"127.0.0.1\"\n",
            "f:3: nodes is "
            "missing"},
        Bad{"NotInNodes",
            "[coordination]\nengine=\"raft\"\nbind=\"127.0.0.9\"\nnodes=[\"a\",\"b\",\"c\"]\n",
            "f:6: nodes in [coordination] does not have this node's bind \"127.0.0.9:10008\""},
        Bad{"EvenNodes",
            "[coordination]\nengine=\"raft\"\nbind=\"127.0.0.1\"\nnodes=[\"127.0.0.1\",\"b\"]\n",
            "use 3 or 5"},
        Bad{"NodeTwice",
            "[coordination]\nengine=\"raft\"\nbind=\"127.0.0.1\"\nnodes=[\"127.0.0.1\",\"b\",\"a\","
            "\"a:"
            "10008\"]\n",
            "\"a:10008\" is there twice"},
        Bad{"ShortElection",
            "[coordination]\nengine=\"raft\"\nbind=\"127.0.0.1\"\nnodes=[\"127.0.0.1\"]\nheartbeat_"
            "ms=50\n"
            "election_ms=100\n",
            "f:8: election_ms in [coordination] must be at least five times heartbeat_ms"},
        Bad{"NoAdvertise",
            "[coordination]\nengine=\"raft\"\nbind=\"a\"\nnodes=[\"a\",\"b\",\"c\"]\n"
            "insecure=true\n[api]\nlisten=\"0.0.0.0:3000\"\n",
            "f:9: advertise is missing in [api]"},
        Bad{"SeveralHostsWithoutTls",
            "[coordination]\nengine=\"raft\"\nbind=\"a\"\nnodes=[\"a\",\"b\",\"c\"]\n",
            "f:3: [tls] is missing"},
        Bad{"TlsWithoutKey",
            "[coordination]\nengine=\"raft\"\nbind=\"a\"\nnodes=[\"a\",\"b\",\"c\"]\n"
            "[tls]\nca=\"c\"\ncert=\"n\"\n",
            "f:7: key is missing in [tls]"},
        Bad{"KeyOfAnotherEngine",
            "[coordination]\nengine=\"etcd\"\ngroup_size=1\netcd_endpoints=[\"http://e\"]\n"
            "zookeeper_user=\"u\"\n",
            "f:7: zookeeper_user in [coordination] needs engine = \"zookeeper\""},
        Bad{"ExternalWithoutSize", "[coordination]\nengine=\"zookeeper\"\nzookeeper_server=\"z\"\n",
            "f:3: group_size is missing"},
        Bad{"ApiUserWithoutPassword", "[api]\nuser=\"u\"\n",
            "f:4: user and password in [api] need each other"},
        Bad{"SingleBrackets", "[cluster]\nname=\"a\"\n", "write [[cluster]] for each cluster"},
        Bad{"NoUser", "[[cluster]]\nseeds=[\"a\"]\n", "f:3: user is missing in [[cluster]]"},
        Bad{"BadSeed", "[[cluster]]\nuser=\"u\"\nseeds=[\"a:b:c\"]\n", "f:5: seeds in [[cluster]]"},
        Bad{"SameNameTwice", kTwice.c_str(),
            "f:8: there is another [[cluster]] with the name \"c\""},
        Bad{"BothPasswords", kBothPasswords.c_str(), "password_file in [[cluster]]"},
        Bad{"NoSuchCluster", kNoCluster.c_str(),
            "f:8: cluster in [[stream]] \"maxwell\": there is no "
            "[[cluster]] \"d\"; did you mean c?"},
        Bad{"ServerAndCluster", kServerToo.c_str(),
            "f:9: server in [[stream]] \"maxwell\" excludes "
            "cluster"},
        Bad{"FileWithoutPath", "[[stream]]\nuser=\"u\"\nproducer=\"file\"\n",
            "f:5: output_file is missing"},
        Bad{"PathWithoutFile", "[[stream]]\nuser=\"u\"\noutput_file=\"x\"\n",
            "needs producer = \"file\""},
        Bad{"BadGtid", "[[stream]]\nuser=\"u\"\ninit_gtid=\"x\"\n", "f:5: init_gtid in"},
        Bad{"UnknownOutput", "[[stream]]\nuser=\"u\"\n[stream.output]\nnull=true\n",
            "f:6: unknown key \"null\" in [stream.output]; did you mean nulls?"}),
    [](const auto& bad) { return std::string(bad.param.name); });

TEST(ConfigReference, NamesEveryKeyWithItsDefault) {
    const std::string text = config_reference();
    EXPECT_THAT(text, HasSubstr("| `ttl_ms` | number, 200 to 60000 | `1500` |"));
    EXPECT_THAT(text, HasSubstr("| `log_level` | text | `\"info\"` |"));
    EXPECT_THAT(text, HasSubstr("## [[stream]]"));
}

}  // namespace
}  // namespace evenkeel::app
