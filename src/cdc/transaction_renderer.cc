#include "cdc/transaction_renderer.h"

#include <fmt/core.h>

#include "base/log.h"
#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

std::string seconds_text(std::int64_t wall_ms) {
    return fmt::format("{}.{:06}", wall_ms / 1000, wall_ms % 1000 * 1000);
}

}  // namespace

TransactionRenderer::TransactionRenderer(const OutputConfig& output)
    : output_(output), rows_(output) {}

void TransactionRenderer::begin(const TransactionFacts& facts, std::string_view file) {
    facts_ = &facts;
    file_ = file;
    events_ = 0;
    context_ = {.xid = facts.xid, .thread_id = facts.thread_id, .schema_id = facts.schema_id};
    if (!output_.gtid_position && !output_.row_id) return;
    gtid_ = to_string(facts.id);
    context_.gtid = gtid_;
}

Result<> TransactionRenderer::take_statement(const wire::Event& event) {
    EK_TRY(const std::string_view statement, wire::parse_annotate_rows(event));
    query_ = statement;
    context_.query = query_;
    return {};
}

Result<std::uint64_t> TransactionRenderer::append(const TransactionBuffer::Record& record,
                                                  ByteBuffer& lines) {
    if (record.plan == nullptr) {
        EK_TRY_VOID(take_statement(record.event));
        return std::uint64_t{0};
    }
    if (output_.binlog_position || output_.row_id) {
        position_ = fmt::format("{}:{}", file_, record.position);
        context_.position = position_;
    }
    if (output_.push_timestamp) {
        push_ts_ = seconds_text(io::wall_ms());
        context_.push_ts = push_ts_;
    }
    ++events_;
    context_.last_event = facts_->last_event ? events_ == *facts_->last_event : record.last;
    auto rows = rows_.append_rows(*record.plan, record.event, context_, lines);
    if (!rows) return rows;
    if (*rows == 0 && context_.last_event && context_.first_xoffset > 0 &&
        !rows_.commit_last_row(lines)) {
        const std::string id = to_string(facts_->id);
        log::warn("cdc", "{}: its last row is a dead letter, so that no row of it says commit",
                  id.empty() ? "a transaction" : id);
    }
    context_.first_xoffset += *rows;
    return rows;
}

}  // namespace evenkeel::cdc
