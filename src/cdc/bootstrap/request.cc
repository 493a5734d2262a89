#include "cdc/bootstrap/request.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json request_json(const BootstrapRequest& request) {
    Json json{{"id", request.id}};
    if (!request.abort.empty()) {
        json["abort"] = request.abort;
        return json;
    }
    if (request.row_id != 0) json["row_id"] = request.row_id;
    json["database"] = request.database;
    json["table"] = request.table;
    if (!request.where.empty()) json["where"] = request.where;
    if (!request.comment.empty()) json["comment"] = request.comment;
    return json;
}

Error wrong(std::string what) {
    return {Errc::invalid, "bootstrap request: " + std::move(what)};
}

Result<> read_member(const std::string& name, const Json& value, BootstrapRequest& request) {
    std::string* const texts[] = {&request.id,    &request.database, &request.table,
                                  &request.where, &request.comment,  &request.abort};
    static const std::vector<std::string> kNames = {"id",    "database", "table",
                                                    "where", "comment",  "abort"};
    if (name == "row_id" && value.is_number_unsigned()) {
        request.row_id = value.get<std::uint64_t>();
        return {};
    }
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) {
        return wrong(
            fmt::format("there is no {}; known are {}", json_quote(name), join(kNames, ", ")));
    }
    if (!value.is_string()) return wrong(name + " has to be a text");
    *texts[found - kNames.begin()] = value.get<std::string>();
    return {};
}

JobState state_of(const std::string& text) {
    for (const JobState state : {JobState::waiting, JobState::running, JobState::complete,
                                 JobState::failed, JobState::aborted}) {
        if (text == to_string(state)) return state;
    }
    return JobState::failed;
}

Json job_json(const BootstrapJob& job) {
    Json json = request_json(job.request);
    json["state"] = to_string(job.state);
    json["error"] = job.error;
    json["tables"] = job.tables;
    json["tables_done"] = job.table;
    json["tables_counted"] = job.counted;
    json["table_begun"] = job.table_begun;
    json["key"] = job.key;
    json["last_key"] = job.last;
    json["inserted_rows"] = job.inserted_rows;
    json["dropped_rows"] = job.dropped_rows;
    json["total_rows"] = job.total_rows;
    json["created_at_ms"] = job.created_ms;
    json["started_at_ms"] = job.started_ms;
    json["completed_at_ms"] = job.completed_ms;
    json["binlog_file"] = job.file;
    json["binlog_position"] = job.offset;
    return json;
}

BootstrapJob job_from(const Json& json) {
    const BootstrapRequest request{.id = json.at("id"),
                                   .row_id = json.value("row_id", std::uint64_t{0}),
                                   .database = json.at("database"),
                                   .table = json.at("table"),
                                   .where = json.value("where", ""),
                                   .comment = json.value("comment", "")};
    return {.request = request,
            .state = state_of(json.at("state")),
            .error = json.at("error"),
            .tables = json.at("tables"),
            .table = json.at("tables_done"),
            .counted = json.at("tables_counted"),
            .table_begun = json.at("table_begun"),
            .key = json.at("key"),
            .last = json.at("last_key"),
            .inserted_rows = json.at("inserted_rows"),
            .dropped_rows = json.at("dropped_rows"),
            .total_rows = json.at("total_rows"),
            .created_ms = json.at("created_at_ms"),
            .started_ms = json.at("started_at_ms"),
            .completed_ms = json.at("completed_at_ms"),
            .file = json.at("binlog_file"),
            .offset = json.at("binlog_position")};
}

std::string text_of(const Json& row, const char* column) {
    const auto found = row.find(column);
    return found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

const char* to_string(JobState state) {
    switch (state) {
        case JobState::waiting: return "waiting";
        case JobState::running: return "running";
        case JobState::complete: return "complete";
        case JobState::failed: return "failed";
        case JobState::aborted: return "aborted";
    }
    return "";
}

bool is_pattern(const std::string& text) {
    return text.find('%') != std::string::npos;
}

std::vector<std::string> table_names(const std::string& text) {
    std::vector<std::string> names;
    for (const std::string& part : split(text, ',')) {
        if (const auto name = trim(part); !name.empty()) names.emplace_back(name);
    }
    return names;
}

std::string to_json(const BootstrapRequest& request) {
    return dump(request_json(request));
}

Result<BootstrapRequest> request_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return wrong("it is no JSON object");
    BootstrapRequest request;
    for (const auto& [name, value] : json.items()) {
        EK_TRY_VOID(read_member(name, value, request));
    }
    if (!request.abort.empty()) return request;
    if (request.database.empty()) return wrong("database is missing");
    if (table_names(request.table).empty()) return wrong("table is missing");
    return request;
}

