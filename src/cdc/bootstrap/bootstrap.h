// The bootstraps of one stream, on the stream's thread: takes requests, has their tables read chunk
// by chunk, and puts the rows among the stream's lines where they are true.
// docs/internals/bootstrap.md explains how that works without a lock.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/bootstrap/chunk_plan.h"
#include "cdc/bootstrap/chunk_reader.h"
#include "cdc/bootstrap/request.h"
#include "cdc/bootstrap/row_image.h"
#include "cdc/bootstrap/touched_keys.h"
#include "cdc/config.h"
#include "cdc/render/row_renderer.h"
#include "cdc/row_observer.h"
#include "cdc/stream_decoder.h"
#include "cdc/table_rules.h"
#include "coord/coordinator.h"

namespace evenkeel::cdc {

struct BootstrapWorld {
    coord::Coordinator* coordinator = nullptr;  // Null: alone.
    const TableRules* rules = nullptr;          // What the stream prints, and how.
    // Hands the lines so far to the sink. Errors: not_leader, and the sink's.
    std::function<Result<>(ByteBuffer&)> flush{};
    std::function<bool()> stopping{};
};

// Not thread-safe.
class Bootstrap : public RowObserver {
public:
    // `lines`: where the stream's lines go; it must outlive this.
    Bootstrap(const StreamConfig& config, BootstrapWorld world, ByteBuffer& lines);

    // Takes up what the stream had begun. `anew`: it has no checkpoint, so nothing of its lines is
    // left, and requests in Maxwell's table came before its first event. Errors: corrupt.
    Result<> load(bool anew);
    // The stream reads from `server` from now on; progress goes to the table on `primary`.
    void use(const ServerId& server, const ServerId& primary);
    // It reads from no server: what was under way is read again later.
    void leave();

    // Between two reads of the binlog: does what can be done now. Never waits.
    // Errors: those of rendering and of the sink.
    Result<> step(const StreamPosition& position);
    // Something is expected soon: step() should be called often.
    bool busy() const { return order_ != 0 || arrived_ || current() != nullptr; }

    // --- beside the checkpoint --------------------------------------------------------------
    bool changed() const { return changed_; }
    // False while a table without a key is being printed: it cannot be taken up in its middle.
    bool storable() const { return !printing_all_; }
    std::vector<coord::Op> ops() const;
    void stored();

    // --- RowObserver ------------------------------------------------------------------------
    Result<> before_transaction(const TransactionBuffer& transaction,
                                const BinlogPosition& with_it) override;
    void on_rows(const TablePlan& plan, const wire::Event& event) override;
    Result<> on_request(const TablePlan& plan, const wire::Event& event) override;
    void on_definitions_changed() override;

private:
    BootstrapJob* current();
    const BootstrapJob* current() const;
    void look_for_facts();
    void take(const BootstrapRequest& request);
    void give_up(const std::string& id);

    void give_orders();
    Result<> order(decltype(Order::what) what);
    void forget_order();
    Result<> handle(Answer answer);
    Result<> on_tables(TablesFound found);
    Result<> on_prepared(TablePrepared prepared);
    Result<> on_failure(const Error& error);

    Result<> place(const StreamPosition& position);
    Result<bool> select_untouched(const Chunk& chunk);
    Result<> print_rows(std::string_view images);
    Result<> print_frame(const char* type);
    Result<> begin_table(const StreamPosition& position);
    Result<> end_table();
    void end_job(JobState state, const std::string& error);
    Result<> print_piece(const Chunk& chunk);
    void restart_table();
    void report_progress(const BootstrapJob& job, bool now);

    const StreamConfig config_;
    const BootstrapWorld world_;
    ByteBuffer& lines_;
    RowRenderer rows_;
    RowRenderer frames_;
    RowRenderer requests_;
    ImageEvent event_;
    ByteBuffer scratch_;
    std::string kept_;
    std::string push_ts_;

    std::vector<BootstrapJob> jobs_;
    std::vector<std::string> taken_;  // Keys of facts that jobs were made of.
    bool changed_ = false;
    std::vector<BootstrapJob> announced_;  // Ended; to be written to the table when stored.
    Instant looked_at_{};
    Instant reported_at_{};

    std::optional<ServerId> server_;
    ServerId primary_{};
    bool look_for_rows_ = false;

    ChunkReader reader_;
    std::uint64_t last_order_ = 0;
    std::uint64_t order_ = 0;  // The one that is waited for; 0: none.
    Instant retry_at_{};
    int failures_ = 0;

    std::shared_ptr<const TableLayout> layout_;
    bool definitions_changed_ = false;
    TouchedKeys touched_;
    std::optional<ChunkRead> arrived_;
    ChunkSize size_;
    Instant paced_from_{};
    std::uint64_t paced_rows_ = 0;

    // Of a table without a key:
    bool reading_all_ = false;
    bool printing_all_ = false;
    std::optional<Watermark> snapshot_;
    std::uint64_t table_rows_ = 0;
    StreamPosition position_{};  // As of the last step().
};

}  // namespace evenkeel::cdc
