// What happens to a member: its folder is damaged, its disk is full, it is killed; and the binary
// is replaced under all of them, one after the other, while facts are written.
#include "tests/integration/member_fixture.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "coord/member/etcd_admin.h"
#include "io/thread.h"

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class MemberFault : public MemberTest {
protected:
    // The first log segment of a member.
    std::string wal(std::size_t index) {
        for (const auto& entry : fs::directory_iterator(etcd_folder(index) + "/wal")) {
            if (entry.path().extension() == ".wal") return entry.path().string();
        }
        return {};
    }
    std::string db(std::size_t index) { return etcd_folder(index) + "/snap/db"; }

    static void overwrite(const std::string& path, std::streamoff at, std::size_t bytes) {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(at);
        const std::string noise(bytes, '\xA5');
        file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
        ASSERT_TRUE(file.good()) << path;
    }

    coord::EtcdStatus raft(std::size_t index) {
        const auto status =
            coord::EtcdAdmin(engine_options(index)).status(io::within(Millis(3000)));
        EXPECT_TRUE(status) << group_.log(index);
        return status ? *status : coord::EtcdStatus{};
    }

    // A node that leads neither the group nor, by its member, Raft.
    std::size_t neither_leader(std::size_t asked) {
        std::uint64_t leader = 0;
        EXPECT_TRUE(eventually(kFormLimit, [&] { return (leader = raft(asked).leader) != 0; }));
        for (std::size_t i = 0; i < group_.size(); ++i) {
            if (i != asked && raft(i).member != leader) return i;
        }
        return follower();
    }

    // The exit status of a node that is started with a damaged folder. Only a Raft leader from
    // before the damage knows how far this member had come and so that a part is gone; one elected
    // since completes its log, and the round with it says nothing.
    int status_after(std::size_t asked, std::size_t hurt,
                     const std::function<void(std::size_t)>& damage) {
        constexpr int kRounds = 3;
        for (int round = 1;; ++round) {
            const std::uint64_t term = raft(asked).raft_term;
            group_.kill_host(hurt);
            damage(hurt);
            group_.start(hurt);
            const int status = status_of_end(hurt);
            if (status != -1 || round == kRounds || raft(asked).raft_term == term) return status;
        }
    }

    // A damaged folder is refused with the remedy, and the remedy works.
    void refused_then_replaced(const std::function<void(std::size_t)>& damage) {
        form();
        const std::size_t asked = leader();
        const std::size_t hurt = neither_leader(asked);
        for (int i = 0; i < 100; ++i) {
            ASSERT_TRUE(put(asked, "test/" + std::to_string(i), std::string(600, 'v')));
        }
        ASSERT_EQ(status_after(asked, hurt, damage), kNeedsPerson) << group_.log(hurt);
        EXPECT_THAT(group_.log(hurt), HasSubstr("evenkeel member replace"));
        Ran ran;
        ASSERT_TRUE(eventually(kFormLimit, [&] {
            ran = member(asked, {"replace", group_.node(hurt).bind});
            return ran.status == 0;
        })) << ran.output;
        fs::rename(group_.node(hurt).folder, group_.node(hurt).folder + ".damaged");
        group_.start(hurt);
        EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(hurt);
        EXPECT_EQ(get(hurt, "test/99"), std::string(600, 'v'));
    }
};

TEST_F(MemberFault, DamagedDatabase) {
    refused_then_replaced(
        [this](std::size_t node) { overwrite(db(node), 0, fs::file_size(db(node))); });
}

TEST_F(MemberFault, DatabaseCutOff) {
    refused_then_replaced([this](std::size_t node) { fs::resize_file(db(node), 8192); });
}

TEST_F(MemberFault, DamagedLog) {
    refused_then_replaced([this](std::size_t node) { overwrite(wal(node), 300, 4); });
}

