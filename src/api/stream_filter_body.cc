#include "api/stream_filter_body.h"

#include <nlohmann/json.hpp>

namespace evenkeel::api {

Result<std::optional<std::string>> filter_in_body(const std::string& body) {
    using Text = std::optional<std::string>;
    const auto json = nlohmann::json::parse(body, nullptr, false);
    const bool one = json.is_object() && json.size() == 1 && json.contains("filter");
    if (one && json["filter"].is_null()) return Text();
    if (one && json["filter"].is_string()) return Text(json["filter"].get<std::string>());
    return Error{Errc::invalid, "send {\"filter\":\"exclude: database.table\"}, and nothing else"};
}

}  // namespace evenkeel::api
