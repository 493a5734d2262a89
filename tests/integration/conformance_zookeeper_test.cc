// What only the ZooKeeper engine has: nodes that others may own or damage, digest users, and a
// counter of 32 bits.
#include <fmt/core.h>

#include "coord/engines/zookeeper_client.h"
#include "coord/engines/zookeeper_engine.h"
#include "io/clock.h"
#include "io/process.h"
#include "lab/zookeeper_ensemble.h"
#include "tests/integration/conformance_world.h"
#include "tests/support/eventually.h"

namespace evenkeel::coord {
namespace {

using namespace std::chrono_literals;

class Zookeeper : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = std::make_unique<test::TestFolder>();
        auto made = lab::ZookeeperEnsemble::create({.folder = folder_->path(), .servers = 1});
        ASSERT_TRUE(made) << made.error().what;
        ensemble_ = std::make_unique<lab::ZookeeperEnsemble>(std::move(*made));
        ASSERT_TRUE(ensemble_->start_all());
        ASSERT_TRUE(ensemble_->wait_serving(1, 60s));
    }
    static void TearDownTestSuite() {
        ensemble_.reset();
        folder_.reset();
    }

    static ZookeeperOptions options(const std::string& root) {
        return {.servers = ensemble_->addresses(), .root = root};
    }
    // As somebody with zkCli.sh would.
    static void by_hand(const std::vector<NodeWrite>& writes, const std::string& user = "") {
        ZookeeperClient client({.addresses = {ensemble_->address(0)},
                                .user = user,
                                .password = user.empty() ? "" : "right"});
        for (const NodeWrite& write : writes) {
            const auto done = client.write({write}, soon());
            ASSERT_TRUE(done) << done.error().what;
            ASSERT_EQ(done->code, NodeAnswer::Code::ok) << write.path;
        }
    }
    static void expect_refused(const ZookeeperOptions& used, Errc code, const std::string& text) {
        const auto map = make_zookeeper_engine(used);
        const auto txn = map->txn({{}, {{"a", "1"}}}, io::within(3s));
        ASSERT_FALSE(txn);
        EXPECT_EQ(txn.error().code, code) << txn.error().what;
        EXPECT_NE(txn.error().what.find(text), std::string::npos) << txn.error().what;
        const auto read = map->read("", io::within(3s));
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, code) << read.error().what;
    }

    static constexpr auto kCreate = NodeWrite::Kind::create;

private:
    static std::unique_ptr<test::TestFolder> folder_;
    static std::unique_ptr<lab::ZookeeperEnsemble> ensemble_;
};

std::unique_ptr<test::TestFolder> Zookeeper::folder_;
std::unique_ptr<lab::ZookeeperEnsemble> Zookeeper::ensemble_;

TEST_F(Zookeeper, MakesItsHeadAnewBeforeItsCounterOverflows) {
    ZookeeperOptions used = options("/anew");
    used.head_changes_max = 10;
    const auto map = make_zookeeper_engine(used);
    const auto other = make_zookeeper_engine(used);
    Watched watched(*other, "");
    ASSERT_TRUE(test::eventually(20s, [&] { return watched.whole_batches() == 1; }));
    Version last = 0;
    for (int i = 0; i < 100; ++i) {
        const auto done =
            (i % 2 == 0 ? map : other)->txn({{{"n", last}}, {{"n", std::to_string(i)}}}, soon());
        ASSERT_TRUE(done) << done.error().what;
        ASSERT_TRUE(done->applied);
        EXPECT_GT(done->version, last);
        last = done->version;
    }
    EXPECT_TRUE(test::eventually(20s, [&] { return watched.state()["n"] == "99"; }));
    EXPECT_EQ(watched.whole_batches(), 1u) << "a new head is no gap";
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
    ZookeeperClient client({.addresses = {used.servers}});
    const auto head = client.read({{NodeRead::Kind::data, "/anew/head"}}, soon());
    ASSERT_TRUE(head) << head.error().what;
    EXPECT_LE(head->at(0).version, 11);
}

TEST_F(Zookeeper, MakesFoldersAndAcceptsOneInTheServerList) {
    ZookeeperOptions used = options("/a/b/");
    used.servers += "/outer";
    const auto map = make_zookeeper_engine(used);
    ASSERT_TRUE(put(*map, "x/y", "1"));
    EXPECT_TRUE(make_zookeeper_engine(options("/outer/a/b"))->read("x/", soon())->entries.size());
}

