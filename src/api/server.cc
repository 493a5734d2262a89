#include "api/server.h"

#include <errno.h>
#include <fmt/core.h>
#include <httplib.h>
#include <string.h>

#include <atomic>

#include "api/connection_pool.h"
#include "api/routes.h"
#include "api/shapes.h"
#include "base/log.h"
#include "io/clock.h"
#include "io/process.h"
#include "io/thread.h"

namespace evenkeel::api {
namespace {

constexpr std::size_t kThreads = 24;     // An idle kept-alive connection occupies one.
constexpr std::size_t kQueuedMax = 256;  // Accepted connections without a thread.
constexpr std::size_t kBodyBytesMax = 1u << 16;
constexpr time_t kKeepAliveSeconds = 1;
constexpr std::size_t kKeepAliveRequests = 1000;
constexpr time_t kReadSeconds = 3;
constexpr time_t kWriteSeconds = 5;
// A leader that does not answer by then is as good as none; callers retry.
constexpr time_t kForwardConnectMicros = 500'000;
constexpr time_t kForwardReadSeconds = 5;
constexpr Millis kStartLimit{5'000};
constexpr const char* kForwarded = "X-Evenkeel-Forwarded";  // By which node; stops loops.
constexpr const char* kStale = "X-Evenkeel-Stale";

// httplib's queue of connections, on our pool.
class Queue : public httplib::TaskQueue {
public:
    void enqueue(std::function<void()> job) override { pool_.run(std::move(job)); }
    void shutdown() override { pool_.stop(); }

private:
    ConnectionPool pool_{kThreads, kQueuedMax};
};

Request to_request(const httplib::Request& from) {
    Request request{.path = from.path};
    for (const auto& [name, value] : from.params) request.query[name] = value;
    return request;
}

// Asks the leader. Status 0: it could not be reached.
Answer ask_leader(const std::string& address, const std::string& node,
                  const httplib::Request& request) {
    const auto leader = parse_server_id(address);
    if (!leader) return {.status = 0};
    httplib::Client client(leader->host, leader->port);
    client.set_connection_timeout(0, kForwardConnectMicros);
    client.set_read_timeout(kForwardReadSeconds, 0);
    client.set_write_timeout(kWriteSeconds, 0);
    const auto response = client.Get(request.target.c_str(), {{kForwarded, node}});
    if (!response) return {.status = 0};
    return {.status = response->status,
            .body = response->body,
            .type = response->get_header_value("Content-Type")};
}

// The library does not say why it cannot bind, so this asks again.
Error cannot_listen(const ServerId& listen) {
    errno = 0;
    if (io::port_is_free(listen.host, listen.port)) errno = 0;
    if (errno == EADDRINUSE) {
        return {Errc::conflict,
                fmt::format("listen on {}: the port is in use; end the program that "
                            "has it or choose another `listen` in [api]",
                            listen.str())};
    }
    return {Errc::invalid, fmt::format("listen on {}: {}; correct `listen` in [api]", listen.str(),
                                       errno == 0 ? "no such address" : ::strerror(errno))};
}

}  // namespace

struct Server::Impl {
    ServerOptions options;
    Sources sources;
    httplib::Server http;
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> forwarded{0};
    std::atomic<std::uint64_t> failed{0};
    io::Worker acceptor;

