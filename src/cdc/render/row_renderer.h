// Renders row events as Maxwell's JSON lines: one object a line, no white space, keys in Maxwell's
// order. Pure: no I/O, no clock; allocates only until its buffers have grown.
//
// `xid`, `commit` and thus a row's bytes are known only at the end of its transaction: the caller
// keeps the transaction's raw row events (Event::bytes) and renders them when it has seen the end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "cdc/config.h"
#include "cdc/message_key.h"
#include "cdc/render/byte_buffer.h"
#include "cdc/render/table_plan.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

// What a row line says besides the row. Fields whose option is off in OutputConfig are not read.
struct RowContext {
    std::optional<std::uint64_t>
        xid{};                        // Nothing when the transaction did not end in an XID event.
    std::uint64_t first_xoffset = 0;  // xoffset of the event's first row, also when it is skipped.
    // No row of the transaction comes behind this event: its last row says "commit":true instead of
    // an xoffset.
    bool last_event = false;
    std::uint64_t skip_rows = 0;  // Rows at the front of the event that were written before.
    std::string_view position{};  // "file:offset" of the event's start.
    std::string_view gtid{};      // Empty: null.
    std::string_view query{};     // The statement, UTF-8; empty: left out.
    std::optional<std::uint32_t> thread_id{};  // Printed when known.
    std::uint64_t schema_id = 0;
    std::string_view push_ts{};  // Decimal seconds with microseconds.
    std::string_view comment{};  // Of a bootstrap; empty: left out.
};

class RowRenderer {
public:
    explicit RowRenderer(const OutputConfig& options);
    ~RowRenderer();
    RowRenderer(RowRenderer&&) noexcept;
    RowRenderer& operator=(RowRenderer&&) noexcept;

    // Appends one line for each row of `event` behind the skipped ones and returns the number of
    // rows in the event, skipped ones included (so the next event's first_xoffset is the old one
    // plus this). Rows that the plan's treatment drops, and dead letters, are not counted at all.
    // ts and server_id come from the event's header. On error `out` is as it was.
    // Errors: corrupt   the event is damaged or does not fit `plan`;
    //         conflict  a row is longer than max_row_bytes;
    //         invalid   a rule of the filter cannot be decided for a row, or the binlog has changes
    //                   to a JSON value without the value before; the text has the remedy;
    //         unavailable  no random bytes for the encryption.
    Result<std::uint64_t> append_rows(const TablePlan& plan, const wire::Event& event,
                                      const RowContext& context, ByteBuffer& out);

    // Some row of the event is not dropped by the plan's treatment. Errors: those.
    Result<bool> keeps_any(const TablePlan& plan, const wire::Event& event);
    // The last row that was written to `out`, and is still in it, is the transaction's last after
    // all: what came behind it were dead letters. False: it cannot be changed any more.
    bool commit_last_row(ByteBuffer& out);

    // From now on rows that cannot be written are appended to `letters`, which must outlive this,
    // as Maxwell's skeletons: database, table, type, reason, and data with the key alone.
    void use_dead_letters(ByteBuffer& letters);
    std::uint64_t dead_letters() const;
    // From now on each line that is appended has its key and its partition's hash in `keys`, which
    // must outlive this; who takes lines out clears it.
    void collect_keys(const KeyConfig& config, RowKeys& keys);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::cdc
