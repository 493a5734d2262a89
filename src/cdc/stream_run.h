// One tenure of a stream: from the moment this node may write to its sink until it may not any
// more. Reads, renders, writes, moves the checkpoint, and follows the cluster from server to
// server.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/result.h"
#include "cdc/bootstrap/bootstrap.h"
#include "cdc/checkpoint.h"
#include "cdc/schema/ddl_scan.h"
#include "cdc/schema/schema_cache.h"
#include "cdc/schema/schema_store.h"
#include "cdc/schema/server_dictionary.h"
#include "cdc/sinks/sink.h"
#include "cdc/source/source.h"
#include "cdc/source/source_choice.h"
#include "cdc/stream_decoder.h"
#include "cdc/stream_status.h"
#include "io/plain_file.h"
#include "io/thread.h"

namespace evenkeel::cdc {

struct StreamWorld {
    coord::Coordinator* coordinator = nullptr;  // Null: alone.
    std::optional<Grant> grant{};
    StreamStatus* status = nullptr;
    std::atomic<bool>* fact_changed = nullptr;  // Set by others, cleared here.
    // The filter in force, and that it may have changed; set by others, cleared here.
    std::function<Result<Filter>()> filter{};
    std::atomic<bool>* filter_changed = nullptr;
    bool recapture = false;  // Forget the stored definitions (recapture_schema).
};

// Not thread-safe; lives on the stream's thread.
class StreamRun {
public:
    StreamRun(const StreamConfig& config, StreamWorld world);

    // Runs until `stop`. Errors:
    //   not_leader   the duty or the checkpoint is somebody else's now: begin again when held;
    //   unavailable  no server could be reached for a while: another node may be luckier;
    //   others       a person is needed; the text says for what.
    Result<> run(io::StopToken& stop);

private:
    bool may_act() const;
    Result<> run_until(io::StopToken& stop);
    Result<> open_sink();
    Result<> begin_at(Source& source);
    Result<> know_tables(Source& source, io::StopToken& stop);
    Result<> scan(const ServerId& server, const BinlogPosition& to, DdlScan& found,
                  io::StopToken& stop);
    Result<SchemaTable> recover(const TableName& name, io::StopToken& stop);
    SourceChoice choose();
    std::optional<Error> refused_by_all() const;
    Result<> wait_for_choice(const SourceChoice& choice, io::StopToken& stop);
    Result<> visit(const SourceChoice& choice, io::StopToken& stop);
    Result<> take_up(Source& source, bool is_primary, io::StopToken& stop);
    Result<> adopt_gtids(Source& source);
    static void start_below_4g(StreamDecoder& decoder);
    Result<> make_fit(Source& source, bool is_primary, io::StopToken& stop);
    Result<> read(Source& source, io::StopToken& stop);
    Result<> once_more(Result<> read);
    bool should_leave();
    Result<> after_failure(const ServerId& server, const Error& error);
    void take_filter();
    Result<> flush(ByteBuffer& lines);
    Result<> write_dead_letters();
    Result<> checkpoint_when_due(bool now);
    Result<> store_checkpoint();
    void report(const Source& source);
    std::unique_ptr<Bootstrap> make_bootstrap();
    Result<> bootstrap();

    struct Failure {
        int times = 0;
        Instant until{};                 // Not tried again before.
        std::optional<Error> refusal{};  // Needs a person, unless another server does.
    };

    const StreamConfig config_;
    const StreamWorld world_;
    std::unique_ptr<Sink> sink_;
    std::optional<CheckpointStore> store_;
    std::optional<SchemaStore> definitions_;
    ServerDictionary dictionary_;
    TableRules rules_;
    SchemaCache schema_;
    StreamDecoder decoder_;
    io::PlainFile dead_letters_;
    bool dead_letters_synced_ = true;
    // Of a write, part of which may be in the sink or the file of dead letters: none may follow.
    std::optional<Error> sink_failure_;
    std::optional<Error> filter_problem_;
    const io::StopToken* stop_ = nullptr;   // Of run().
    std::unique_ptr<Bootstrap> bootstrap_;  // Null: bootstrapper=none.
    bool positioned_ = false;
    bool at_end_ = false;  // It begins at the server's end, so a little later will do as well.
    bool tables_known_ = false;
    std::uint64_t stored_transactions_ = 0;
    Instant stored_at_{};
    ClusterFact fact_{};
    std::optional<ServerId> current_;
    bool current_is_primary_ = false;
    Instant current_since_{};
    Instant chosen_at_{};
    std::optional<StreamPlace> corrupt_at_;  // Where events were damaged already.
    bool proven_ = false;  // The current server has sent events: it accepts the position.
    Instant lost_at_{};    // When no server could be read from any more; 0: one is being read.
    std::map<ServerId, Failure> failures_;
};

}  // namespace evenkeel::cdc
