// What every engine must do: the map, its transactions, and that they are linearizable.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "io/clock.h"
#include "tests/integration/conformance_world.h"
#include "tests/support/eventually.h"

namespace evenkeel::coord {
namespace {

using namespace std::chrono_literals;

INSTANTIATE_TEST_SUITE_P(local, Conformance, ::testing::Values("local"));
INSTANTIATE_TEST_SUITE_P(raft, Conformance, ::testing::Values("raft"));
INSTANTIATE_TEST_SUITE_P(etcd, Conformance, ::testing::Values("etcd"));
INSTANTIATE_TEST_SUITE_P(zookeeper, Conformance, ::testing::Values("zookeeper"));

TEST_P(Conformance, AnEmptyMapIsEmpty) {
    const auto map = engine();
    const auto snapshot = map->read("", soon());
    ASSERT_TRUE(snapshot) << snapshot.error().what;
    EXPECT_TRUE(snapshot->entries.empty());
    EXPECT_FALSE(map->describe().empty());
}

TEST_P(Conformance, WritesWhenAllComparesHold) {
    const auto map = engine();
    const auto made = map->txn({{{"k/a", 0}}, {{"k/a", "1"}}}, soon());
    ASSERT_TRUE(made) << made.error().what;
    ASSERT_TRUE(made->applied);
    EXPECT_GT(made->version, 0u);

    const auto again = map->txn({{{"k/a", 0}}, {{"k/a", "2"}}}, soon());
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_FALSE(again->applied);
    EXPECT_EQ(again->found, (std::vector<Entry>{{"k/a", "1", made->version}}));

    const auto changed = map->txn({{{"k/a", made->version}}, {{"k/a", "2"}}}, soon());
    ASSERT_TRUE(changed) << changed.error().what;
    EXPECT_TRUE(changed->applied);
    EXPECT_GT(changed->version, made->version);
}

TEST_P(Conformance, IsAllOrNothing) {
    const auto map = engine();
    const auto a = map->txn({{}, {{"a", "1"}}}, soon());
    ASSERT_TRUE(a) << a.error().what;
    // One compare of several fails, whichever it is.
    for (const Txn& txn : {Txn{{{"a", a->version}, {"b", 7}}, {{"a", "x"}, {"b", "x"}}},
                           Txn{{{"b", 0}, {"a", 0}}, {{"b", "x"}, {"c", "x"}}},
                           Txn{{{"a", a->version + 1}}, {{"c", "x"}, {"a", std::nullopt}}}}) {
        const auto refused = map->txn(txn, soon());
        ASSERT_TRUE(refused) << refused.error().what;
        EXPECT_FALSE(refused->applied);
        EXPECT_EQ(refused->found, (std::vector<Entry>{{"a", "1", a->version}}));
    }
    const auto three = map->txn(
        {{{"a", a->version}, {"b", 0}}, {{"a", std::nullopt}, {"b", "2"}, {"c", "3"}}}, soon());
    ASSERT_TRUE(three) << three.error().what;
    ASSERT_TRUE(three->applied);
    const auto snapshot = map->read("", soon());
    ASSERT_TRUE(snapshot) << snapshot.error().what;
    EXPECT_EQ(snapshot->entries,
              (std::vector<Entry>{{"b", "2", three->version}, {"c", "3", three->version}}));
    EXPECT_GE(snapshot->version, three->version);
}

TEST_P(Conformance, ComparesKeysThatItDoesNotWrite) {
    const auto map = engine();
    const auto fence = map->txn({{}, {{"fence", "1"}}}, soon());
    ASSERT_TRUE(fence) << fence.error().what;
    EXPECT_TRUE(
        map->txn({{{"fence", fence->version}, {"none", 0}}, {{"fact", "1"}}}, soon())->applied);
    // Writing the same value again is a new version.
    ASSERT_TRUE(map->txn({{}, {{"fence", "1"}}}, soon())->applied);
    EXPECT_FALSE(map->txn({{{"fence", fence->version}}, {{"fact", "2"}}}, soon())->applied);
    EXPECT_EQ(map->read("fact", soon())->entries.at(0).value, "1");
}

TEST_P(Conformance, RemovesWhatIsThereAndWhatIsNot) {
    const auto map = engine();
    ASSERT_TRUE(map->txn({{}, {{"x", "1"}}}, soon()));
    const auto both = map->txn({{}, {{"x", std::nullopt}, {"never", std::nullopt}}}, soon());
    ASSERT_TRUE(both) << both.error().what;
    EXPECT_TRUE(both->applied);
    EXPECT_TRUE(map->txn({{{"never", 0}}, {{"never", std::nullopt}}}, soon())->applied);
    EXPECT_TRUE(map->read("", soon())->entries.empty());
}

TEST_P(Conformance, KeepsBytesAndOddKeys) {
    const auto map = engine();
    std::map<std::string, std::string> wanted;
    std::string all_bytes;
    for (int c = 0; c < 256; ++c) all_bytes += static_cast<char>(c);
    for (const char* key : {"a",          "a/b",  "a/b/c", "a//b", "/a",
                            "a/",         ".",    "..",    "../x", "a b",
                            "100%",       "%2F",  "a%2Fb", "ä/ö",  "\xf0\x9f\x98\x80",
                            "zookeeper",  "head", "A",     "a\tb", "-",
                            "\"quoted\"", "a\\b"}) {
        wanted[key] = all_bytes + key;
    }
    wanted["empty"] = "";
    wanted["large"] = std::string(100'000, 'x');
    wanted[std::string(500, 'k')] = "long key";
    for (const auto& [key, value] : wanted) {
        const auto done = map->txn({{{key, 0}}, {{key, value}}}, soon());
        ASSERT_TRUE(done) << key << ": " << done.error().what;
        ASSERT_TRUE(done->applied) << key;
    }
    const auto snapshot = map->read("", soon());
    ASSERT_TRUE(snapshot) << snapshot.error().what;
    std::map<std::string, std::string> found;
    for (const Entry& entry : snapshot->entries) found[entry.key] = entry.value;
    EXPECT_TRUE(found == wanted);
    EXPECT_TRUE(
        std::is_sorted(snapshot->entries.begin(), snapshot->entries.end(),
                       [](const Entry& one, const Entry& two) { return one.key < two.key; }));
    EXPECT_EQ(map->read("a/", soon())->entries.size(), 4u);
}

TEST_P(Conformance, VersionsGrowAlsoThroughRemovals) {
    const auto map = engine();
    Version last = 0;
    std::vector<Version> olds;
    for (int i = 0; i < 5; ++i) {
        const auto made = map->txn({{{"k", 0}}, {{"k", "same"}}}, soon());
        ASSERT_TRUE(made) << made.error().what;
        ASSERT_TRUE(made->applied);
        EXPECT_GT(made->version, last);
        last = made->version;
        for (const Version old : olds) {
            const auto refused = map->txn({{{"k", old}}, {{"k", "by one who is late"}}}, soon());
            ASSERT_TRUE(refused) << refused.error().what;
            EXPECT_FALSE(refused->applied) << "a removed key's version holds again";
        }
        olds.push_back(made->version);
        ASSERT_TRUE(map->txn({{{"k", made->version}}, {{"k", std::nullopt}}}, soon())->applied);
        const auto after = map->read("", soon());
        ASSERT_TRUE(after) << after.error().what;
        EXPECT_GT(after->version, last);
        last = after->version;
    }
}

// --- linearizability ----------------------------------------------------------------------------

// One call as its client saw it, on a counter that is only ever incremented.
struct Call {
    Instant begun{};
    Instant ended{};
    Version version = 0;  // Of the counter, written or seen; 0: there was none.
    int count = 0;        // Its value as of that version.
    bool wrote = false;
};

// Several clients, each over a server of its own, increment by compare-and-set.
class Counting {
public:
    Counting(std::vector<std::unique_ptr<Engine>> engines, int each, Deadline deadline)
        : engines_(std::move(engines)), each_(each), deadline_(deadline) {
        for (std::size_t i = 0; i < engines_.size(); ++i) {
            workers_.emplace_back("count", [this, i](io::StopToken&) { count(i); });
        }
    }
    bool counting() const { return busy_.load() > 0; }
    int written() const { return written_.load(); }
    // Waits for the end.
    std::vector<Call> calls() {
        workers_.clear();
        Lock lock(mutex_);
        return calls_;
    }
    // Counts that were perhaps written, and overwritten before anybody could tell.
    std::set<int> doubtful() {
        Lock lock(mutex_);
        return doubtful_;
    }

private:
    static int number_of(const std::string& value) { return std::stoi(value); }

    void count(std::size_t me) {
        ++busy_;
        Entry known{};
        for (int done = 0; done < each_ && !deadline_.passed(io::now());) {
            Call call{.begun = io::now()};
            const int next = (known.value.empty() ? 0 : number_of(known.value)) + 1;
            const Txn txn{{{"counter", known.version}},
                          {{"counter", fmt::format("{} by {} {}", next, me, done)}}};
            const Fate fate = fate_of(*engines_[me], txn, deadline_);
            const auto& outcome = fate.outcome;
            if (!outcome) break;
            if (!outcome->applied && fate.was_unknown) doubt(next);
            call.ended = io::now();
            if (outcome->applied) {
                known = {"counter", *txn.ops[0].value, outcome->version};
                call.wrote = true;
                ++done;
                ++written_;
            } else {
                known = outcome->found.empty() ? Entry{} : outcome->found[0];
            }
            call.version = known.version;
            call.count = known.value.empty() ? 0 : number_of(known.value);
            note(call);
            if (call.wrote && done % 4 == 3) look(me);
        }
        --busy_;
    }

    void look(std::size_t me) {
        Call call{.begun = io::now()};
        const auto snapshot = engines_[me]->read("counter", io::within(500ms).sooner(deadline_));
        if (!snapshot) return;
        call.ended = io::now();
        if (!snapshot->entries.empty()) {
            call.version = snapshot->entries[0].version;
            call.count = number_of(snapshot->entries[0].value);
        }
        note(call);
    }

    void doubt(int count) {
        Lock lock(mutex_);
        doubtful_.insert(count);
    }

    void note(const Call& call) {
        Lock lock(mutex_);
        calls_.push_back(call);
    }

    std::vector<std::unique_ptr<Engine>> engines_;
    const int each_;
    const Deadline deadline_;
    std::atomic<int> busy_{0};
    std::atomic<int> written_{0};
    Mutex mutex_;
    std::vector<Call> calls_ EK_GUARDED_BY(mutex_);
    std::set<int> doubtful_ EK_GUARDED_BY(mutex_);
    std::vector<io::Worker> workers_;
};

// A counter that is only ever incremented by compare-and-set is linearizable exactly when each
// version has one count, the counts of the writes are 1, 2, 3, … in the order of versions, and no
// call saw an older version than a call that had ended before it began.
void expect_linearizable(Counting& counting, int writes) {
    std::vector<Call> calls = counting.calls();
    const std::set<int> doubtful = counting.doubtful();
    std::map<Version, int> counts;
    std::map<Version, int> written;
    for (const Call& call : calls) {
        const auto [it, fresh] = counts.emplace(call.version, call.count);
        EXPECT_EQ(it->second, call.count) << "one version, two values: " << call.version;
        if (call.wrote) {
            EXPECT_TRUE(written.emplace(call.version, call.count).second)
                << "one version, two writes";
        }
    }
    EXPECT_EQ(written.size(), static_cast<std::size_t>(writes));
    int expected = 0;
    for (const auto& [version, count] : written) {
        do ++expected;
        while (expected < count && doubtful.contains(expected));
        EXPECT_EQ(count, expected) << "a lost update";
    }

    auto by_end = calls;
    std::sort(calls.begin(), calls.end(),
              [](const Call& a, const Call& b) { return a.begun < b.begun; });
    std::sort(by_end.begin(), by_end.end(),
              [](const Call& a, const Call& b) { return a.ended < b.ended; });
    Version newest = 0;
    std::size_t ended = 0;
    for (const Call& call : calls) {
        for (; ended < by_end.size() && by_end[ended].ended < call.begun; ++ended) {
            newest = std::max(newest, by_end[ended].version);
        }
        EXPECT_GE(call.version, newest) << "a call saw an older state than one before it";
        // A write is newer than all that ended before it.
        EXPECT_TRUE(!call.wrote || call.version > newest) << "a write into the past";
    }
}

TEST_P(Conformance, LosesNoUpdateWithManyClients) {
    std::vector<std::unique_ptr<Engine>> engines;
    for (std::size_t i = 0; i < 6; ++i) engines.push_back(engine(i));
    Counting counting(std::move(engines), 20, io::within(60s));
    expect_linearizable(counting, 120);
}

TEST_P(Conformance, LosesNoUpdateWhileServersFail) {
    SKIP_WITHOUT_SERVERS();
    std::vector<std::unique_ptr<Engine>> engines;
    for (std::size_t i = 0; i < 4; ++i) engines.push_back(engine());
    Counting counting(std::move(engines), 60, io::within(60s));
    ASSERT_TRUE(test::eventually(20s, [&] { return counting.written() >= 20; }));
    const std::size_t leads = world().leader().value_or(0);
    world().kill(leads);
    const int then = counting.written();
    EXPECT_TRUE(test::eventually(30s, [&] { return counting.written() >= then + 20; }));
    world().heal();
    world().suspend(world().leader().value_or(0));
    const int later = counting.written();
    EXPECT_TRUE(
        test::eventually(30s, [&] { return counting.written() >= std::min(240, later + 20); }));
    world().heal();
    expect_linearizable(counting, 240);
}

TEST_P(Conformance, ARestartOfAllServersKeepsEverything) {
    Version last = 0;
    std::vector<Entry> before;
    {
        const auto map = engine();
        ASSERT_TRUE(put(*map, "a", "1"));
        ASSERT_TRUE(put(*map, "b", "2"));
        ASSERT_TRUE(put(*map, "gone", "3"));
        const auto removed = map->txn({{}, {{"gone", std::nullopt}}}, soon());
        ASSERT_TRUE(removed) << removed.error().what;
        const auto snapshot = map->read("", soon());
        ASSERT_TRUE(snapshot) << snapshot.error().what;
        before = snapshot->entries;
        last = snapshot->version;
    }
    world().restart_all();
    const auto map = engine();
    Result<Snapshot> after = Error{};
    ASSERT_TRUE(test::eventually(20s, [&] {
        after = map->read("", io::within(500ms));
        return after.has_value();
    })) << after.error().what;
    EXPECT_EQ(after->entries, before);
    EXPECT_GE(after->version, last);
    const auto next = map->txn({{{"gone", 0}}, {{"gone", "4"}}}, soon());
    ASSERT_TRUE(next) << next.error().what;
    EXPECT_GT(next->version, last);
}

}  // namespace
}  // namespace evenkeel::coord
