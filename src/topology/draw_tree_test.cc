#include <gtest/gtest.h>

#include "topology/service.h"

namespace evenkeel::topology {
namespace {

TEST(DrawTree, ReplicasBelowTheirSource) {
    ClusterReport report;
    report.view.cluster = "main";
    report.fact = {
        .cluster = "main", .primary = ServerId{.host = "db1"}, .fenced = {ServerId{.host = "db3"}}};
    report.view.servers[{.host = "db1"}] = {.id = {.host = "db1"},
                                            .health = Health::alive,
                                            .version = "10.11.6-MariaDB-log",
                                            .read_only = false,
                                            .applied = *parse_gtid_position("0-1-5"),
                                            .semi_sync_primary = true,
                                            .semi_sync_clients = 1};
    report.view.servers[{.host = "db2"}] = {.id = {.host = "db2"},
                                            .health = Health::alive,
                                            .version = "10.11.6",
                                            .replication = Replication{.source = {.host = "db1"},
                                                                       .io = ThreadState::running,
                                                                       .sql = ThreadState::running,
                                                                       .lag_s = 3}};
    report.view.servers[{.host = "db3"}] = {
        .id = {.host = "db3"}, .health = Health::gone, .reason = "connection refused"};
    report.findings = {{"replica_writable", {.host = "db2"}, "it takes writes", true}};

    EXPECT_EQ(draw_tree(report, false),
              "main\n"
              "  [ok] db1:3306  primary  10.11.6  writable  gtid 0-1-5  semi-sync (1 acknowledge)\n"
              "    [ok] db2:3306  replica  10.11.6  read-only  lag 3 s  ! it takes writes\n"
              "  [gone] db3:3306  fenced  connection refused\n");
    EXPECT_NE(draw_tree(report, true).find("\x1b[31m●\x1b[0m db3:3306"), std::string::npos);
}

TEST(DrawTree, CircleIsDrawnOnce) {
    ClusterReport report;
    for (const auto& [host, source] : {std::pair{"a", "b"}, std::pair{"b", "a"}}) {
        report.view.servers[{.host = host}] = {
            .id = {.host = host},
            .health = Health::alive,
            .replication = Replication{.source = {.host = source}}};
    }
    const std::string text = draw_tree(report, false);
    EXPECT_NE(text.find("a:3306"), std::string::npos);
    EXPECT_NE(text.find("b:3306"), std::string::npos);
}

}  // namespace
}  // namespace evenkeel::topology
