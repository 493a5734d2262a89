#include "cdc/checkpoint.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace evenkeel::cdc {
namespace {

using Json = nlohmann::json;

// 1: at a GTID position or set. 2: also by file and offset, or with a place to read again from,
// which a version that knows only 1 must not overlook.
constexpr int kPlain = 1;
constexpr int kFormat = 2;

Error corrupt(const std::string& why) {
    return {Errc::corrupt, "read the stream's checkpoint: " + why};
}

Json file_json(const FilePosition& place) {
    return {{"file", place.file},
            {"pos", place.offset},
            {"server_uuid", place.server_uuid},
            {"created", place.created}};
}

FilePosition file_from(const Json& json) {
    return {.file = json.at("file").get<std::string>(),
            .offset = json.at("pos").get<std::uint64_t>(),
            .server_uuid = json.at("server_uuid").get<std::string>(),
            .created = json.at("created").get<std::uint32_t>()};
}

// GTIDs as text, a place in a file as an object.
Json position_json(const BinlogPosition& position) {
    return position.file() != nullptr ? file_json(*position.file()) : Json(position.str());
}

Result<BinlogPosition> position_from(const Json& json) {
    if (json.is_object()) return BinlogPosition(file_from(json));
    const auto gtids = parse_gtids(json.get<std::string>());
    if (!gtids) return corrupt("its GTIDs are malformed");
    return *gtids;
}

Result<Checkpoint> read_fields(const Json& json) {
    const int format = json.at("format").get<int>();
    if (format < kPlain || format > kFormat) {
        return corrupt(fmt::format("format {} is not known to this version: upgrade evenkeel",
                                   json["format"].dump()));
    }
    EK_TRY(BinlogPosition at, position_from(json.at("gtid")));
    std::optional<BinlogPosition> read_from;
    if (json.contains("read_from")) {
        EK_TRY(read_from, position_from(json["read_from"]));
    }
    const Json& sink = json.at("sink");
    return Checkpoint{.at = std::move(at),
                      .read_from = std::move(read_from),
                      .source = json.at("source").get<std::string>(),
                      .file = json.at("file").get<std::string>(),
                      .offset = json.at("pos").get<std::uint64_t>(),
                      .sink = {.kind = sink.at("kind").get<std::string>(),
                               .path = sink.at("path").get<std::string>(),
                               .offset = sink.at("offset").get<std::uint64_t>()},
                      .rows = json.at("rows").get<std::uint64_t>(),
                      .transactions = json.at("transactions").get<std::uint64_t>(),
                      // Absent in those of earlier versions.
                      .schema_version = json.value("schema", std::uint64_t{0}),
                      .name_case = json.value("name_case", std::uint8_t{0}),
                      .epoch = {json.at("epoch").get<std::uint64_t>()}};
}

}  // namespace

std::string to_json(const Checkpoint& checkpoint) {
    const Json sink{{"kind", checkpoint.sink.kind},
                    {"path", checkpoint.sink.path},
                    {"offset", checkpoint.sink.offset}};
    const bool plain = checkpoint.at.file() == nullptr && !checkpoint.read_from;
    Json json{{"format", plain ? kPlain : kFormat},
              {"gtid", position_json(checkpoint.at)},
              {"source", checkpoint.source},
              {"file", checkpoint.file},
              {"pos", checkpoint.offset},
              {"sink", sink},
              {"rows", checkpoint.rows},
              {"transactions", checkpoint.transactions},
              {"schema", checkpoint.schema_version},
              {"name_case", checkpoint.name_case},
              {"epoch", checkpoint.epoch.value}};
    if (checkpoint.read_from) json["read_from"] = position_json(*checkpoint.read_from);
    // A path need not be UTF-8.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
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

Result<> CheckpointStore::store(const Checkpoint& checkpoint, Deadline deadline,
                                std::vector<coord::Op> also) {
    Checkpoint mine = checkpoint;
    mine.epoch = grant_.epoch;
    also.push_back({.key = key_, .value = to_json(mine)});
    // With the version compared, a copy of the map that lags behind cannot move it backwards.
    EK_TRY(version_,
           coordinator_.commit(
               grant_, {.compares = {{.key = key_, .version = version_}}, .ops = std::move(also)},
               deadline));
    return {};
}

}  // namespace evenkeel::cdc
