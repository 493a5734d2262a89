// The configurations in packaging/examples/ run as they are, with addresses, accounts and folders
// of this machine put in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "io/file.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/group_certificates.h"
#include "tests/support/mariadb_topology.h"

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;

constexpr Millis kLimit{30'000};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        text.replace(at, from.size(), to);
        at += to.size();
    }
    return text;
}

class Examples : public MariadbTopologyTest {
protected:
    // The example with what is of this machine: `words` are replaced.
    std::string example(const std::string& name, const std::map<std::string, std::string>& words) {
        const char* root = std::getenv("EVENKEEL_SOURCE");
        const auto text = io::read_file(std::string(root != nullptr ? root : ".") +
                                        "/packaging/examples/" + name);
        EXPECT_TRUE(text) << text.error().what;
        const lab::Accounts& accounts = topology().accounts();
        std::string mine = text.value_or("");
        mine = replaced(mine, "\"db1:3306\"", "\"" + db(1).id().str() + "\"");
        mine = replaced(mine, "\"db2:3306\"", "\"" + db(2).id().str() + "\"");
        mine = replaced(mine, "replication_password = \"secret\"",
                        "replication_password = \"" + accounts.replication.password + "\"");
        mine = replaced(mine, "\"secret\"", "\"" + accounts.evenkeel.password + "\"");
        for (const auto& [from, to] : words) mine = replaced(mine, from, to);
        return mine;
    }

    std::string ask(EvenkeelGroup& group, std::size_t node, const std::string& path) {
        return group.ask(node, path).body;
    }
};

TEST_F(Examples, SingleNodeKnowsItsCluster) {
    EvenkeelGroup group(folder() + "/single", 1);
    group.write_config(0, example("single-node.toml", {{"/var/lib/evenkeel", group.node(0).folder},
                                                       {"127.0.0.1:3000", group.node(0).api}}));
    group.start_all();
    EXPECT_TRUE(eventually(kLimit, [&] {
        const std::string body = ask(group, 0, "/api/v1/clusters/shop");
        return body.find("\"primary\":\"" + db(1).id().str()) != std::string::npos;
    })) << group.log(0);
}

TEST_F(Examples, StreamFollowsItsCluster) {
    query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY)"});
    EvenkeelGroup group(folder() + "/stream", 1);
    // It has no [api]: the default port may be taken here.
    group.write_config(0, example("stream.toml", {{"/var/lib/evenkeel", group.node(0).folder}}) +
                              "\n[api]\nlisten = \"" + group.node(0).api + "\"\n");
    group.start_all();
    ASSERT_TRUE(eventually(kLimit, [&] {
        return ask(group, 0, "/api/v1/streams").find("\"streaming\"") != std::string::npos;
    })) << group.log(0);
    query(db(1), {"INSERT INTO shop.item VALUES (7)"});
    const std::string file = group.node(0).folder + "/shop-rows.json";
    EXPECT_TRUE(eventually(kLimit, [&] { return !io::read_file(file).value_or("").empty(); }));
    EXPECT_THAT(io::read_file(file).value_or(""),
                HasSubstr("\"primary_key\":[7],\"data\":{\"id\":7}"));
}

TEST_F(Examples, ThreeNodesFormTheirGroup) {
    EvenkeelGroup group(folder() + "/three", 3);
    const GroupCertificates pki(folder() + "/pki", 3);
    for (std::size_t i = 0; i < 3; ++i) {
        std::map<std::string, std::string> words{
            {"/etc/evenkeel", pki.folder()},
            {"/var/lib/evenkeel", group.node(i).folder},
            {"\"0.0.0.0:3000\"",
             "\"" + group.node(i).api + "\"\npeers = \"" + pki.peers(i) + "\""}};
        for (std::size_t peer = 0; peer < 3; ++peer) {
            const std::string host = "10.0.0." + std::to_string(peer + 1);
            words[host + ":10008"] = group.node(peer).bind;
            words[host + ":3000"] = group.node(peer).api;
        }
        const std::string text = example("three-nodes/" + group.node(i).name + ".toml", words);
        // Three members on one host: the ports for their own use must differ too.
        group.write_config(i, replaced(text, "group  = \"shop\"",
                                       "group  = \"shop\"\nclient_port = " +
                                           std::to_string(group.node(i).client_port)));
    }
    group.start_all();
    EXPECT_TRUE(group.wait_healthy(kLimit)) << group.log(0);
    EXPECT_TRUE(eventually(kLimit, [&] {
        const std::string body = ask(group, 2, "/api/v1/clusters/shop");
        return body.find("\"primary\":\"" + db(1).id().str()) != std::string::npos;
    })) << group.log(2);
}

}  // namespace
}  // namespace evenkeel::test
