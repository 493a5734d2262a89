#include "cdc/render/key_collector.h"

namespace evenkeel::cdc {

void KeyCollector::begin_row() {
    values_.clear();
    texts_.clear();
}

void KeyCollector::add(std::string_view column, std::string_view json, bool partition) {
    values_.push_back({column, texts_.size(), json.size(), partition});
    texts_ += json;
}

void KeyCollector::end_row(std::string_view database, std::string_view table,
                           std::optional<std::uint64_t> xid,
                           std::optional<std::uint32_t> thread_id) {
    primary_key_.clear();
    columns_.clear();
    const std::string_view texts = texts_;
    for (const Value& value : values_) {
        auto& list = value.partition ? columns_ : primary_key_;
        list.push_back({value.column, texts.substr(value.begin, value.size)});
    }
    const std::uint64_t random = ++keys_->random;
    append_key(config_.format, database, table, primary_key_, random, keys_->bytes);
    hashed_.clear();
    append_partition_text(config_,
                          {.database = database,
                           .table = table,
                           .xid = xid,
                           .thread_id = thread_id,
                           .primary_key = &primary_key_,
                           .columns = &columns_,
                           .random = random},
                          hashed_);
    keys_->rows.push_back(
        {.key_end = keys_->bytes.size(), .hash = partition_hash(config_.hash, hashed_)});
}

}  // namespace evenkeel::cdc
