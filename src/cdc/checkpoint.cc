#include "cdc/checkpoint.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace evenkeel::cdc {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;

Error corrupt(const std::string& why) {
    return {Errc::corrupt, "read the stream's checkpoint: " + why};
}

Result<Checkpoint> read_fields(const Json& json) {
    if (json.at("format").get<int>() != kFormat) {
        return corrupt(fmt::format("format {} is not known to this version: upgrade evenkeel",
                                   json["format"].dump()));
    }
    const auto gtid = parse_gtid_position(json.at("gtid").get<std::string>());
    if (!gtid) return corrupt("its GTID position is malformed");
    const Json& sink = json.at("sink");
    return Checkpoint{.gtid = *gtid,
                      .source = json.at("source").get<std::string>(),
                      .file = json.at("file").get<std::string>(),
                      .offset = json.at("pos").get<std::uint64_t>(),
                      .sink = {.kind = sink.at("kind").get<std::string>(),
                               .path = sink.at("path").get<std::string>(),
                               .offset = sink.at("offset").get<std::uint64_t>()},
                      .rows = json.at("rows").get<std::uint64_t>(),
                      .transactions = json.at("transactions").get<std::uint64_t>(),
                      .epoch = {json.at("epoch").get<std::uint64_t>()}};
}

}  // namespace

std::string to_json(const Checkpoint& checkpoint) {
    const Json sink{{"kind", checkpoint.sink.kind},
                    {"path", checkpoint.sink.path},
                    {"offset", checkpoint.sink.offset}};
    return Json{{"format", kFormat},
                {"gtid", checkpoint.gtid.str()},
                {"source", checkpoint.source},
                {"file", checkpoint.file},
                {"pos", checkpoint.offset},
                {"sink", sink},
                {"rows", checkpoint.rows},
                {"transactions", checkpoint.transactions},
                {"epoch", checkpoint.epoch.value}}  // A path need not be UTF-8.
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Checkpoint> checkpoint_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return corrupt("not a JSON object");
    try {
        return read_fields(json);
    } catch (const Json::exception& cause) {
        return corrupt(cause.what());
    }
}

std::string checkpoint_key(const std::string& stream) {
    return "checkpoint/" + stream;
}

CheckpointStore::CheckpointStore(coord::Coordinator& coordinator, Grant grant,
                                 const std::string& stream)
    : coordinator_(coordinator), grant_(std::move(grant)), key_(checkpoint_key(stream)) {}

Result<std::optional<Checkpoint>> CheckpointStore::load(Deadline deadline) {
    const auto entry = coordinator_.get(key_);
    version_ = entry ? entry->version : 0;
    if (entry) {
        EK_TRY(Checkpoint checkpoint, checkpoint_from_json(entry->value));
        return std::optional(std::move(checkpoint));
    }
    // To take "none" for an answer would skip rows, so ask the engine itself, not the local copy:
    // by removing what must not be there.
    const auto absent = coordinator_.commit(
        grant_,
        {.compares = {{.key = key_, .version = 0}}, .ops = {{.key = key_, .value = std::nullopt}}},
        deadline);
    if (absent) return std::optional<Checkpoint>{};
    Error error = absent.error();
    if (error.code == Errc::conflict) error.code = Errc::not_leader;
    return error;
}

Result<> CheckpointStore::store(const Checkpoint& checkpoint, Deadline deadline) {
    Checkpoint mine = checkpoint;
    mine.epoch = grant_.epoch;
    // With the version compared, a copy of the map that lags behind cannot move it backwards.
    EK_TRY(version_, coordinator_.commit(grant_,
                                         {.compares = {{.key = key_, .version = version_}},
                                          .ops = {{.key = key_, .value = to_json(mine)}}},
                                         deadline));
    return {};
}

}  // namespace evenkeel::cdc
