// What a server says of itself when a stream connects to it. Values only.
#pragma once

#include <cstdint>
#include <string>

#include "model/binlog_position.h"
#include "model/gtid.h"
#include "model/gtid_set.h"

namespace evenkeel::cdc {

// In which way its transactions have names, and so what a position on it is.
enum class PositionKind {
    mariadb_gtid,
    mysql_gtid,  // gtid_mode=ON
    file,        // MySQL with any other gtid_mode: file and offset.
};

// The transactions that a server's binlog holds or held. Which fields count depends on `kind`.
struct BinlogHistory {
    PositionKind kind = PositionKind::mariadb_gtid;
    GtidState state{};          // mariadb_gtid: @@gtid_binlog_state
    GtidSet executed{};         // mysql_gtid
    GtidSet purged{};           // mysql_gtid: executed, and in its binlog no more.
    std::string server_uuid{};  // Of MySQL: whose files they are.
    std::string gtid_mode{};    // Of MySQL.
    BinlogPosition end{};
};

struct SourceFacts {
    std::string version{};
    std::uint32_t server_id = 0;
    bool checksums = false;
    bool logs_replicated = false;  // log_replica_updates, log_slave_updates
    std::string row_image{};
    std::string row_metadata{};  // Empty: it has no such setting (MariaDB before 10.5, MySQL 5.7).
    BinlogHistory history{};
};

}  // namespace evenkeel::cdc
