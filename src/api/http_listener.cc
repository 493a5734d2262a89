#include "api/http_listener.h"

#include <fmt/core.h>
#include <httplib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <optional>

#include "api/connection_pool.h"
#include "api/open_connections.h"
#include "base/log.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/listener.h"
#include "io/server_connection.h"
#include "io/thread.h"
#include "io/tls_server.h"

namespace evenkeel::api {
namespace {

constexpr std::size_t kQueuedMax = 256;  // Accepted connections without a thread.
constexpr std::size_t kBodyBytesMax = 1u << 16;
// Of a request as sent. httplib bounds a header line, but neither their number nor a body that
// comes in chunks.
constexpr std::size_t kRequestBytesMax = kBodyBytesMax + (1u << 15);
constexpr std::size_t kRequestsMax = 1000;  // On one connection.
constexpr Millis kHandshakeLimit{3'000};
constexpr Millis kIdleLimit{1'000};  // Between two requests.
constexpr Millis kReadLimit{4'000};  // From the first byte of a request to its last.
constexpr Millis kWriteLimit{5'000};
constexpr Millis kFinishLimit{200};
constexpr Millis kAcceptSlice{50};
// How long a connection that waits is safe when others have no thread.
constexpr Millis kPatience{150};

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// A connection as httplib reads and writes it: bounded per request in bytes and time.
class RequestStream : public httplib::Stream {
public:
    // `on_complete` is called when a request has been read to its end.
    RequestStream(io::ServerConnection& connection, std::function<void()> on_complete)
        : connection_(connection),
          on_complete_(std::move(on_complete)),
          peer_(connection.peer()),
          local_(connection.local()) {}

    void start_request() {
        body_left_.reset();
        left_ = kRequestBytesMax;
        read_until_ = io::within(kReadLimit);
        write_until_.reset();
    }
    // The head was read, and so many bytes follow.
    void start_body(std::size_t bytes) {
        body_left_ = bytes;
        if (bytes == 0) on_complete_();
    }
    // Something of the next request is here already.
    bool has_bytes() const { return begin_ < end_; }

    bool is_readable() const override { return true; }
    bool is_writable() const override { return true; }
    ssize_t read(char* to, size_t size) override {
        if (left_ == 0) return -1;
        if (!has_bytes()) {
            const auto got = connection_.read(buffer_.data(), buffer_.size(), read_until_);
            if (!got) return got.error().code == Errc::timed_out ? -1 : 0;
            begin_ = 0;
            end_ = *got;
        }
        const std::size_t count = std::min({size, end_ - begin_, left_});
        std::copy_n(buffer_.data() + begin_, count, to);
        begin_ += count;
        left_ -= count;
        if (body_left_ && *body_left_ > 0) {
            *body_left_ -= std::min(*body_left_, count);
            if (*body_left_ == 0) on_complete_();
        }
        return static_cast<ssize_t>(count);
    }
    ssize_t write(const char* from, size_t size) override {
        if (!write_until_) write_until_ = io::within(kWriteLimit);
        return connection_.write({from, size}, *write_until_) ? static_cast<ssize_t>(size) : -1;
    }
    void get_remote_ip_and_port(std::string& host, int& port) const override {
        host = peer_.host;
        port = peer_.port;
    }
    void get_local_ip_and_port(std::string& host, int& port) const override {
        host = local_.host;
        port = local_.port;
    }
    // Only compared with FD_SETSIZE, for a select() that is not used here.
    socket_t socket() const override { return 0; }

private:
    io::ServerConnection& connection_;
    const std::function<void()> on_complete_;
    const io::PeerAddress peer_;
    const io::PeerAddress local_;
    std::array<char, 4096> buffer_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t left_ = 0;
    std::optional<std::size_t> body_left_{};
    Deadline read_until_{};
    std::optional<Deadline> write_until_{};
};

bool has_body(const httplib::Request& request) {
    return request.has_header("Content-Length") &&
           request.get_header_value("Content-Length") != "0";
}

struct Problem {
    int status = 0;  // 0: none.
    std::string_view text{};
};

// Why a request is refused before its body is read. What two parsers can read in two ways lets a
// request hide in another one behind a proxy.
Problem problem_of(const httplib::Request& request) {
    if (request.has_header("Transfer-Encoding")) return {411, "send a Content-Length"};
    if (request.get_header_value_count("Content-Length") > 1) return {400, "two Content-Lengths"};
    const std::string length = request.get_header_value("Content-Length");
    if (length.find_first_not_of("0123456789") != std::string::npos || length.size() > 15) {
        return {400, "bad Content-Length"};
    }
    if (request.get_header_value_count("Host") > 1) return {400, "two Hosts"};
    if (request.has_header("Content-Encoding")) return {415, "send the body as it is"};
    const std::string& method = request.method;
    if ((method == "GET" || method == "HEAD" || method == "OPTIONS") && has_body(request)) {
        return {400, "no body is allowed with this method"};
    }
    return {};
}

HttpCall to_call(const httplib::Request& from) {
    HttpCall call{.method = from.method,
                  .target = from.target,
                  .path = from.path,
                  .body = from.body,
                  .address = from.remote_addr};
    for (const auto& [name, value] : from.params) call.query.emplace(name, value);
    for (const auto& [name, value] : from.headers) call.headers.emplace(lower(name), value);
    return call;
}

void put(const Answer& answer, httplib::Response& response) {
    response.status = answer.status;
    if (answer.stale) response.set_header("X-Evenkeel-Stale", "true");
    for (const auto& [name, value] : answer.headers) response.set_header(name, value);
    response.set_content(answer.body, answer.type);
}

// httplib without its sockets: they have neither deadlines for a whole request nor a way to change
// a certificate, and its loop of accept() ends at the first error.
class Protocol : public httplib::Server {
public:
    explicit Protocol(const HttpListener::Handler& handler);
    // False: the connection is of no more use.
    bool serve(RequestStream& stream, bool last, bool& closed);
};

Protocol::Protocol(const HttpListener::Handler& handler) {
    set_payload_max_length(kBodyBytesMax);
    set_keep_alive_max_count(kRequestsMax);  // Only said to the client.
    set_keep_alive_timeout(std::chrono::ceil<std::chrono::seconds>(kIdleLimit).count());
    set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
        const Problem problem = problem_of(request);
        if (problem.status == 0) return HandlerResponse::Unhandled;
        put(error_answer(request.path, problem.status, problem.text), response);
        return HandlerResponse::Handled;
    });
    const auto respond = [handler](const httplib::Request& request, httplib::Response& response) {
        put(handler(to_call(request)), response);
    };
    constexpr const char* kAll = "[^]*";
    Get(kAll, respond);
    Post(kAll, respond);
    Put(kAll, respond);
    Patch(kAll, respond);
    Delete(kAll, respond);
    Options(kAll, respond);
    // What httplib refuses by itself (too large, malformed) is JSON too.
    set_error_handler([](const httplib::Request& request, httplib::Response& response) {
        if (!response.body.empty()) return;
        put(error_answer(request.path, response.status, "bad request"), response);
    });
    set_exception_handler([](const auto& request, auto& response, std::exception_ptr) {
        put(error_answer(request.path, 500, "internal error"), response);
    });
}

bool Protocol::serve(RequestStream& stream, bool last, bool& closed) {
    bool parsed = false;
    const bool served = process_request(stream, last, closed, [&](httplib::Request& request) {
        parsed = true;
        if (problem_of(request).status != 0) {
            // Its body is not read, so nothing after it can be.
            closed = true;
            request.headers.erase("Connection");
            request.set_header("Connection", "close");
        }
        // Without a length there is no body; httplib would wait for the connection's end.
        if (!has_body(request)) {
            request.headers.erase("Content-Length");
            request.set_header("Content-Length", "0");
        }
        stream.start_body(parse_number(request.get_header_value("Content-Length")).value_or(0));
    });
    // After what could not be parsed nobody knows where the next request starts.
    return served && parsed;
}

}  // namespace

struct HttpListener::Impl {
    Impl(HttpListenerOptions given, Handler handler)
        : options(std::move(given)), protocol(handler), tls(options.tls) {}

    void accept(io::StopToken& stop);
    void serve(int fd);
    Result<> shake_hands(io::ServerConnection& connection);
    void answer_requests(io::ServerConnection& connection);

    const HttpListenerOptions options;
    Protocol protocol;
    io::TlsServer tls;
    OpenConnections open;
    std::atomic<bool> stopping{false};
    std::optional<io::Listener> listener;
    std::unique_ptr<ConnectionPool> pool;
    io::Worker acceptor;
};

void HttpListener::Impl::accept(io::StopToken& stop) {
    while (!stop.requested()) {
        for (std::size_t i = pool->waiting(); i > 0; --i) {
            if (!open.cut_longest_waiting(kPatience, io::now())) break;
        }
        if (pool->full()) {
            stop.wait_for(kAcceptSlice);
            continue;
        }
        auto fd = listener->accept(io::within(kAcceptSlice));
        if (fd) {
            pool->run([this, raw = fd->release()] { serve(raw); });
        } else if (fd.error().code != Errc::timed_out) {
            log::warn("api", "{}", fd.error().what);
            stop.wait_for(kAcceptSlice);
        }
    }
}

void HttpListener::Impl::serve(int fd) {
    io::ServerConnection connection{io::Fd(fd)};
    if (stopping) return;
    open.add(connection, io::now());
    if (shake_hands(connection)) {
        answer_requests(connection);
        open.waits(connection, io::now());
        connection.finish(io::within(kFinishLimit));
    }
    open.remove(connection);
}

Result<> HttpListener::Impl::shake_hands(io::ServerConnection& connection) {
    if (options.tls.cert.empty()) return {};
    EK_TRY(auto context, tls.context());
    const auto done = connection.accept_tls(std::move(context), io::within(kHandshakeLimit));
    if (!done) {
        log::debug("api", "{}: {}: {}", options.listen.str(), connection.peer().host,
                   done.error().what);
    }
    return done;
}

void HttpListener::Impl::answer_requests(io::ServerConnection& connection) {
    RequestStream stream(connection, [&] { open.answers(connection); });
    for (std::size_t count = 1; count <= kRequestsMax && !stopping; ++count) {
        open.waits(connection, io::now());
        if (!stream.has_bytes() && !connection.wait_readable(io::within(kIdleLimit))) return;
        stream.start_request();
        bool closed = false;
        if (!protocol.serve(stream, count == kRequestsMax, closed) || closed) return;
    }
}

HttpListener::HttpListener(HttpListenerOptions options, Handler handler) {
    impl_ = std::make_unique<Impl>(std::move(options), std::move(handler));
}

HttpListener::~HttpListener() {
    stop();
}

Result<> HttpListener::start() {
    if (!impl_->options.tls.cert.empty()) {
        EK_TRY_VOID(impl_->tls.context());
    }
    const ServerId& listen = impl_->options.listen;
    EK_TRY(impl_->listener, io::Listener::open(listen.host, listen.port));
    impl_->pool = std::make_unique<ConnectionPool>(impl_->options.threads, kQueuedMax);
    impl_->acceptor = io::Worker("http-accept",
                                 [impl = impl_.get()](io::StopToken& stop) { impl->accept(stop); });
    return {};
}

void HttpListener::stop() {
    if (!impl_->acceptor.running()) return;
    impl_->stopping = true;
    impl_->acceptor.stop();
    impl_->open.cut_all_waiting();
    impl_->pool->stop();
    impl_->listener.reset();
}

}  // namespace evenkeel::api