TEST_F(MemberFault, LogCutOff) {
    refused_then_replaced([this](std::size_t node) { fs::resize_file(wal(node), 30'001); });
}

TEST_F(MemberFault, LogGone) {
    refused_then_replaced([this](std::size_t node) {
        // Its folder says so only when the node has been started once more.
        group_.start(node);
        ASSERT_TRUE(group_.wait_healthy(kFormLimit));
        group_.kill_host(node);
        fs::remove(wal(node));
    });
}

TEST_F(MemberFault, ANodeIsRestarted) {
    form();
    ASSERT_TRUE(put(0, "test/a", "1"));
    for (std::size_t i = 0; i < 3; ++i) {
        group_.node(i).process.signal(SIGTERM);
        ASSERT_EQ(status_of_end(i), 0) << group_.log(i);
        group_.start(i);
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(i);
    }
    for (std::size_t i = 0; i < 3; ++i) group_.kill_host(i);
    group_.start_all();
    ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
    EXPECT_EQ(get(2, "test/a"), "1");
}

TEST_F(MemberFault, TheFolderOfAnotherGroupsMember) {
    EvenkeelGroup other(folder_.path() + "/other", 3);
    form();
    other.start_all();
    ASSERT_TRUE(other.wait_healthy(kFormLimit));
    for (std::size_t i = 0; i < 3; ++i) other.kill_host(i);
    group_.kill_host(2);
    fs::remove_all(group_.node(2).folder);
    fs::rename(other.node(2).folder, group_.node(2).folder);
    group_.start(2);
    EXPECT_EQ(status_of_end(2), kNeedsPerson) << group_.log(2);
    EXPECT_THAT(group_.log(2), HasSubstr("it belongs to a node with bind"));
}

TEST_F(MemberFault, TheMemberDiesWithItsSupervisor) {
    form();
    const pid_t etcd = group_.child(1, "etcd");
    const pid_t worker = group_.child(1, "node-worker");
    ASSERT_GT(etcd, 0);
    group_.kill_host(1);
    EXPECT_TRUE(
        eventually(Millis(2000), [&] { return ::kill(etcd, 0) != 0 && ::kill(worker, 0) != 0; }));
    group_.start(1);
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(1);
}

TEST_F(MemberFault, AFullDiskHealsByItself) {
    const std::string disk = group_.node(2).folder;
    ASSERT_TRUE(io::make_folders(disk));
    // Two segments of its log fit, and little else.
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=160m") != 0) {
        GTEST_SKIP() << "needs the right to mount a tmpfs";
    }
    const auto unmount = [&] { ::umount2(disk.c_str(), MNT_DETACH); };
    form();
    ASSERT_TRUE(put(0, "test/a", "1"));
    {
        std::ofstream ballast(disk + "/ballast", std::ios::binary);
        const std::string block(1u << 20, 'x');
        while (ballast.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    // What is written now fills what was set aside for the log.
    std::atomic<int> written{0};
    io::Worker load("load", [&](io::StopToken& stop) {
        for (int i = 0; !stop.requested(); ++i) {
            const std::size_t asked = static_cast<std::size_t>(i % 2);
            if (put(asked, "test/load", std::string(500'000, 'y'), Millis(1000))) ++written;
        }
    });
    EXPECT_TRUE(wait_for_log(2, "the disk is full: make room", Millis(90'000))) << group_.log(2);
    const int before = written;
    EXPECT_TRUE(eventually(kFormLimit, [&] { return written > before + 5; }));
    load.stop();
    EXPECT_TRUE(group_.node(2).process.running());
    EXPECT_EQ(group_.ended(), std::nullopt) << group_.log(2);
    ASSERT_EQ(::unlink((disk + "/ballast").c_str()), 0);
    EXPECT_TRUE(group_.wait_healthy(Millis(60'000))) << group_.log(2);
    EXPECT_TRUE(eventually(kFormLimit, [&] { return get(2, "test/a") == "1"; }));
    group_.node(2).process.stop(Millis(5000));
    unmount();
}

TEST_F(MemberFault, AStoreAtItsLimitIsCompactedAndGoesOn) {
    group_.add_environment("ETCD_QUOTA_BACKEND_BYTES=20000000");
    form();
    // Old versions of one fact fill it.
    bool refused = false;
    for (int i = 0; i < 200 && !refused; ++i) {
        refused = !put(0, "test/a", std::string(200'000, static_cast<char>('a' + i % 26)));
    }
    EXPECT_TRUE(refused);
    EXPECT_TRUE(eventually(Millis(60'000), [&] { return put(0, "test/b", "room again"); }))
        << group_.log(0);
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
    std::string logs;
    for (std::size_t i = 0; i < 3; ++i) logs += group_.log(i);
    EXPECT_THAT(logs, HasSubstr("alarm NOSPACE"));
    EXPECT_THAT(logs, HasSubstr("the store has room again"));
}

// Stands for an upgrade: the program is replaced by another file, node after node.
class RollingRestart : public MemberFault {
protected:
    struct Seen {
        std::vector<std::string> acknowledged{};
        Millis longest_gap{0};
    };

    Seen write_until(io::StopToken& stop) {
        Seen seen;
        std::vector<std::unique_ptr<coord::Engine>> engines;
        for (std::size_t i = 0; i < 3; ++i) engines.push_back(engine(i));
        Instant last = io::now();
        for (int i = 0; !stop.requested(); ++i) {
            const std::string key = fmt::format("test/{:06}", i);
            bool done = false;
            for (const auto& each : engines) {
                const auto outcome = each->txn({{}, {{key, "1"}}}, io::within(Millis(300)));
                done = outcome && outcome->applied;
                if (done) break;
            }
            if (!done) continue;
            seen.acknowledged.push_back(key);
            const auto gap = std::chrono::duration_cast<Millis>(io::now() - last);
            seen.longest_gap = std::max(seen.longest_gap, gap);
            last = io::now();
        }
        return seen;
    }
};

TEST_F(RollingRestart, LosesNoAcknowledgedWrite) {
    form();
    const std::string program = folder_.path() + "/evenkeel-new";
    fs::copy_file(evenkeel_program(), program);
    Seen seen;
    std::atomic<int> two_leaders{0};
    std::atomic<int> checks{0};
    io::Worker load("load", [&](io::StopToken& stop) { seen = write_until(stop); });
    io::Worker watch("watch", [&](io::StopToken& stop) {
        io::HttpClient http;
        const auto leading = [&](std::size_t i) {
            const auto answer = http.get("http://" + group_.node(i).api + "/api/leader-check",
                                         io::within(Millis(200)));
            return answer && answer->status == 200;
        };
        while (!stop.requested()) {
            std::vector<std::size_t> leaders;
            for (std::size_t i = 0; i < 3; ++i) {
                if (leading(i)) leaders.push_back(i);
            }
            ++checks;
            // The answers are not of one instant: two lead only if the first still does after the
            // second said so.
            if (leaders.size() > 1 && leading(leaders[0]) && leading(leaders[1])) ++two_leaders;
        }
    });
    const std::string old_program = evenkeel_program();
    ::setenv("EVENKEEL_PROGRAM", program.c_str(), 1);
    for (std::size_t i = 0; i < 3; ++i) {
        group_.node(i).process.signal(SIGTERM);
        ASSERT_EQ(status_of_end(i), 0) << group_.log(i);
        group_.start(i);
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(i);
    }
    ::setenv("EVENKEEL_PROGRAM", old_program.c_str(), 1);
    load.stop();
    watch.stop();
    std::printf("rolling restart: %zu writes acknowledged, longest gap %ld ms, %d leader checks\n",
                seen.acknowledged.size(), seen.longest_gap.count(), checks.load());
    const auto found = engine(0)->read("test/", io::within(Millis(5000)));
    ASSERT_TRUE(found) << found.error().what;
    std::set<std::string> keys;
    for (const coord::Entry& entry : found->entries) keys.insert(entry.key);
    for (const std::string& key : seen.acknowledged) EXPECT_TRUE(keys.contains(key)) << key;
    EXPECT_GT(seen.acknowledged.size(), 20u);
    EXPECT_EQ(two_leaders.load(), 0);
}

}  // namespace
}  // namespace evenkeel::test
