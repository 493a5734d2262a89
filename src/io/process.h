// Child processes: started with a fixed argument vector (never a shell), watched by pidfd, and dead
// with their parent.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/fd.h"

namespace evenkeel::io {

struct Command {
    std::string program{};                   // To execute; empty: argv[0].
    std::vector<std::string> argv{};         // argv[0] is looked up in PATH.
    std::vector<std::string> environment{};  // "NAME=value", added to the parent's.
    std::string output{};  // Appends stdout and stderr to this file; empty: inherited.
    bool own_group =
        false;  // A process group of its own, so that a terminal's Ctrl-C passes it by.
    // SIGKILLed by the kernel when the starting *thread* ends: start long-lived children from a
    // thread that lives as long as they should.
    bool die_with_parent = true;
    // An open descriptor of the network namespace to run in, which needs CAP_SYS_ADMIN; -1: the
    // starting thread's.
    int network_namespace = -1;
};

// How a process ended.
struct Exit {
    int code = 0;             // Exit status; meaningful when signal is 0.
    int signal = 0;           // Signal that killed it.
    std::string str() const;  // "exited with status 1", "killed by signal 9 (Killed)"
};

// Owns a child: kills it (SIGKILL) and reaps it in its destructor.
class Process {
public:
    Process() = default;
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;

    // Errors: not_found  no such program; unavailable  the system refused.
    static Result<Process> start(const Command& command);

    pid_t pid() const { return pid_; }
    bool running() const { return pid_ > 0; }
    // Readable when the process has ended.
    int pidfd() const { return pidfd_.get(); }
    void signal(int number);
    // Waits until the process has ended; nothing when it still runs at the deadline.
    std::optional<Exit> wait(Deadline deadline);
    // SIGTERM, then SIGKILL when it has not ended within `grace`.
    Exit stop(Millis grace);

private:
    pid_t pid_ = -1;
    Fd pidfd_;
};

// Command::program for another process of the running program: this very image, also when its file
// was replaced by an upgrade meanwhile.
inline constexpr const char* kOwnImage = "/proc/self/exe";
// The path of the running program, for people.
std::string own_path();
// True when `port` on `host` can be bound now.
bool port_is_free(const std::string& host, int port);
// A TCP port on 127.0.0.1 that nothing listens on at the moment and that this process was not given
// before, from below the ephemeral range.
int free_port();

}  // namespace evenkeel::io
