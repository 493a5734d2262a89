// The command line → what to do. Pure but for the help text's width; the only file that sees CLI11.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "app/backup_command.h"
#include "app/bootstrap_command.h"
#include "app/cdc_command.h"
#include "app/cert_command.h"
#include "app/client.h"
#include "app/demo.h"
#include "app/leader_command.h"
#include "app/leaders_command.h"
#include "app/member_command.h"
#include "app/supervisor.h"
#include "app/worker.h"

namespace evenkeel::app {

// Text to print and nothing else to do: help, a version, or what is wrong with the command line.
struct Message {
    std::string text{};
    int status = 0;  // Not 0: print it on stderr.
};

using Command = std::variant<Message, NodeArgs, WorkerArgs, CdcArgs, DemoArgs, TopologyArgs,
                             StatusArgs, CertArgs, LeaderArgs, LeadersArgs, MemberArgs, BackupArgs,
                             RestoreArgs, BootstrapArgs>;

// `arguments` without the program's name.
Command parse_command_line(const std::vector<std::string>& arguments);

}  // namespace evenkeel::app
