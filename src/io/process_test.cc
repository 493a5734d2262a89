#include "io/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"

namespace evenkeel::io {
namespace {

constexpr Millis kLimit{20'000};  // Longest wait for what takes milliseconds on an idle machine.

Process started(const Command& command) {
    auto process = Process::start(command);
    EXPECT_TRUE(process) << process.error().what;
    return process ? std::move(*process) : Process();
}

// What a command writes.
std::string output_of(Command command) {
    const auto folder = make_temp_folder("ek-process-");
    if (!folder) return folder.error().what;
    command.output = *folder + "/output";
    Process process = started(command);
    EXPECT_TRUE(process.wait(within(kLimit)));
    const auto output = read_file(command.output);
    EXPECT_TRUE(remove_all(*folder));
    return output ? *output : output.error().what;
}

TEST(Process, TellsHowItEnded) {
    Process process = started({.argv = {"sh", "-c", "exit 3"}});
    const auto exit = process.wait(within(kLimit));
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->code, 3);
    EXPECT_EQ(exit->signal, 0);
    EXPECT_FALSE(process.running());
    EXPECT_EQ(exit->str(), "exited with status 3");
}

TEST(Process, TellsWhatKilledIt) {
    Process process = started({.argv = {"sleep", "1000"}});
    process.signal(SIGKILL);
    const auto exit = process.wait(within(kLimit));
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->signal, SIGKILL);
}

TEST(Process, MissingProgramIsNotFoundAndNamed) {
    const auto process = Process::start({.argv = {"no-such-program-here"}});
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().code, Errc::not_found);
    EXPECT_THAT(process.error().what, testing::HasSubstr("no-such-program-here"));
}

TEST(Process, WaitGivesUpAtItsDeadline) {
    Process process = started({.argv = {"sleep", "1000"}});
    EXPECT_FALSE(process.wait(within(Millis(1))));
    EXPECT_TRUE(process.running());
}

TEST(Process, StopIsPoliteFirst) {
    Process process = started({.argv = {"sleep", "1000"}});
    EXPECT_EQ(process.stop(kLimit).signal, SIGTERM);
}

TEST(Process, StopKillsWhoDoesNotListen) {
    Process process = started({.argv = {"sleep", "1000"}});
    process.signal(SIGSTOP);  // A stopped process keeps SIGTERM pending.
    siginfo_t stopped{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(process.pid()), &stopped, WSTOPPED | WNOWAIT), 0);
    EXPECT_EQ(process.stop(Millis(1)).signal, SIGKILL);
}

TEST(Process, DiesWithItsOwner) {
    pid_t pid = 0;
    {
        const Process process = started({.argv = {"sleep", "1000"}});
        pid = process.pid();
    }
    EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Process, DiesWithTheThreadThatStartedIt) {
    Process process;
    Worker starter("starter", [&](StopToken&) { process = started({.argv = {"sleep", "1000"}}); });
    starter.stop();
    const auto exit = process.wait(within(kLimit));
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->signal, SIGKILL);
}

TEST(Process, CanOutliveTheThreadThatStartedIt) {
    Process process;
    Worker starter("starter", [&](StopToken&) {
        process = started({.argv = {"sleep", "1000"}, .die_with_parent = false});
    });
    starter.stop();
    EXPECT_FALSE(process.wait(within(Millis(1))));
}

TEST(Process, GetsItsArgumentsUntouched) {
    EXPECT_EQ(output_of({.argv = {"printf", "%s|", "$(id) a", "", "*"}}), "$(id) a||*|");
}

TEST(Process, GetsTheEnvironmentAddedToTheParents) {
    EXPECT_EQ(output_of({.argv = {"sh", "-c", "echo $EK_TEST:${PATH:+path}"},
                         .environment = {"EK_TEST=a b"}}),
              "a b:path\n");
}

TEST(Process, HasAGroupOfItsOwnWhenAsked) {
    const Process process = started({.argv = {"sleep", "1000"}, .own_group = true});
    EXPECT_EQ(::getpgid(process.pid()), process.pid());
    const Process other = started({.argv = {"sleep", "1000"}});
    EXPECT_EQ(::getpgid(other.pid()), ::getpgid(0));
}

TEST(Process, DoesNotInheritBlockedSignals) {
    Process process;
    // Workers block all signals.
    Worker starter("starter", [&](StopToken& stop) {
        process = started({.argv = {"sleep", "1000"}});
        EXPECT_EQ(process.stop(kLimit).signal, SIGTERM);
        stop.request();
    });
    starter.stop();
}

TEST(Process, RunsInTheNetworkNamespaceThatItIsGiven) {
    Command which{.argv = {"readlink", "/proc/self/ns/net"}};
    const std::string home = output_of(which);
    const Fd home_namespace(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    std::string away;
    std::string sent_home;
    Worker("traveller", [&](StopToken&) {
        if (::unshare(CLONE_NEWNET) != 0) return;
        away = output_of(which);
        which.network_namespace = home_namespace.get();
        sent_home = output_of(which);
    }).stop();
    if (away.empty()) GTEST_SKIP() << "making a network namespace needs root";
    EXPECT_NE(away, home);
    EXPECT_EQ(sent_home, home);
}

TEST(Process, DoesNotRunInAWrongNetworkNamespace) {
    const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto process = Process::start({.argv = {"true"}, .network_namespace = file.get()});
    EXPECT_FALSE(process);
}

TEST(OwnPath, IsThisProgram) {
    EXPECT_THAT(own_path(), testing::EndsWith("io_test"));
}

TEST(FreePort, IsBelowTheEphemeralRangeAndFree) {
    const int port = free_port();
    EXPECT_GE(port, 15'000);
    EXPECT_LT(port, 32'768);
    EXPECT_TRUE(port_is_free("127.0.0.1", port));
}

}  // namespace
}  // namespace evenkeel::io
