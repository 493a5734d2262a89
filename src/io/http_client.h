// HTTP requests with a deadline, over kept-alive connections (libcurl).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/tls_files.h"

namespace evenkeel::io {

struct HttpAnswer {
    int status = 0;
    std::string body{};
    std::string type{};  // Header Content-Type.
};

struct HttpRequest {
    std::string method = "GET";
    std::string url{};
    std::string body{};                  // Sent with POST, PUT and PATCH; JSON.
    std::vector<std::string> headers{};  // "Name: value"
};

// Not thread-safe: one client per thread. Connections are kept open between requests.
class HttpClient {
public:
    // `tls`: what https addresses are verified with, and what this side shows; without it, https
    // uses the system's authorities and shows nothing.
    explicit HttpClient(TlsFiles tls = {});
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Any HTTP status is an answer, not an error.
    // Errors: unavailable  not connected, so the request was not sent;
    //         timed_out    it may have arrived, but no whole answer came in time.
    Result<HttpAnswer> send(const HttpRequest& request, Deadline deadline);
    Result<HttpAnswer> get(const std::string& url, Deadline deadline);
    Result<HttpAnswer> post(const std::string& url, const std::string& body, Deadline deadline);

    // Sends the request and hands each piece of the endless answer to `on_data` until that returns
    // false (then the result is empty), or until the connection ended (then it is an error).
    // `on_idle` is called about every 50 ms; false ends it like on_data.
    Result<> stream(const HttpRequest& request,
                    const std::function<bool(std::string_view)>& on_data,
                    const std::function<bool()>& on_idle, Millis connect_limit);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::io
