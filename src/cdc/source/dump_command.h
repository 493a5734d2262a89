// The commands that ask a server for its binlog, as bytes without their packet header. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "model/gtid_set.h"

namespace evenkeel::cdc {

struct FileDump {
    std::string file{};  // Empty: the first one, or what a GTID position says.
    std::uint32_t offset = 4;
    std::uint16_t flags = 0;
    std::uint32_t server_id = 0;
};

inline constexpr std::uint16_t kSendAnnotateRows = 2;  // MariaDB

std::string dump_by_file(const FileDump& dump);                               // COM_BINLOG_DUMP
std::string dump_by_gtids(const GtidSet& excluded, std::uint32_t server_id);  // …_GTID

}  // namespace evenkeel::cdc
