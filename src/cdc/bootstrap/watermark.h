// Positions of a server around a read of its tables. docs/internals/bootstrap.md has the reasons.
// The only place of the bootstrap that knows how servers say where they are.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cdc/source/source_dialect.h"
#include "model/binlog_position.h"
#include "sql/connection.h"

namespace evenkeel::cdc {

using Watermark = BinlogPosition;

// How one server is asked. Not thread-safe.
class Watermarks {
public:
    // Errors: those of the connection.
    static Result<Watermarks> of(sql::Connection& connection, Deadline deadline);

    // Waits until a SELECT sees every transaction up to `low`, which a reader of the binlog knows.
    // A server writes the binlog first and lets others see the rows afterwards. Errors: denied the
    // privilege to ask for the binlog's end is missing;
    //         timed_out  it did not come to that;  others  the connection's.
    Result<> wait_until_visible(sql::Connection& connection, const Watermark& low,
                                Deadline deadline);
    // What has to stand behind a SELECT so that wait_until_visible() holds for it: MySQL without
    // GTIDs cannot be asked what is visible, but a row lock waits for who is about to commit.
    const char* select_suffix() const;
    // A stream that is here has all that a SELECT has shown until now, or will print it again.
    Result<Watermark> written(sql::Connection& connection, Deadline deadline);
    // Begins a transaction whose SELECTs show this table as it is at the position that is returned,
    // not more and not less. MySQL: `other`, a second connection, locks the table against writes
    // for that moment.
    Result<Watermark> begin_snapshot(sql::Connection& connection, sql::Connection& other,
                                     const std::string& quoted_table, Deadline deadline);
    bool needs_lock() const { return facts_.history.kind != PositionKind::mariadb_gtid; }

private:
    SourceFacts facts_{};
    std::shared_ptr<const SourceDialect> dialect_{};
};

}  // namespace evenkeel::cdc
