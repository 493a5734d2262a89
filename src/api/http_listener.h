// Speaks HTTP/1.1 on one address, plain or TLS, and hands each request to a function. Everything a
// stranger can send is bounded: sizes, times, connections; when threads run short, the connection
// that has been reading for longest gives way. httplib parses; nothing here decides.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/answer.h"
#include "base/result.h"
#include "io/tls_files.h"
#include "model/server_id.h"

namespace evenkeel::api {

// A request as it came.
struct HttpCall {
    std::string method{};
    std::string target{};  // Raw path and query.
    std::string path{};    // Decoded.
    std::map<std::string, std::string> query{};
    std::map<std::string, std::string> headers{};  // Names in lower case; of equals, the first.
    std::string body{};
    std::string address{};  // Of the connection's other end, never from a header.

    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }
};

struct HttpListenerOptions {
    ServerId listen{};
    // With a certificate, TLS; with an authority too, only for clients that show one of its.
    io::TlsFiles tls{};
    std::size_t threads = 24;  // An idle kept-alive connection occupies one.
};

// Thread-safe.
class HttpListener {
public:
    // `handler` runs on several threads at once and takes as long as it likes.
    using Handler = std::function<Answer(const HttpCall&)>;

    HttpListener(HttpListenerOptions options, Handler handler);
    ~HttpListener();  // Stops.
    HttpListener(const HttpListener&) = delete;
    HttpListener& operator=(const HttpListener&) = delete;

    // Answers when this returns. Errors: conflict  the port is in use;  invalid, denied, not_found
    // the address or a file of `tls` cannot be used.
    Result<> start();
    // Lets the requests that are being answered finish.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::api
