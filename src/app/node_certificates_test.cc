#include "app/node_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/file.h"

namespace evenkeel::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Config raft(const std::string& bind, const std::string& peers) {
    Config config;
    config.coordination.engine = coord::EngineKind::raft;
    config.coordination.bind = bind;
    config.api.peers = peers;
    return config;
}

TEST(NodeCertificate, NamesWhereOthersReachTheNodeAndItsOwnMember) {
    EXPECT_THAT(certificate_hosts(raft("10.0.0.1:10008", "10.0.0.1:10010")),
                ElementsAre("10.0.0.1", "127.0.0.1"));
    EXPECT_THAT(certificate_hosts(raft("node1.lan:10008", "10.0.0.1:10010")),
                ElementsAre("node1.lan", "127.0.0.1", "10.0.0.1"));
    EXPECT_THAT(certificate_hosts(raft("127.0.0.1:10008", "127.0.0.1:10010")),
                ElementsAre("127.0.0.1"));
}

TEST(NodeCertificate, ListeningEverywhereIsNoName) {
    EXPECT_THAT(certificate_hosts(raft("10.0.0.1:10008", "0.0.0.0:10010")),
                ElementsAre("10.0.0.1", "127.0.0.1"));
}

TEST(NodeCertificate, WithoutAMemberOnlyPeersReachIt) {
    Config config = raft("", "10.0.0.1:10010");
    config.coordination.engine = coord::EngineKind::etcd;
    EXPECT_THAT(certificate_hosts(config), ElementsAre("10.0.0.1"));
}

TEST(NodeCertificate, WithoutTlsThereIsNothingToCheck) {
    const Config config = raft("10.0.0.1:10008", "");
    EXPECT_THAT(check_certificate(config).value(), IsEmpty());
    EXPECT_THAT(certificate_lives(config.coordination.tls), IsEmpty());
}

TEST(NodeCertificate, OfABundleTheAuthorityThatStaysCounts) {
    const std::string folder = io::make_temp_folder("ek-lives-").value();
    const io::TlsFiles files{.ca = folder + "/ca.pem", .cert = folder + "/n.pem", .key = "-"};
    const auto old = io::make_authority("g", io::Days(1)).value();
    const auto fresh = io::make_authority("g", io::Days(100)).value();
    const auto node =
        io::make_certificate(fresh, {.name = "n", .hosts = {"h"}, .valid = io::Days(10)}).value();
    EXPECT_TRUE(io::replace_file(files.ca, old.cert + fresh.cert));
    EXPECT_TRUE(io::replace_file(files.cert, node.cert));
    const auto lives = certificate_lives(files);
    ASSERT_EQ(lives.size(), 2u);
    EXPECT_EQ(lives[0].of, "node");
    EXPECT_NEAR(static_cast<double>(lives[0].seconds_left), 10 * 86400.0, 60);
    EXPECT_EQ(lives[1].of, "authority");
    EXPECT_NEAR(static_cast<double>(lives[1].seconds_left), 100 * 86400.0, 60);
    EXPECT_TRUE(io::remove_all(folder));
}

}  // namespace
}  // namespace evenkeel::app
