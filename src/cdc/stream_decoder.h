// From binlog events to lines: puts transactions together and renders them when they have ended.
// No I/O but the temporary file of a giant transaction and what the schema cache's dictionary does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "cdc/config.h"
#include "cdc/render/byte_buffer.h"
#include "cdc/render/row_renderer.h"
#include "cdc/schema/schema_cache.h"
#include "cdc/source.h"
#include "cdc/transaction_buffer.h"
#include "model/binlog_position.h"
#include "wire/rows_event.h"

namespace evenkeel::cdc {

// Everything up to here is in the lines.
struct StreamPosition {
    BinlogPosition at{};
    std::string file{};  // Of the server that is read; changes with the server.
    std::uint64_t offset = 0;
    TransactionId last{};
    std::uint32_t timestamp = 0;  // Its time, seconds since 1970; 0: none yet.
    std::uint64_t rows = 0;
    std::uint64_t transactions = 0;
};

// Not thread-safe.
class StreamDecoder : public EventHandler {
public:
    // Takes whole lines out of the buffer and clears it; called in the middle of a long
    // transaction.
    using Drain = std::function<Result<>(ByteBuffer&)>;

    // `schema` must outlive this.
    StreamDecoder(const StreamConfig& config, SchemaCache& schema, Drain drain);

    // Errors: corrupt, invalid, conflict  need a person;  others  those of dictionary and drain.
    Result<> on_event(const wire::Event& event) override;
    Result<> before_reuse() override;

    // The next event comes from the start of a connection. Forgets a transaction that has not
    // ended.
    void restart();
    // Where the lines are; before any event.
    void resume(StreamPosition position) { position_ = std::move(position); }

    const StreamPosition& position() const { return position_; }
    ByteBuffer& lines() { return lines_; }
    // False while an XA transaction is prepared: its rows came before position() but are not in the
    // lines yet, so a stream that is taken up there would lose them.
    bool complete() const { return prepared_.empty(); }

private:
    Result<> on_gtid(const wire::Event& event);
    Result<> on_query(const wire::Event& event);
    Result<> on_statement(const wire::Event& event, const wire::Query& query);
    Result<> on_rows(const wire::Event& event);
    Result<> on_other(const wire::Event& event);
    Result<> on_xa_prepare(const wire::Event& event);
    Result<> finish_xa(bool commit);
    Result<> commit(std::optional<std::uint64_t> xid);
    Result<> render(const TransactionBuffer& transaction, std::optional<std::uint64_t> xid);
    void finish_group();
    void follow_position(const wire::Event& event);

    const OutputConfig output_;
    const std::uint64_t transaction_bytes_max_;
    SchemaCache& schema_;
    const Drain drain_;
    RowRenderer renderer_;
    ByteBuffer lines_;

    std::optional<wire::GtidEvent> group_;  // The open one; its xa_id is in xa_id_.
    std::string xa_id_;
    std::uint32_t group_timestamp_ = 0;
    TransactionBuffer transaction_;
    std::map<std::string, TransactionBuffer> prepared_;
    StreamPosition position_;
    std::string file_;
    std::uint64_t offset_ = 0;  // Behind the last event.
    std::string scratch_;
};

}  // namespace evenkeel::cdc
