// Renders the row events of transactions, one behind the other. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cdc/config.h"
#include "cdc/render/byte_buffer.h"
#include "cdc/render/row_renderer.h"
#include "cdc/transaction_buffer.h"
#include "model/binlog_position.h"

namespace evenkeel::cdc {

// What the lines of a transaction say besides its rows.
struct TransactionFacts {
    TransactionId id{};
    std::optional<std::uint64_t> xid{};
    std::optional<std::uint32_t> thread_id{};
    std::uint64_t schema_id = 0;
    // The number of the row event, from 1 on, with the last row that the filter leaves. Nothing:
    // the filter does not look at rows.
    std::optional<std::uint64_t> last_event{};
};

// Not thread-safe.
class TransactionRenderer {
public:
    explicit TransactionRenderer(const OutputConfig& output);

    RowRenderer& row_renderer() { return rows_; }
    // What follows are the records of this transaction. `facts` and `file`, which is where they
    // are, must outlive them.
    void begin(const TransactionFacts& facts, std::string_view file);
    // The next record's lines; how many rows it has. Errors: those of RowRenderer::append_rows().
    Result<std::uint64_t> append(const TransactionBuffer::Record& record, ByteBuffer& lines);

private:
    Result<> take_statement(const wire::Event& event);

    const OutputConfig output_;
    RowRenderer rows_;
    const TransactionFacts* facts_ = nullptr;
    std::string_view file_{};
    RowContext context_{};
    std::uint64_t events_ = 0;  // With rows.
    // What the context's texts live in.
    std::string gtid_{};
    std::string position_{};
    std::string query_{};
    std::string push_ts_{};
};

}  // namespace evenkeel::cdc
