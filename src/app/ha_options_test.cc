#include "app/ha_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Values = std::map<std::string, std::string>;

std::string refused(const Values& values, bool asking = false) {
    const auto ha = ha_config_from(values, "maxwell", asking);
    return ha ? "accepted" : ha.error().what;
}

TEST(HaOptions, ZookeeperWithMaxwellsNamesAndDefaults) {
    const auto ha = ha_config_from({{"ha", "zookeeper"}, {"zookeeper_server", "zk1:2181,zk2"}},
                                   "orders", false);
    ASSERT_TRUE(ha) << ha.error().what;
    EXPECT_EQ(ha->kind, HaKind::zookeeper);
    EXPECT_EQ(ha->group.group, "maxwell/orders");
    EXPECT_EQ(ha->group.zookeeper.servers, "zk1:2181,zk2:2181");
    EXPECT_EQ(ha->group.zookeeper.session_timeout, Millis(6000));
    EXPECT_EQ(ha->group.zookeeper.max_retries, 3);
    EXPECT_EQ(ha->group.ttl, Millis(3000));
    EXPECT_EQ(ha->join_limit, Millis(28'000));
}

TEST(HaOptions, TheSeedsStrayBlankIsUnderstood) {
    const auto ha =
        ha_config_from({{"ha", "zookeeper"}, {"zookeeper_server", "=zk1:2181,zk2:2181,zk3:2181"}},
                       "maxwell", false);
    ASSERT_TRUE(ha) << ha.error().what;
    EXPECT_EQ(ha->group.zookeeper.servers, "zk1:2181,zk2:2181,zk3:2181");
    EXPECT_THAT(refused({{"ha", "zookeeper"}, {"zookeeper_server", "="}}),
                HasSubstr("--zookeeper_server"));
}

TEST(HaOptions, ABareHaNeverMeansNone) {
    EXPECT_THAT(refused({{"ha", "true"}}), HasSubstr("--ha=zookeeper"));
    EXPECT_THAT(refused({{"ha", ""}}), HasSubstr("--ha=zookeeper"));
    EXPECT_THAT(refused({{"ha", "raft"}}), HasSubstr("evenkeel node"));
    EXPECT_THAT(refused({{"ha", "zokeeper"}}), HasSubstr("did you mean zookeeper?"));
    EXPECT_EQ(ha_config_from({}, "maxwell", false)->kind, HaKind::none);
    EXPECT_EQ(ha_config_from({{"ha", "false"}}, "maxwell", false)->kind, HaKind::none);
}

TEST(HaOptions, WhoAsksMayLeaveItOut) {
    for (const Values& values : {Values{}, Values{{"ha", "true"}}, Values{{"ha", "raft"}}}) {
        EXPECT_EQ(ha_config_from(values, "maxwell", true)->kind, HaKind::raft);
    }
}

TEST(HaOptions, Etcd) {
    const auto ha = ha_config_from(
        {{"ha", "etcd"}, {"etcd_endpoints", "e1:2379, https://e2:2379"}, {"raft_member_id", "A"}},
        "maxwell", false);
    ASSERT_TRUE(ha) << ha.error().what;
    EXPECT_THAT(ha->group.etcd.endpoints, ElementsAre("http://e1:2379", "https://e2:2379"));
    EXPECT_EQ(ha->member_id, "A");
    EXPECT_THAT(refused({{"ha", "etcd"}}), HasSubstr("--etcd_endpoints"));
}

TEST(HaOptions, WhatWouldBePassedOverIsRefused) {
    EXPECT_THAT(refused({{"zookeeper_server", "zk1:2181"}}), HasSubstr("--ha=zookeeper"));
    EXPECT_THAT(refused({{"ha", "etcd"}, {"etcd_endpoints", "e"}, {"zookeeper_max_retries", "1"}}),
                HasSubstr("--ha=zookeeper"));
    EXPECT_THAT(refused({{"raft_member_id", "A"}}), HasSubstr("--ha"));
    EXPECT_THAT(refused({{"ha", "zookeeper"},
                         {"zookeeper_server", "zk1"},
                         {"zookeeper_session_timeout_ms", "soon"}}),
                HasSubstr("zookeeper_session_timeout_ms"));
    EXPECT_FALSE(ha_config_from({{"ha", "zookeeper"}, {"zookeeper_server", "zk1"}}, "a/b", false));
}

}  // namespace
}  // namespace evenkeel::app