    Answer answer(const httplib::Request& request);
    Answer answer_for_leader(const Route& route, const Request& parsed,
                             const httplib::Request& request);
    void respond(const httplib::Request& request, httplib::Response& response);
    void configure();
};

Answer Server::Impl::answer(const httplib::Request& request) {
    Request parsed = to_request(request);
    const Route* route = find_route(parsed);
    if (route == nullptr) return error_answer(parsed.path, 404, "no such route: " + parsed.path);
    if (route->scope == Scope::node) return route->handle(sources, parsed);
    return answer_for_leader(*route, parsed, request);
}

Answer Server::Impl::answer_for_leader(const Route& route, const Request& parsed,
                                       const httplib::Request& request) {
    const coord::GroupView group = sources.group();
    if (group.leads) return route.handle(sources, parsed);
    if (parsed.asks("stale")) {
        Answer answer = route.handle(sources, parsed);
        answer.body = with_stale_mark(answer.body);
        answer.stale = true;
        return answer;
    }
    if (request.has_header(kForwarded)) {
        return error_answer(parsed.path, 503, "this node leads no more; ask again");
    }
    const std::string leader = group.leader ? group.leader->api_address : "";
    if (leader.empty() || leader == options.advertise) {
        return error_answer(parsed.path, 503,
                            "the group has no leader; ?stale=true asks for this node's own copy");
    }
    ++forwarded;
    Answer answer = ask_leader(leader, options.node, request);
    if (answer.status != 0) return answer;
    return error_answer(parsed.path, 503, fmt::format("the leader at {} does not answer", leader));
}

void Server::Impl::respond(const httplib::Request& request, httplib::Response& response) {
    ++requests;
    const Answer answered = answer(request);
    if (answered.status >= 500) ++failed;
    response.status = answered.status;
    if (answered.stale) response.set_header(kStale, "true");
    response.set_content(answered.body, answered.type.c_str());
}

void Server::Impl::configure() {
    http.new_task_queue = [] { return new Queue; };
    http.set_tcp_nodelay(true);
    http.set_payload_max_length(kBodyBytesMax);
    http.set_keep_alive_timeout(kKeepAliveSeconds);
    http.set_keep_alive_max_count(kKeepAliveRequests);
    http.set_read_timeout(kReadSeconds, 0);
    http.set_write_timeout(kWriteSeconds, 0);
    // The library's default is SO_REUSEPORT, with which two nodes share one port in silence.
    http.set_socket_options([](int socket) {
        const int on = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    http.Get(".*", [this](const auto& request, auto& response) { respond(request, response); });
    const auto refuse = [this](const httplib::Request& request, httplib::Response& response) {
        ++requests;
        const Answer answer = error_answer(request.path, 405, "only GET is allowed here");
        response.status = answer.status;
        response.set_header("Allow", "GET");
        response.set_content(answer.body, answer.type.c_str());
    };
    http.Post(".*", refuse);
    http.Put(".*", refuse);
    http.Patch(".*", refuse);
    http.Delete(".*", refuse);
    http.Options(".*", refuse);
    // What the library refuses by itself (too large, malformed) is JSON too.
    http.set_error_handler([](const httplib::Request& request, httplib::Response& response) {
        if (!response.body.empty()) return;
        const Answer answer = error_answer(request.path, response.status, "bad request");
        response.set_content(answer.body, answer.type.c_str());
    });
    http.set_exception_handler([](const auto& request, auto& response, std::exception_ptr) {
        response.status = 500;
        response.set_content(error_answer(request.path, 500, "internal error").body,
                             "application/json");
    });
}

Server::Server(ServerOptions options, Sources sources) : impl_(std::make_unique<Impl>()) {
    impl_->options = std::move(options);
    impl_->sources = std::move(sources);
    impl_->sources.http = [impl = impl_.get()] {
        return HttpCounts{impl->requests, impl->forwarded, impl->failed};
    };
    impl_->configure();
}

Server::~Server() {
    stop();
}

Result<> Server::start() {
    const ServerId& listen = impl_->options.listen;
    if (!impl_->http.bind_to_port(listen.host, listen.port)) return cannot_listen(listen);
    impl_->acceptor = io::Worker(
        "http-accept", [impl = impl_.get()](io::StopToken&) { impl->http.listen_after_bind(); });
    // stop() reaches the library only once it listens.
    io::StopToken pause;
    const Deadline limit = io::within(kStartLimit);
    while (!impl_->http.is_running() && !limit.passed(io::now())) pause.wait_for(Millis(1));
    log::info("api", "listening on {}", listen.str());
    return {};
}

void Server::stop() {
    if (!impl_->acceptor.running()) return;
    impl_->http.stop();
    impl_->acceptor.stop();
}

}  // namespace evenkeel::api
