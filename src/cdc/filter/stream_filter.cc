#include "cdc/filter/stream_filter.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace evenkeel::cdc {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;

Error corrupt(const std::string& why) {
    return {Errc::corrupt, "read the stream's filter: " + why +
                               "; set it anew (PUT /api/v1/streams/<name>/filter)"};
}

}  // namespace

std::string filter_key(const std::string& stream) {
    return "filter/" + stream;
}

std::string to_json(const FilterFact& fact) {
    return Json{{"format", kFormat},
                {"filter", fact.filter},
                {"configured", fact.configured},
                {"revision", fact.revision},
                {"epoch", fact.epoch.value}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<FilterFact> filter_fact_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return corrupt("not a JSON object");
    try {
        if (json.at("format").get<int>() != kFormat) return corrupt("its format is not known");
        return FilterFact{.filter = json.at("filter").get<std::string>(),
                          .configured = json.at("configured").get<std::string>(),
                          .revision = json.at("revision").get<std::uint64_t>(),
                          .epoch = {json.at("epoch").get<std::uint64_t>()}};
    } catch (const Json::exception& cause) {
        return corrupt(cause.what());
    }
}

Result<Filter> filter_in_force(const Filter& configured, const std::optional<FilterFact>& fact) {
    if (!fact || fact->configured != configured.text()) return configured;
    auto filter = Filter::parse(fact->filter);
    if (!filter) return corrupt(filter.error().what);
    return filter;
}

Result<std::optional<FilterFact>> read_filter_fact(const coord::Coordinator& coordinator,
                                                   const std::string& stream) {
    using Fact = std::optional<FilterFact>;
    const auto entry = coordinator.get(filter_key(stream));
    if (!entry) return Fact();
    EK_TRY(FilterFact fact, filter_fact_from_json(entry->value));
    return Fact(std::move(fact));
}

Result<> store_filter(coord::Coordinator& coordinator, const Grant& grant,
                      const std::string& stream, const Filter& configured,
                      const std::optional<std::string>& text, Deadline deadline) {
    if (text) EK_TRY_VOID(Filter::parse(*text));
    const std::string key = filter_key(stream);
    const auto entry = coordinator.get(key);
    // One that cannot be read is what this replaces.
    const auto old = entry ? filter_fact_from_json(entry->value) : Result<FilterFact>(FilterFact{});
    const FilterFact fact{.filter = text.value_or(configured.text()),
                          .configured = configured.text(),
                          .revision = old ? old->revision + 1 : entry->version + 1,
                          .epoch = grant.epoch};
    const coord::Version version = entry ? entry->version : 0;
    const auto stored = coordinator.commit(grant,
                                           {.compares = {{.key = key, .version = version}},
                                            .ops = {{.key = key, .value = to_json(fact)}}},
                                           deadline);
    if (stored) return {};
    return Error{stored.error().code,
                 fmt::format("set the filter of stream {}: {}", stream, stored.error().what)};
}

}  // namespace evenkeel::cdc
