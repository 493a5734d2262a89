// XA transactions that are prepared: their rows wait for XA COMMIT, which comes as a transaction of
// its own, maybe days later.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cdc/transaction_buffer.h"
#include "model/binlog_position.h"

namespace evenkeel::cdc {

struct PreparedTransaction {
    TransactionBuffer rows;
    std::string file{};       // Where its events are.
    TransactionId id{};       // Of its XA PREPARE.
    BinlogPosition before{};  // What had been read when it began.
};

// Not thread-safe.
class PreparedTransactions {
public:
    // `xid`: as XA COMMIT names it. One of the same name is replaced: its server has forgotten it.
    void add(const std::string& xid, PreparedTransaction transaction);
    // Nothing: no such one was seen.
    std::optional<PreparedTransaction> take(const std::string& xid);
    bool empty() const { return transactions_.empty(); }
    std::size_t size() const { return transactions_.size(); }
    // From where a stream has to read to see all of them again, when it has written up to
    // `written`. Nothing: there are none.
    std::optional<BinlogPosition> read_from(const BinlogPosition& written) const;

private:
    struct Entry {
        std::uint64_t number = 0;
        PreparedTransaction transaction;
    };
    std::map<std::string, Entry> transactions_;
    std::uint64_t added_ = 0;
};

}  // namespace evenkeel::cdc
