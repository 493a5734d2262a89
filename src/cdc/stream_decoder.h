// From binlog events to lines: puts transactions together and renders them when they have ended.
// No I/O but the temporary file of a giant transaction and what the schema cache's dictionary does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "cdc/config.h"
#include "cdc/prepared_transactions.h"
#include "cdc/progress.h"
#include "cdc/render/byte_buffer.h"
#include "cdc/render_queue.h"
#include "cdc/row_observer.h"
#include "cdc/schema/statement.h"
#include "cdc/schema/table_tracker.h"
#include "cdc/source/source.h"
#include "cdc/transaction_buffer.h"
#include "cdc/transaction_renderer.h"
#include "model/binlog_position.h"
#include "wire/payload.h"
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
    std::uint64_t schema_version = 0;
};

// Not thread-safe.
class StreamDecoder : public EventHandler {
public:
    // Takes whole lines out of the buffer and clears it; called in the middle of a long
    // transaction and between those of a backlog.
    using Drain = RenderQueue::Drain;

    // `schema` must outlive this.
    StreamDecoder(const StreamConfig& config, TableTracker& schema, Drain drain);

    // Errors: corrupt, invalid, conflict  need a person;  others  those of dictionary and drain.
    Result<> on_event(const wire::Event& event) override;
    // Lines and position are complete after it, and after an error.
    Result<> before_reuse() override;

    // The next event comes from the start of a connection, to the server with this server_uuid
    // (MySQL). Forgets a transaction that has not ended.
    void restart(const std::string& server_uuid = {});
    // Where the lines are, and where to read again from for prepared transactions; before any
    // event.
    void resume(StreamPosition position, std::optional<BinlogPosition> read_from = {});
    // The same place in another server's terms.
    void rename(BinlogPosition at);

    void set_schema_version(std::uint64_t version) { position_.schema_version = version; }
    // Told of what is rendered from now on; null: nobody. It must outlive this.
    void observe(RowObserver* observer) { observer_ = observer; }

    StreamPosition position() const;
    std::uint64_t transactions() const { return position_.transactions; }
    ByteBuffer& lines() { return lines_; }
    // What a connection has to be started at.
    const BinlogPosition& read() const { return progress_.read(); }
    // What a stream that is taken up at position() has to be resumed with: an XA transaction that
    // is prepared has its rows before it, and they are not in the lines yet.
    std::optional<BinlogPosition> read_from() const;
    std::size_t prepared() const { return prepared_.size(); }
    // Rows that could not be written, a line each; for the dead letter file.
    ByteBuffer& dead_letters() { return dead_letters_; }
    std::uint64_t dead_letter_count() const { return rows_.dead_letters(); }
    // Called behind each transaction, when rules may change.
    void on_boundary(std::function<void()> act) { at_boundary_ = std::move(act); }
    bool between_transactions() const { return !group_; }

private:
    // A transaction, from its GTID event to its end.
    struct Group {
        Group(const TransactionId& transaction, std::uint32_t when)
            : id(transaction), timestamp(when) {}

        TransactionId id;
        std::uint32_t timestamp;
        std::optional<std::uint32_t> thread_id{};
        // The next statement that is no transaction control is all of it, and its end.
        bool standalone = false;
        bool xa = false;        // XA START came.
        bool repeated = false;  // Its rows were written before.

        // Nothing in it will be written.
        bool skips_rows() const { return repeated && !xa; }
    };

    Result<> handle(const wire::Event& event);
    Result<> take(const wire::Event& event);
    Result<> on_payload(const wire::Event& event);
    Result<> on_xid(const wire::Event& event);
    Result<> on_row_query(const wire::Event& event);
    Result<> on_gtid(const wire::Event& event);
    Result<> on_mysql_gtid(const wire::Event& event);
    Result<> begin(const wire::Event& event, const TransactionId& id);
    Result<> on_format_description(const wire::Event& event);
    Result<> on_table_map(const wire::Event& event);
    Result<> on_query(const wire::Event& event);
    Result<> on_statement(const wire::Event& event, const wire::Query& query);
    Result<> on_change(const wire::Event& event, const wire::Query& query,
                       const Statement& statement);
    Result<> on_rows(const wire::Event& event);
    Result<> on_other(const wire::Event& event);
    Result<> on_xa_prepare(const wire::Event& event);
    Result<> finish_xa(const std::string& xid, bool commit);
    Result<> commit(const std::optional<std::uint64_t>& xid);
    bool may_wait() const;
    Result<> enqueue(const std::optional<std::uint64_t>& xid);
    // What is queued, so that the lines are as far as the events.
    Result<> render_queued();
    Result<> deliver_requests();
    Result<> announce(const TransactionBuffer& transaction);
    Result<std::optional<std::uint64_t>> last_kept(const TransactionBuffer& transaction);
    Result<> render(const TransactionBuffer& transaction, const std::string& file,
                    const std::optional<std::uint64_t>& xid);
    Result<> on_definitions(const wire::Event& event, const wire::Query& query);
    Result<> finish_group();
    void close_group();
    // A transaction whose lines are written.
    Result<> count(const QueuedTransaction& ended);
    TransactionFacts facts(const std::optional<std::uint64_t>& xid) const;
    QueuedTransaction ended_group(const std::optional<std::uint64_t>& xid) const;
    const FilePosition& place(const TransactionId& id, std::uint64_t offset);
    void follow_position(const wire::Event& event);

    const OutputConfig output_;
    const std::uint64_t transaction_bytes_max_;
    TableTracker& schema_;
    const Drain drain_;
    TransactionRenderer renderer_;
    RowRenderer& rows_;
    RenderQueue queue_;
    ByteBuffer lines_;
    ByteBuffer dead_letters_;
    std::function<void()> at_boundary_;
    std::string ddl_lines_;  // Of the open group: they come before its rows.
    std::uint64_t ddl_count_ = 0;

    std::optional<Group> group_;  // The open one.
    TransactionBuffer transaction_;
    TransactionBuffer requests_;  // Changes of the table that is listened to.
    RowObserver* observer_ = nullptr;
    PreparedTransactions prepared_;
    Progress progress_;
    StreamPosition position_;   // All but `at`, which is what progress_ has written.
    FilePosition here_;         // What is read; its offset is place()'s.
    std::uint64_t offset_ = 0;  // Behind the last event.
    std::uint64_t event_start_ = 0;
    wire::PayloadReader payload_;
    std::string scratch_;
};

}  // namespace evenkeel::cdc
