// An HTTP answer and a request as the routes see them: values, no sockets.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::api {

struct Answer {
    int status = 200;
    std::string body{};
    std::string type = "application/json";
    bool stale = false;  // From the local copy of a node that does not lead.
};

struct Request {
    std::string path{};  // Without query and trailing slash.
    std::map<std::string, std::string> query{};
    std::map<std::string, std::string> values{};  // Of the pattern's `:name` parts.

    bool asks(const std::string& name) const {
        const auto found = query.find(name);
        return found != query.end() && found->second != "false" && found->second != "0";
    }
    std::string value(const std::string& name) const {
        const auto found = values.find(name);
        return found == values.end() ? "" : found->second;
    }
};

// An error in the shape that callers of `path` know: orchestrator's envelope, or {"error":text}
// below /api/v1.
Answer error_answer(std::string_view path, int status, std::string_view text);

}  // namespace evenkeel::api
