#include "model/binlog_position.h"

#include <fmt/core.h>

#include <type_traits>

#include "base/text.h"

namespace evenkeel {
namespace {

template <typename T>
inline constexpr bool kIsNone = std::is_same_v<std::decay_t<T>, std::monostate>;

std::string text_of(const auto& alternative) {
    if constexpr (kIsNone<decltype(alternative)>) {
        return {};
    } else {
        return alternative.str();
    }
}

std::uint64_t file_number(std::string_view file) {
    return parse_number(file.substr(file.rfind('.') + 1)).value_or(0);
}

}  // namespace

std::string FilePosition::str() const {
    return fmt::format("{}:{}", file, offset);
}

bool file_before(std::string_view a, std::string_view b) {
    const std::uint64_t number_a = file_number(a);
    const std::uint64_t number_b = file_number(b);
    return number_a != number_b ? number_a < number_b : a < b;
}

std::string to_string(const TransactionId& id) {
    return std::visit([](const auto& name) { return text_of(name); }, id);
}

BinlogPosition::BinlogPosition(GtidPosition position) {
    if (!position.empty()) value_ = std::move(position);
}

BinlogPosition::BinlogPosition(GtidSet set) {
    if (!set.empty()) value_ = std::move(set);
}

bool BinlogPosition::add(const TransactionId& id) {
    if (const auto* gtid = std::get_if<Gtid>(&id)) {
        if (empty()) value_ = GtidPosition{};
        auto* mine = std::get_if<GtidPosition>(&value_);
        if (mine != nullptr) mine->set(*gtid);
        return mine != nullptr;
    }
    if (const auto* gtid = std::get_if<MysqlGtid>(&id)) {
        if (empty()) value_ = GtidSet{};
        auto* mine = std::get_if<GtidSet>(&value_);
        if (mine != nullptr) mine->add(*gtid);
        return mine != nullptr;
    }
    return false;
}

bool BinlogPosition::reaches(const BinlogPosition& other) const {
    if (other.empty()) return true;
    if (mariadb() != nullptr && other.mariadb() != nullptr) {
        return mariadb()->reaches(*other.mariadb());
    }
    if (mysql() != nullptr && other.mysql() != nullptr) return mysql()->contains(*other.mysql());
    if (file() == nullptr || other.file() == nullptr) return false;
    if (file()->server_uuid != other.file()->server_uuid) return false;
    if (file()->file == other.file()->file) return file()->offset >= other.file()->offset;
    return file_before(other.file()->file, file()->file);
}

std::string BinlogPosition::str() const {
    return std::visit([](const auto& position) { return text_of(position); }, value_);
}

std::optional<BinlogPosition> parse_gtids(std::string_view text) {
    if (const auto position = parse_gtid_position(text)) return BinlogPosition(*position);
    if (const auto set = parse_gtid_set(text)) return BinlogPosition(*set);
    return {};
}

std::optional<FilePosition> parse_file_position(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return {};
    const auto offset = parse_number(text.substr(colon + 1));
    if (!offset) return {};
    return FilePosition{.file = std::string(text.substr(0, colon)), .offset = *offset};
}

}  // namespace evenkeel
