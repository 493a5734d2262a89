// MySQL's events that name transactions. Like everything in binlog_event.h: pure, views into the
// caller's bytes, corrupt for what is cut or impossible.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "model/gtid_set.h"
#include "wire/binlog_event.h"

namespace evenkeel::wire {

bool is_mysql_gtid_event(EventType type);

// What opens each transaction: GTID_LOG, GTID_TAGGED, ANONYMOUS_GTID.
struct MysqlGtidEvent {
    std::optional<MysqlGtid> gtid{};  // Nothing: the server gives no names (gtid_mode=OFF).
};
Result<MysqlGtidEvent> parse_mysql_gtid(const Event& event);

// All transactions in the files before this one.
Result<GtidSet> parse_previous_gtids(const Event& event);

}  // namespace evenkeel::wire
