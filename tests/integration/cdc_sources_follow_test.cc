// A stream goes on when its server is lost, on whichever server the leader's fact names, in
// releases whose GTIDs are not the installed MariaDB's (that one: CdcFollow).
#include "lab/mariadb_topology.h"
#include "tests/integration/cdc_sources_fixture.h"

namespace evenkeel {
namespace {

using test::eventually;
using test::kLong;
using test::OneNode;
using testing::ElementsAreArray;

class CdcSourcesFollow : public test::SourcesTest {
protected:
    std::unique_ptr<lab::Server> make(int number) {
        return make_server(folder() + "/" + std::to_string(number),
                           {"--server-id=" + std::to_string(number)});
    }

    // By the last row: they are applied in order.
    void insert(const lab::Server& primary, int first, int last,
                const std::vector<const lab::Server*>& replicas) {
        for (int id = first; id <= last; ++id) {
            run(primary, {"INSERT INTO shop.t VALUES (" + std::to_string(id) + ")"});
            expected_.push_back("t insert {\"id\":" + std::to_string(id) + "}");
        }
        for (const lab::Server* replica : replicas) {
            ASSERT_TRUE(eventually(kLong, [&] {
                const auto max = replica->query({"SELECT MAX(id) FROM shop.t"}, io::within(kLong));
                return max && max->rows[0][0] == std::to_string(last);
            }));
        }
    }
    void expect_all(const cdc::StreamService& stream) {
        ASSERT_TRUE(has_lines(expected_.size())) << stream.report().text;
        EXPECT_THAT(changes(), ElementsAreArray(expected_));
    }
    static bool reads_from(const cdc::StreamService& stream, const lab::Server& server) {
        return eventually(kLong, [&] {
            const auto report = stream.report();
            return report.state == "streaming" && report.source == server.id().str();
        });
    }

    std::vector<std::string> expected_;
};

TEST_P(CdcSourcesFollow, WhoeverIsLeft) {
    const auto one = make(1);
    const auto two = make(2);
    const auto three = make(3);
    ASSERT_TRUE(one && two && three);
    run(*one, {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    for (const lab::Server* replica : {two.get(), three.get()}) {
        const auto follows = lab::follow(*replica, *one, io::within(kLong));
        ASSERT_TRUE(follows) << follows.error().what;
    }
    ASSERT_NO_FATAL_FAILURE(insert(*one, 1, 1, {two.get(), three.get()}));
    OneNode node(folder() + "/group.db");
    node.publish({.cluster = "main",
                  .primary = one->id(),
                  .replicas = {two->id(), three->id()},
                  .epoch = {1}});
    cdc::StreamConfig config = this->config(*one);
    config.cluster = "main";
    cdc::StreamService stream(config, &node.coordinator());
    stream.start();
    ASSERT_TRUE(reads_from(stream, *two)) << stream.report().text;
    expected_.clear();  // It begins at the server's end.
    ASSERT_NO_FATAL_FAILURE(insert(*one, 2, 30, {two.get(), three.get()}));
    expect_all(stream);

    // The source becomes the primary; the stream changes to the replica that is left.
    one->kill();
    const auto follows = lab::follow(*three, *two, io::within(kLong));
    ASSERT_TRUE(follows) << follows.error().what;
    node.publish({.cluster = "main",
                  .primary = two->id(),
                  .replicas = {three->id()},
                  .fenced = {one->id()},
                  .epoch = {2},
                  .failovers = 1});
    ASSERT_NO_FATAL_FAILURE(insert(*two, 31, 60, {three.get()}));
    ASSERT_TRUE(reads_from(stream, *three)) << stream.report().text;
    expect_all(stream);

    // That one is lost too; its loss is noticed before anybody says so.
    three->kill();
    ASSERT_NO_FATAL_FAILURE(insert(*two, 61, 90, {}));
    node.publish({.cluster = "main",
                  .primary = two->id(),
                  .fenced = {one->id()},
                  .epoch = {3},
                  .failovers = 1});
    ASSERT_TRUE(reads_from(stream, *two)) << stream.report().text;
    expect_all(stream);
}

INSTANTIATE_TEST_SUITE_P(Releases, CdcSourcesFollow, testing::ValuesIn(test::server_releases()),
                         test::release_name);

}  // namespace
}  // namespace evenkeel
