// What of a change stream can be changed while it runs: its filter.
#include <nlohmann/json.hpp>

#include "api/routes.h"
#include "api/stream_filter_body.h"

namespace evenkeel::api {
namespace {

Answer filter_of(const Sources& sources, const Request& request) {
    const std::string name = request.value("name");
    const auto filter = sources.stream_filter(name);
    if (!filter) return error_answer(request.path, filter.error());
    return {.body =
                nlohmann::ordered_json{
                    {"name", name}, {"filter", filter->filter}, {"configured", filter->configured}}
                    .dump()};
}

Answer set_filter(const Sources& sources, const Request& request) {
    const auto text = filter_in_body(request.body);
    if (!text) return error_answer(request.path, text.error());
    const auto set = sources.set_stream_filter(request.value("name"), *text);
    if (!set) return error_answer(request.path, set.error());
    return filter_of(sources, request);
}

}  // namespace

std::vector<Route> stream_routes() {
    return {
        {"/api/v1/streams/:name/filter", Scope::leader,
         "The filter in force, and the configured one.", filter_of},
        {"/api/v1/streams/:name/filter", Scope::leader,
         "Another filter from the next transaction on, `{\"filter\":\"exclude: a.*\"}`; null: the "
         "configured one. It stays with the stream until the configured one changes. 400: it is "
         "none, and nothing was changed.",
         set_filter, "PUT", true},
    };
}

}  // namespace evenkeel::api
