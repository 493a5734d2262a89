#include "lab/datadir.h"

#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/process.h"
#include "io/thread.h"

namespace evenkeel::lab {
namespace {

// Runs a program to its end, its output in `log`.
Result<> run(const std::vector<std::string>& argv, const std::string& log, Deadline deadline) {
    EK_TRY(auto process, io::Process::start({.argv = argv, .output = log}));
    const auto exit = process.wait(deadline);
    if (!exit) return Error{Errc::timed_out, fmt::format("run {}: not done in time", argv[0])};
    if (exit->code == 0 && exit->signal == 0) return {};
    const auto output = io::read_file(log);
    return Error{Errc::unavailable, fmt::format("run {}: {}: {}", argv[0], exit->str(),
                                                output ? trim(*output) : "no output")};
}

std::string cache_folder() {
    if (const char* own = ::getenv("EVENKEEL_LAB_CACHE")) return own;
    if (const char* cache = ::getenv("XDG_CACHE_HOME")) return std::string(cache) + "/evenkeel/lab";
    const char* home = ::getenv("HOME");
    // Never a well-known name below /tmp: another user could have put accounts of his into it.
    return home != nullptr ? std::string(home) + "/.cache/evenkeel/lab" : std::string();
}

Result<io::Fd> wait_for_lock(const std::string& path, Deadline deadline) {
    io::StopToken pause;
    while (true) {
        auto lock = io::lock_file(path);
        if (lock || lock.error().code != Errc::conflict || deadline.passed(io::now())) return lock;
        pause.wait_for(Millis(50));
    }
}

Result<> initialise(const std::string& folder, const std::string& accounts_sql, Deadline deadline) {
    EK_TRY(const std::string install, find_program("mariadb-install-db"));
    EK_TRY_VOID(io::remove_all(folder));
    EK_TRY_VOID(io::make_folders(folder));
    EK_TRY_VOID(io::replace_file(folder + "/accounts.sql", accounts_sql));
    std::vector<std::string> argv{
        install,
        "--no-defaults",
        "--datadir=" + folder + "/data",
        "--force",  // No look-up of the host name, which needs what is not everywhere.
        "--skip-test-db",
        "--skip-log-bin",
        "--innodb-log-file-size=8M",
        "--extra-file=" + folder + "/accounts.sql"};
    if (::geteuid() == 0) argv.push_back("--user=root");
    return run(argv, folder + "/install.log", deadline);
}

// The template's data folder, initialised when it is not there yet.
Result<std::string> template_folder(const std::string& scratch, const std::string& accounts_sql,
                                    Deadline deadline) {
    EK_TRY(const std::string server, find_program("mariadbd"));
    const std::string cache = cache_folder().empty() ? scratch + ".template" : cache_folder();
    EK_TRY_VOID(io::make_folders(cache));
    const std::string version_file = scratch + ".version";
    EK_TRY_VOID(run({server, "--no-defaults", "--version"}, version_file, deadline));
    EK_TRY(const std::string version, io::read_file(version_file));
    EK_TRY_VOID(io::remove_all(version_file));

    const std::size_t key = std::hash<std::string>{}(version + accounts_sql);
    const std::string folder = fmt::format("{}/mariadb-{:016x}", cache, key);
    EK_TRY(const io::Fd lock, wait_for_lock(folder + ".lock", deadline));
    // The mark comes last, so an initialisation that was cut short is done again.
    if (!io::exists(folder + "/complete")) {
        EK_TRY_VOID(initialise(folder, accounts_sql, deadline));
        EK_TRY_VOID(io::replace_file(folder + "/complete", version));
    }
    return folder + "/data";
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
    const char* path = ::getenv("PATH");
    std::vector<std::string> folders = split(path != nullptr ? path : "", ':');
    for (const char* more : {"/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin"}) {
        folders.emplace_back(more);
    }
    for (const std::string& folder : folders) {
        const std::string candidate = folder + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return Error{Errc::not_found, fmt::format("find {}: not on this machine; install it with "
                                              "'apt-get install mariadb-server'",
                                              name)};
}

Result<> make_datadir(const std::string& path, const std::string& accounts_sql, Deadline deadline) {
    EK_TRY(const std::string source, template_folder(path, accounts_sql, deadline));
    EK_TRY_VOID(run({"cp", "-a", "--sparse=always", source, path}, path + ".copy.log", deadline));
    return io::remove_all(path + ".copy.log");
}

}  // namespace evenkeel::lab
