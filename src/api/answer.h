// An HTTP answer and a request as the routes see them: values, no sockets.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/rights.h"
#include "base/result.h"

namespace evenkeel::api {

struct Answer {
    int status = 200;
    std::string body{};
    std::string type = "application/json";
    bool stale = false;  // From the local copy of a node that does not lead.
    std::map<std::string, std::string> headers{};  // Beside the ones that every answer has.
};

struct Request {
    std::string method = "GET";
    std::string path{};  // Without query and trailing slash.
    std::map<std::string, std::string> query{};
    std::map<std::string, std::string> values{};  // Of the pattern's `:name` parts.
    std::string body{};                           // Bounded by the server; of POST and PUT.

    bool asks(const std::string& name) const {
        const auto found = query.find(name);
        return found != query.end() && found->second != "false" && found->second != "0";
    }
    std::string value(const std::string& name) const {
        const auto found = values.find(name);
        return found == values.end() ? "" : found->second;
    }
};

// What a caller who may not change something gets.
Answer refusal(std::string_view path, const Decision& decision);

// An error in the shape that callers of `path` know: orchestrator's envelope, or {"error":text}
// below /api/v1.
Answer error_answer(std::string_view path, int status, std::string_view text);
// The same with the status that fits `error`.
Answer error_answer(std::string_view path, const Error& error);

}  // namespace evenkeel::api
