// What a stream says differently to MariaDB and to MySQL: how it asks for the facts, for a
// position, and for the binlog. Stateless.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "cdc/source/source_facts.h"
#include "sql/connection.h"

namespace evenkeel::cdc {

// How a reader of the binlog introduces itself.
struct DumpRequest {
    PositionKind kind = PositionKind::mariadb_gtid;
    BinlogPosition from{};  // Of that kind, or a place in a file.
    std::uint32_t server_id = 0;
    std::string uuid{};  // MySQL ends an older reader with the same one.
    std::uint64_t heartbeat_ns = 0;
    bool row_query = false;  // Send the statements of row events too.
};

class SourceDialect {
public:
    virtual ~SourceDialect() = default;
    // `facts` has what all servers have; fills in `history`.
    virtual Result<> ask_history(sql::Connection& connection, SourceFacts& facts,
                                 Deadline deadline) const = 0;
    // What lies at `place` of its files. Errors: invalid  it has no such place.
    virtual Result<BinlogPosition> position_at(sql::Connection& connection,
                                               const SourceFacts& facts, const FilePosition& place,
                                               Deadline deadline) const = 0;
    // The statement that prepares a connection for the dump.
    virtual std::string introduction(const DumpRequest& request) const = 0;
    // The command, without its packet header. Errors: invalid  it cannot say this position.
    virtual Result<std::string> dump_command(const DumpRequest& request) const = 0;
};

std::unique_ptr<SourceDialect> mariadb_dialect();
std::unique_ptr<SourceDialect> mysql_dialect();

}  // namespace evenkeel::cdc
