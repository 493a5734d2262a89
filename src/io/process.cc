#include "io/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>

#include "base/mutex.h"
#include "io/clock.h"

extern char** environ;

namespace evenkeel::io {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    return result;
}

// Runs in the child between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(const Command& command, char** argv, char** environment, int report,
                         pid_t parent) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (command.own_group) ::setpgid(0, 0);
    if (command.die_with_parent) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(126);  // The parent died before prctl took effect.
    }
    bool ready =
        command.network_namespace < 0 || ::setns(command.network_namespace, CLONE_NEWNET) == 0;
    if (ready && !command.output.empty()) {
        const int out = ::open(command.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
        ready = out >= 0 && ::dup2(out, 1) == 1 && ::dup2(out, 2) == 2;
    }
    const char* program = command.program.empty() ? argv[0] : command.program.c_str();
    if (ready) ::execvpe(program, argv, environment);
    const int code = errno;
    [[maybe_unused]] const auto ignored = ::write(report, &code, sizeof code);
    ::_exit(127);
}

}  // namespace

std::string Exit::str() const {
    if (signal != 0) return fmt::format("killed by signal {} ({})", signal, ::strsignal(signal));
    return fmt::format("exited with status {}", code);
}

Process::~Process() {
    if (!running()) return;
    signal(SIGKILL);
    wait(within(Millis(5000)));
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

Process& Process::operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(pidfd_, other.pidfd_);
    return *this;
}

Result<Process> Process::start(const Command& command) {
    int report[2];
    if (::pipe2(report, O_CLOEXEC) != 0) {
        return Error{Errc::unavailable,
                     fmt::format("start {}: {}", command.argv[0], ::strerror(errno))};
    }
    const Fd reader(report[0]);
    Fd writer(report[1]);
    std::vector<char*> argv = pointers(command.argv);
    argv.push_back(nullptr);
    std::vector<char*> environment = pointers(command.environment);
    for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
    environment.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) become(command, argv.data(), environment.data(), writer.get(), parent);
    if (pid < 0) {
        return Error{Errc::unavailable,
                     fmt::format("start {}: {}", command.argv[0], ::strerror(errno))};
    }
    writer.reset();
    Process process;
    process.pid_ = pid;
    process.pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    int code = 0;
    if (::read(reader.get(), &code, sizeof code) == sizeof code) {
        process.wait(within(Millis(1000)));
        return Error{code == ENOENT ? Errc::not_found : Errc::unavailable,
                     fmt::format("start {}: {}", command.argv[0], ::strerror(code))};
    }
    return process;
}

void Process::signal(int number) {
    if (running()) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

std::optional<Exit> Process::wait(Deadline deadline) {
    if (!running()) return Exit{};
    while (true) {
        pollfd poll{pidfd_.get(), POLLIN, 0};
        const int ready = ::poll(&poll, 1, static_cast<int>(deadline.left(now()).count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return {};
        break;
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    pidfd_.reset();
    Exit exit;
    if (WIFSIGNALED(status)) exit.signal = WTERMSIG(status);
    if (WIFEXITED(status)) exit.code = WEXITSTATUS(status);
    return exit;
}

Exit Process::stop(Millis grace) {
    signal(SIGTERM);
    if (const auto exit = wait(within(grace))) return *exit;
    signal(SIGKILL);
    return wait(within(Millis(10000))).value_or(Exit{.code = 0, .signal = SIGKILL});
}

std::string own_path() {
    char path[4096];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    if (length <= 0) return "evenkeel";
    std::string found(path, static_cast<std::size_t>(length));
    constexpr std::string_view kReplaced = " (deleted)";
    if (found.ends_with(kReplaced)) found.resize(found.size() - kReplaced.size());
    return found;
}

bool port_is_free(const std::string& host, int port) {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
        address.sin_addr.s_addr = INADDR_ANY;
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

int free_port() {
    // The ephemeral range starts at 32768: a port from below it is not taken by an outgoing
    // connection between this check and the server's bind.
    static thread_local std::mt19937 random(std::random_device{}());
    std::uniform_int_distribution<int> any(15000, 31999);
    // Nothing listens yet on those that were given out before.
    static Mutex mutex;
    static std::set<int> given;
    for (int tries = 0; tries < 1000; ++tries) {
        const int port = any(random);
        if (!port_is_free("127.0.0.1", port)) continue;
        Lock lock(mutex);
        if (given.insert(port).second) return port;
    }
    return 0;
}

}  // namespace evenkeel::io
