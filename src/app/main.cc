#include <fmt/core.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "app/cli.h"

namespace {

using namespace evenkeel::app;

struct Run {
    int operator()(const Message& message) const {
        fmt::print(message.status == 0 ? stdout : stderr, "{}", message.text);
        return message.status;
    }
    int operator()(const NodeArgs& args) const { return run_node(args); }
    int operator()(const WorkerArgs& args) const { return run_worker(args); }
    int operator()(const CdcArgs& args) const { return run_cdc(args); }
    int operator()(const BootstrapArgs& args) const { return run_bootstrap(args); }
    int operator()(const DemoArgs& args) const { return run_demo(args); }
    int operator()(const TopologyArgs& args) const { return run_topology(args); }
    int operator()(const LeaderArgs& args) const { return run_leader(args); }
    int operator()(const LeadersArgs& args) const { return run_leaders(args); }
    int operator()(const StatusArgs& args) const { return run_status(args); }
    int operator()(const CertArgs& args) const { return run_cert(args); }
    int operator()(const MemberArgs& args) const { return run_member(args); }
    int operator()(const BackupArgs& args) const { return run_backup(args); }
    int operator()(const RestoreArgs& args) const { return run_restore(args); }
};

}  // namespace

int main(int argc, char** argv) {
    // A peer that closed its end is an error of that write, not the end of the program.
    ::signal(SIGPIPE, SIG_IGN);
    // Started as /proc/self/exe, `ps` would call a worker "exe".
    ::prctl(PR_SET_NAME, "evenkeel");
    return std::visit(Run{}, parse_command_line({argv + 1, argv + argc}));
}
