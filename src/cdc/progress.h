// How far a stream is: up to where its rows are written, and where it reads. That is one place,
// but for a stream that was taken up while XA transactions were prepared: it reads again from
// before the first of them and keeps only their rows, until it is where it has written to
// (docs/internals/checkpoint.md). Pure.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "model/binlog_position.h"

namespace evenkeel::cdc {

// Not thread-safe.
class Progress {
public:
    Progress() = default;
    // `read_from` nothing: nothing has to be read again.
    Progress(BinlogPosition written, std::optional<BinlogPosition> read_from);

    const BinlogPosition& written() const { return written_; }
    // Some of what was written is being read once more.
    bool reads_again() const { return read_.has_value(); }
    // What lies behind here has not been read.
    const BinlogPosition& read() const { return read_ ? *read_ : written_; }
    // The rows of the transaction that begins at `start` were written before.
    bool repeats(const TransactionId& id, const FilePosition& start) const;
    // It has ended at `end`; `repeated` is what repeats() said of it. False: its server names
    // transactions in another way than this position does, so that it cannot be counted.
    bool finish(const TransactionId& id, const FilePosition& end, bool repeated);

private:
    bool passed(const TransactionId& id, const FilePosition& end, bool repeated);

    BinlogPosition written_{};
    std::optional<BinlogPosition> read_{};  // Nothing: as far as written.
    std::set<std::uint32_t> behind_{};      // MariaDB: domains that are read again.
};

}  // namespace evenkeel::cdc
