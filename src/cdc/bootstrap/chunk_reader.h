// Asks a server what a bootstrap needs to know, on a thread and a connection of its own: orders in,
// answers out, one at a time and in order. Holds no state of a bootstrap and decides nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/mailbox.h"
#include "cdc/bootstrap/request.h"
#include "cdc/bootstrap/table_layout.h"
#include "cdc/bootstrap/watermark.h"
#include "cdc/config.h"
#include "cdc/schema/server_dictionary.h"
#include "io/thread.h"

namespace evenkeel::cdc {

// Rows of one table as a SELECT gave them, in the order of its key.
struct Chunk {
    std::string images{};  // One behind the other; row_image.h.
    std::uint64_t rows = 0;
    KeyLiterals last{};  // Of the last row.
    bool end = false;    // The table has no more.
};

// --- orders -----------------------------------------------------------------------------------
struct FindTables {
    std::string database{};
    std::string table{};  // Names with commas between them, or a pattern.
};
struct FindRequests {};  // In Maxwell's table.
struct PrepareTable {
    std::string database{};
    std::string table{};
    std::string where{};
    bool count = false;  // Also say how many rows there are.
};
struct ReadChunk {
    std::shared_ptr<const TableLayout> layout{};
    std::string where{};
    KeyLiterals last{};
    std::uint64_t rows = 0;
    Watermark low{};  // The stream is there, or beyond.
};
// The whole table, as it was at one moment: Snapshot, and then ChunkRead until its end.
struct ReadAll {
    std::shared_ptr<const TableLayout> layout{};
    std::string where{};
};
// Into the row of Maxwell's table; no answer.
struct WriteProgress {
    ServerId server{};
    BootstrapJob job{};
};

struct Order {
    std::uint64_t number = 0;
    ServerId server{};
    std::variant<FindTables, FindRequests, PrepareTable, ReadChunk, ReadAll, WriteProgress> what{};
};

// --- answers ----------------------------------------------------------------------------------
struct TablesFound {
    std::vector<std::string> names{};
};
struct RequestsFound {
    std::vector<BootstrapRequest> requests{};
};
struct TablePrepared {
    std::shared_ptr<const TableLayout> layout{};
    std::uint64_t rows = 0;
};
struct ChunkRead {
    Chunk chunk{};
    Watermark high{};
};
struct Snapshot {
    Watermark place{};
};

struct Answer {
    std::uint64_t number = 0;  // Of the order.
    std::variant<Error, TablesFound, RequestsFound, TablePrepared, ChunkRead, Snapshot> what{};
};

// order() and take() are for one thread.
class ChunkReader {
public:
    explicit ChunkReader(const StreamConfig& config);
    ~ChunkReader();

    // False: too many wait.
    [[nodiscard]] bool order(Order order);
    std::optional<Answer> take(Millis limit);
    // Whatever it does now is of no use any more.
    void cancel(std::uint64_t until_number);

private:
    struct Work;
    void run(io::StopToken& stop);

    const StreamConfig config_;
    Mailbox<Order> orders_;
    Mailbox<Answer> answers_;
    std::atomic<std::uint64_t> cancelled_{0};  // Orders up to this number.
    io::Worker worker_{};                      // Last: it uses the others.
};

}  // namespace evenkeel::cdc