TEST_F(Zookeeper, ClosesItsNodesToOtherUsers) {
    ZookeeperOptions used = options("/closed");
    used.user = "keel";
    used.password = "right";
    ASSERT_TRUE(put(*make_zookeeper_engine(used), "a", "1"));
    expect_refused(options("/closed"), Errc::denied, "without a user");
    used.password = "wrong";
    expect_refused(used, Errc::denied, "password is wrong");
    used.password = "right";
    EXPECT_EQ(make_zookeeper_engine(used)->read("", soon())->entries.size(), 1u);
    // A folder that another user made is no place for a new root.
    by_hand({{.kind = kCreate, .path = "/theirs"}}, "somebody");
    expect_refused(options("/theirs/group"), Errc::denied, "/theirs/group");
}

TEST_F(Zookeeper, RefusesARootThatIsNotItsOwn) {
    by_hand({{.kind = kCreate, .path = "/foreign"}, {.kind = kCreate, .path = "/foreign/topics"}});
    expect_refused(options("/foreign"), Errc::invalid, "topics");
    by_hand({{.kind = kCreate, .path = "/strange"},
             {.kind = kCreate, .path = "/strange/head", .data = "{\"version\":1}"},
             {.kind = kCreate, .path = "/strange/map"}});
    expect_refused(options("/strange"), Errc::corrupt, "deleteall /strange");
}

TEST_F(Zookeeper, SaysWhenItsHeadOrItsKeysAreGone) {
    const auto map = make_zookeeper_engine(options("/damaged"));
    ASSERT_TRUE(put(*map, "a", "1"));
    by_hand({{.kind = NodeWrite::Kind::remove, .path = "/damaged/head"}});
    expect_refused(options("/damaged"), Errc::corrupt, "`head`");
    by_hand({{.kind = NodeWrite::Kind::remove, .path = "/damaged/map/a"},
             {.kind = NodeWrite::Kind::remove, .path = "/damaged/map"}});
    // All of it removed: a new map, with versions that never were.
    ASSERT_TRUE(put(*map, "a", "2"));
    by_hand({{.kind = NodeWrite::Kind::remove, .path = "/damaged/map/a"},
             {.kind = NodeWrite::Kind::remove, .path = "/damaged/map"}});
    expect_refused(options("/damaged"), Errc::corrupt, "`map`");
}

TEST_F(Zookeeper, VersionsGrowEvenWhenTheRootIsWiped) {
    const auto map = make_zookeeper_engine(options("/wiped"));
    const auto before = map->txn({{}, {{"a", "1"}}}, soon());
    ASSERT_TRUE(before) << before.error().what;
    by_hand({{.kind = NodeWrite::Kind::remove, .path = "/wiped/map/a"},
             {.kind = NodeWrite::Kind::remove, .path = "/wiped/map"},
             {.kind = NodeWrite::Kind::remove, .path = "/wiped/head"}});
    const auto after = map->txn({{{"a", 0}}, {{"a", "1"}}}, soon());
    ASSERT_TRUE(after) << after.error().what;
    EXPECT_GT(after->version, before->version);
    EXPECT_FALSE(map->txn({{{"a", before->version}}, {{"a", "late"}}}, soon())->applied);
}

TEST_F(Zookeeper, SaysThatATransactionIsTooLarge) {
    const auto map = make_zookeeper_engine(options("/large"));
    const auto done = map->txn({{}, {{"a", std::string(2'000'000, 'x')}}}, soon());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::invalid) << done.error().what;
    EXPECT_TRUE(put(*map, "a", "small"));
}

TEST_F(Zookeeper, FindsAServerAmongThoseThatAreNotThere) {
    ZookeeperOptions used = options("/among");
    // Refuses; does not resolve.
    used.servers =
        fmt::format("127.0.0.1:{}, nowhere.invalid:2181,{}", io::free_port(), options("").servers);
    const auto map = make_zookeeper_engine(used);
    EXPECT_TRUE(put(*map, "a", "1"));
}

TEST_F(Zookeeper, ReadsAThousandKeysAsOfOneVersion) {
    const auto map = make_zookeeper_engine(options("/many"));
    Watched watched(*map, "k/");
    for (int part = 0; part < 10; ++part) {
        Txn txn;
        for (int i = 0; i < 100; ++i) txn.ops.push_back({fmt::format("k/{}/{}", part, i), "v"});
        ASSERT_TRUE(map->txn(txn, soon()));
    }
    EXPECT_EQ(map->read("k/", soon())->entries.size(), 1000u);
    EXPECT_EQ(map->read("k/3/", soon())->entries.size(), 100u);
    EXPECT_TRUE(test::eventually(20s, [&] { return watched.state().size() == 1000; }));
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace evenkeel::coord
