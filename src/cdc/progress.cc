#include "cdc/progress.h"

namespace evenkeel::cdc {
namespace {

// A position takes up a transaction by its name, or by its end where it has none.
bool take_up(BinlogPosition& position, const TransactionId& id, const FilePosition& end) {
    const bool nameless = std::holds_alternative<std::monostate>(id);
    if (position.file() == nullptr && !(position.empty() && nameless)) return position.add(id);
    position = end;
    return true;
}

}  // namespace

Progress::Progress(BinlogPosition written, std::optional<BinlogPosition> read_from)
    : written_(std::move(written)), read_(std::move(read_from)) {
    if (!read_ || written_.mariadb() == nullptr) return;
    // Sequences of a domain need not grow, but a domain's order is the same on every server: what
    // was written ends with this very transaction.
    for (const auto& [domain, gtid] : written_.mariadb()->domains()) {
        const Gtid* from = read_->mariadb() != nullptr ? read_->mariadb()->find(domain) : nullptr;
        if (from == nullptr || *from != gtid) behind_.insert(domain);
    }
    if (behind_.empty()) read_.reset();
}

bool Progress::repeats(const TransactionId& id, const FilePosition& start) const {
    if (const auto* gtid = std::get_if<MysqlGtid>(&id); gtid != nullptr && written_.mysql()) {
        return written_.mysql()->contains(*gtid);
    }
    if (!read_) return false;
    if (written_.file() != nullptr) return !BinlogPosition(start).reaches(written_);
    const auto* gtid = std::get_if<Gtid>(&id);
    return gtid != nullptr && behind_.contains(gtid->domain);
}

bool Progress::finish(const TransactionId& id, const FilePosition& end, bool repeated) {
    if (!repeated && !take_up(written_, id, end)) return false;
    if (!read_) return true;
    if (!take_up(*read_, id, end)) return false;
    if (passed(id, end, repeated)) read_.reset();
    return true;
}

// Everything that was written has been read again.
bool Progress::passed(const TransactionId& id, const FilePosition& end, bool repeated) {
    if (written_.file() != nullptr) return BinlogPosition(end).reaches(written_);
    if (written_.mysql() != nullptr) return read_->reaches(written_);
    const auto* gtid = std::get_if<Gtid>(&id);
    if (repeated && gtid != nullptr && *written_.mariadb()->find(gtid->domain) == *gtid) {
        behind_.erase(gtid->domain);
    }
    return behind_.empty();
}

}  // namespace evenkeel::cdc
