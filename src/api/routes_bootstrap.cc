// Bootstraps of streams: snapshots of tables among a stream's lines.
#include <fmt/core.h>

#include <algorithm>

#include "api/routes.h"
#include "base/text.h"

namespace evenkeel::api {
namespace {

// Nothing when this node knows the stream.
std::optional<Answer> unknown_stream(const Sources& sources, const Request& request) {
    const std::string wanted = request.value("name");
    std::vector<std::string> names;
    for (const cdc::StreamReport& report : sources.streams()) names.push_back(report.name);
    if (std::count(names.begin(), names.end(), wanted) > 0) return {};
    const auto nearest = nearest_name(wanted, names);
    return error_answer(request.path, 404,
                        fmt::format("no stream {}{}", json_quote(wanted),
                                    nearest ? fmt::format("; did you mean {}?", *nearest) : ""));
}

Answer handed_in(const Request& request, const Result<std::string>& id) {
    if (!id) return error_answer(request.path, id.error());
    return {.body = fmt::format(R"({{"id":{}}})", json_quote(*id))};
}

Answer list(const Sources& sources, const Request& request) {
    if (const auto unknown = unknown_stream(sources, request)) return *unknown;
    const auto jobs = sources.bootstraps(request.value("name"));
    if (!jobs) return error_answer(request.path, jobs.error());
    return {.body = cdc::to_json(*jobs)};
}

Answer ask(const Sources& sources, const Request& request) {
    if (const auto unknown = unknown_stream(sources, request)) return *unknown;
    auto asked = cdc::request_from_json(request.body);
    if (!asked) return error_answer(request.path, asked.error());
    if (!asked->id.empty() || asked->row_id != 0 || !asked->abort.empty()) {
        return error_answer(request.path, 400,
                            "bootstrap request: send database, table, and if wanted where and "
                            "comment");
    }
    return handed_in(request, sources.ask_bootstrap(request.value("name"), *std::move(asked)));
}

Answer give_up(const Sources& sources, const Request& request) {
    if (const auto unknown = unknown_stream(sources, request)) return *unknown;
    const auto jobs = sources.bootstraps(request.value("name"));
    if (!jobs) return error_answer(request.path, jobs.error());
    const std::string id = request.value("id");
    const auto job = std::find_if(jobs->begin(), jobs->end(), [&](const cdc::BootstrapJob& each) {
        return each.request.id == id;
    });
    if (job == jobs->end()) {
        return error_answer(request.path, 404, "no bootstrap " + json_quote(id));
    }
    if (job->ended()) {
        return error_answer(request.path, 409,
                            fmt::format("bootstrap {} is {} already", id, to_string(job->state)));
    }
    return handed_in(request, sources.ask_bootstrap(request.value("name"), {.abort = id}));
}

}  // namespace

std::vector<Route> bootstrap_routes() {
    return {
        {"/api/v1/streams/:name/bootstraps", Scope::leader,
         "The stream's bootstraps that wait, run, or ended lately, with their progress.", list},
        {"/api/v1/streams/:name/bootstraps", Scope::leader,
         "Asks for one: `{\"database\":\"shop\",\"table\":\"item\"}`; the table may be several "
         "with commas or a pattern with `%`; `where` (SQL) and `comment` if wanted. Answers with "
         "its `id`; the node that runs the stream takes it up.",
         ask, "POST", true},
        {"/api/v1/streams/:name/bootstraps/:id", Scope::leader,
         "Ends one that waits or runs; what it printed stays. 409: it has ended.", give_up,
         "DELETE", true},
    };
}

}  // namespace evenkeel::api
