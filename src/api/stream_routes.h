// HTTP of a stream in the foreground, under Maxwell's paths: /ping, /healthcheck, /metrics,
// /prometheus and /config. Pure: what is shown and changed comes from functions.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/http_listener.h"
#include "cdc/stream_service.h"

namespace evenkeel::api {

struct StreamRoutes {
    std::string prefix = "/";
    std::string metrics_prefix = "MaxwellMetrics";
    bool config = false;  // /config is there.
    // Who may change the filter from another host; without a user nobody may.
    std::string user{};
    std::string password{};
    // Thread-safe; set_filter waits.
    std::function<cdc::StreamReport()> report{};
    std::function<Result<std::string>()> filter{};
    std::function<Result<>(const std::optional<std::string>& text)> set_filter{};
};

Answer answer_stream_call(const StreamRoutes& routes, const HttpCall& call);

}  // namespace evenkeel::api
