#include "api/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "api/http_listener.h"
#include "api/leader_client.h"
#include "api/rights.h"
#include "api/routes.h"
#include "api/shapes.h"
#include "base/log.h"
#include "io/resolve.h"

namespace evenkeel::api {
namespace {

// The nodes' listener has its own, so that strangers can't keep nodes apart.
constexpr std::size_t kPublicThreads = 24;
constexpr std::size_t kNodesThreads = 8;
constexpr const char* kForwarded = "x-evenkeel-forwarded";

Request to_request(const HttpCall& call) {
    return {.method = call.method, .path = call.path, .query = call.query, .body = call.body};
}

// The address is that of a proxy, which may well run on a node.
bool is_proxied(const HttpCall& call) {
    return !call.header("forwarded").empty() || !call.header("x-forwarded-for").empty() ||
           !call.header("via").empty();
}

std::vector<std::string> hosts_of(const std::vector<std::string>& addresses) {
    std::vector<std::string> hosts;
    for (const std::string& address : addresses) {
        if (const auto parsed = parse_server_id(address)) hosts.push_back(parsed->host);
    }
    return hosts;
}

Error with_key(Error error, const char* key) {
    error.what += fmt::format("; correct `{}` in [api]", key);
    if (error.code == Errc::conflict) {
        error.what += ", or end the program that has the port";
    }
    return error;
}

}  // namespace

struct Server::Impl {
    Impl(ServerOptions given, Sources from);

    Answer respond(const HttpCall& call, bool nodes_listener);
    Answer answer(const HttpCall& call, bool nodes_listener);
    Answer answer_for_leader(const Route& route, const Request& request, const HttpCall& call);
    bool is_from_node(const HttpCall& call, const coord::GroupView& group) const;
    Decision may_change(const HttpCall& call, bool from_node) const;

    const ServerOptions options;
    Sources sources;
    LeaderClient leader;
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> forwarded{0};
    std::atomic<std::uint64_t> failed{0};
    std::unique_ptr<HttpListener> public_listener;
    std::unique_ptr<HttpListener> nodes_listener;
};

Server::Impl::Impl(ServerOptions given, Sources from)
    : options(std::move(given)),
      sources(std::move(from)),
      leader({.node = options.node,
              .tls = options.tls,
              .https = !options.tls_cert.empty(),
              .credentials =
                  options.user.empty() ? "" : basic_credentials(options.user, options.password)}) {
    sources.http = [this] { return HttpCounts{requests, forwarded, failed}; };
    public_listener = std::make_unique<HttpListener>(
        HttpListenerOptions{.listen = options.listen,
                            .tls = {.cert = options.tls_cert, .key = options.tls_key},
                            .threads = kPublicThreads},
        [this](const HttpCall& call) { return respond(call, false); });
    if (!options.peers) return;
    nodes_listener = std::make_unique<HttpListener>(
        HttpListenerOptions{.listen = *options.peers, .tls = options.tls, .threads = kNodesThreads},
        [this](const HttpCall& call) { return respond(call, true); });
}

Answer Server::Impl::respond(const HttpCall& call, bool over_nodes_listener) {
    ++requests;
    Answer answered = answer(call, over_nodes_listener);
    if (answered.status >= 500) ++failed;
    return answered;
}

Answer Server::Impl::answer(const HttpCall& call, bool over_nodes_listener) {
    Request request = to_request(call);
    const Route* route = find_route(request);
    if (route == nullptr) {
        const std::string allowed = allowed_methods(request);
        if (allowed.empty()) {
            return error_answer(request.path, 404, "no such route: " + request.path);
        }
        Answer refused = error_answer(request.path, 405, "allowed here: " + allowed);
        refused.headers["Allow"] = allowed;
        return refused;
    }
    if (route->changes) {
        const bool from_node = over_nodes_listener || is_from_node(call, sources.group());
        const Decision decision = may_change(call, from_node);
        if (decision.right != Right::granted) return refusal(request.path, decision);
    }
    if (route->scope == Scope::node) return route->handle(sources, request);
    return answer_for_leader(*route, request, call);
}

// Without TLS nothing but its address tells a node from a stranger; whoever configured the group so
// has a network in which addresses can be trusted. A header alone proves nothing.
bool Server::Impl::is_from_node(const HttpCall& call, const coord::GroupView& group) const {
    if (options.tls.on() || call.header(kForwarded).empty() || is_proxied(call)) return false;
    std::vector<std::string> addresses = options.node_addresses;
    for (const coord::Member& member : group.members) addresses.push_back(member.api_address);
    for (const std::string& host : hosts_of(addresses)) {
        if (io::resolves_to(host, call.address)) return true;
    }
    return false;
}

Decision Server::Impl::may_change(const HttpCall& call, bool from_node) const {
    const Caller caller{
        .node = from_node,
        .address = call.address,
        .credentials = call.header("authorization"),
        .host = call.header("host"),
        .origin = call.header("origin"),
        .fetch_site = call.header("sec-fetch-site"),
        .prefetch = !call.header("sec-purpose").empty() || !call.header("purpose").empty(),
        .proxied = is_proxied(call)};
    const Access access{.user = options.user,
                        .password = options.password,
                        .own_names = hosts_of({options.advertise, options.listen.str()})};
    return api::may_change(caller, access);
}

Answer Server::Impl::answer_for_leader(const Route& route, const Request& request,
                                       const HttpCall& call) {
    const coord::GroupView group = sources.group();
    if (group.leads) return route.handle(sources, request);
    if (request.asks("stale") && !route.changes) {
        Answer answer = route.handle(sources, request);
        answer.body = with_stale_mark(answer.body);
        answer.stale = true;
        return answer;
    }
    const bool here_instead = route.scope == Scope::leader_or_node;
    // Whoever says so: it gains nothing, and nodes that disagree must not send each other in
    // circles.
    if (!call.header(kForwarded).empty()) {
        if (here_instead) return route.handle(sources, request);
        return error_answer(request.path, 503, "this node leads no more; ask again");
    }
    if (!group.leader || group.leader->node == group.self) {
        if (here_instead) return route.handle(sources, request);
        return error_answer(request.path, 503,
                            route.changes ? "the group has no leader: nothing was changed"
                                          : "the group has no leader; ?stale=true asks for this "
                                            "node's own copy");
    }
    ++forwarded;
    auto answer = leader.ask(*group.leader, call, route.changes);
    if (answer) return *std::move(answer);
    if (here_instead) return route.handle(sources, request);
    return error_answer(request.path, 503, answer.error().what);
}

Server::Server(ServerOptions options, Sources sources)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(sources))) {}

Server::~Server() {
    stop();
}

Result<> Server::start() {
    if (auto started = impl_->public_listener->start(); !started) {
        return with_key(started.error(), "listen");
    }
    log::info("api", "listening on {}{}", impl_->options.listen.str(),
              impl_->options.tls_cert.empty() ? "" : " (HTTPS)");
    if (!impl_->nodes_listener) return {};
    if (auto started = impl_->nodes_listener->start(); !started) {
        return with_key(started.error(), "peers");
    }
    log::info("api", "the other nodes reach this one at {}", impl_->options.peers->str());
    return {};
}

void Server::stop() {
    impl_->public_listener->stop();
    if (impl_->nodes_listener) impl_->nodes_listener->stop();
}

}  // namespace evenkeel::api