std::string to_json(const std::vector<BootstrapJob>& jobs) {
    Json list = Json::array();
    for (const BootstrapJob& job : jobs) list.push_back(job_json(job));
    return dump(Json{{"format", kFormat}, {"bootstraps", list}});
}

Result<std::vector<BootstrapJob>> jobs_from_json(const std::string& text) {
    const auto corrupt = [](const std::string& why) {
        return Error{Errc::corrupt, "read the stream's bootstraps: " + why};
    };
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return corrupt("not a JSON object");
    try {
        if (json.at("format").get<int>() != kFormat) {
            return corrupt("their format is not known to this version: upgrade evenkeel");
        }
        std::vector<BootstrapJob> jobs;
        for (const Json& job : json.at("bootstraps")) jobs.push_back(job_from(job));
        return jobs;
    } catch (const Json::exception& cause) {
        return corrupt(cause.what());
    }
}

std::optional<BootstrapRequest> request_from_row(std::string_view line,
                                                 const std::string& client_id) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("data")) return {};
    const Json& row = json["data"];
    const auto id = row.find("id");
    if (id == row.end() || !id->is_number_unsigned()) return {};
    const std::string asked = text_of(row, "client_id");
    if (!asked.empty() && asked != client_id) return {};
    BootstrapRequest request{.id = fmt::format("row-{}", id->get<std::uint64_t>()),
                             .row_id = id->get<std::uint64_t>()};
    const auto complete = row.find("is_complete");
    const bool is_complete = complete != row.end() && complete->is_number() && *complete != 0;
    const std::string type = text_of(json, "type");
    if (type == "delete" || (type == "update" && is_complete)) {
        request.abort = request.id;
        return request;
    }
    if (type != "insert" || is_complete) return {};
    request.database = text_of(row, "database_name");
    request.table = text_of(row, "table_name");
    request.where = text_of(row, "where_clause");
    request.comment = text_of(row, "comment");
    return request;
}

std::string bootstrap_key(const std::string& stream) {
    return "bootstrap/" + stream;
}

std::string bootstrap_request_prefix(const std::string& stream) {
    return "bootstrap-request/" + stream + "/";
}

Result<std::string> post_request(coord::Coordinator& coordinator, const std::string& node,
                                 const std::string& stream, BootstrapRequest request,
                                 Deadline deadline) {
    request.id = fmt::format("{}-{}", node, io::wall_ms());
    for (int number = 2; coordinator.get(bootstrap_request_prefix(stream) + request.id); ++number) {
        request.id = fmt::format("{}-{}-{}", node, io::wall_ms(), number);
    }
    const auto put = coordinator.put_own(bootstrap_request_prefix(stream) + request.id,
                                         to_json(request), deadline);
    if (!put) return put.error();
    return request.id;
}

Result<std::vector<BootstrapJob>> list_jobs(const coord::Coordinator& coordinator,
                                            const std::string& stream) {
    std::vector<BootstrapJob> jobs;
    if (const auto entry = coordinator.get(bootstrap_key(stream))) {
        EK_TRY(jobs, jobs_from_json(entry->value));
    }
    for (const coord::Entry& entry : coordinator.list(bootstrap_request_prefix(stream))) {
        const auto request = request_from_json(entry.value);
        const bool known = request && std::any_of(jobs.begin(), jobs.end(), [&](const auto& job) {
                               return job.request.id == request->id;
                           });
        if (request && request->abort.empty() && !known) jobs.push_back({.request = *request});
    }
    return jobs;
}

}  // namespace evenkeel::cdc
