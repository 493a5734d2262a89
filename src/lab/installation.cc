#include "lab/installation.h"

#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "io/file.h"
#include "io/process.h"

namespace evenkeel::lab {

std::string Installation::defaults_option() const {
    return home.empty() ? "--no-defaults" : "--defaults-file=" + home + "/base.cnf";
}

Result<std::string> run_program(const std::vector<std::string>& argv, const std::string& input,
                                Deadline deadline) {
    EK_TRY(const std::string folder, io::make_temp_folder("ek-run-"));
    const std::string log = folder + "/out";
    std::vector<std::string> with_input = argv;
    if (!input.empty()) {
        with_input.insert(with_input.begin(), {"sh", "-c", "exec \"$@\" < \"$0\"", input});
    }
    auto process = io::Process::start({.argv = with_input, .output = log});
    const auto exit = process ? process->wait(deadline) : std::nullopt;
    const std::string output = io::read_file(log).value_or("");
    EK_TRY_VOID(io::remove_all(folder));
    if (!process) return process.error();
    if (!exit) return Error{Errc::timed_out, fmt::format("run {}: not done in time", argv[0])};
    if (exit->code == 0 && exit->signal == 0) return output;
    return Error{Errc::unavailable,
                 fmt::format("run {}: {}: {}", argv[0], exit->str(), trim(output))};
}

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

Result<Installation> find_installation(const std::string& home, Deadline deadline) {
    Installation found{.home = home};
    if (home.empty()) {
        EK_TRY(found.program, find_program("mariadbd"));
    } else {
        for (const char* name : {"/bin/mariadbd", "/bin/mysqld"}) {
            if (found.program.empty() && io::exists(home + name)) found.program = home + name;
        }
        if (found.program.empty()) {
            return Error{Errc::not_found,
                         fmt::format("find a server: {} has no bin/mariadbd or bin/mysqld", home)};
        }
    }
    EK_TRY(found.version, run_program({found.program, "--no-defaults", "--version"}, "", deadline));
    return found;
}

}  // namespace evenkeel::lab
