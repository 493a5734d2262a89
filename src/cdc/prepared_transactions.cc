#include "cdc/prepared_transactions.h"

#include <algorithm>

namespace evenkeel::cdc {

void PreparedTransactions::add(const std::string& xid, PreparedTransaction transaction) {
    transactions_.insert_or_assign(xid, Entry{added_++, std::move(transaction)});
}

std::optional<PreparedTransaction> PreparedTransactions::take(const std::string& xid) {
    auto node = transactions_.extract(xid);
    if (node.empty()) return {};
    return std::move(node.mapped().transaction);
}

std::optional<BinlogPosition> PreparedTransactions::read_from(const BinlogPosition& written) const {
    if (transactions_.empty()) return {};
    if (written.mysql() != nullptr) {
        GtidSet set = *written.mysql();
        for (const auto& [xid, entry] : transactions_) {
            if (const auto* gtid = std::get_if<MysqlGtid>(&entry.transaction.id)) set.remove(*gtid);
        }
        return BinlogPosition(std::move(set));
    }
    const auto first = std::min_element(
        transactions_.begin(), transactions_.end(),
        [](const auto& a, const auto& b) { return a.second.number < b.second.number; });
    return first->second.transaction.before;
}

}  // namespace evenkeel::cdc
