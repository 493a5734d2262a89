#include "coord/member/formation_stage.h"

#include <fmt/core.h>
#include <httplib.h>

#include <algorithm>

#include "base/log.h"
#include "base/mutex.h"
#include "coord/member/managed_etcd.h"
#include "io/clock.h"
#include "io/http_client.h"
#include "io/thread.h"
#include "model/server_id.h"

namespace evenkeel::coord {
namespace {

constexpr Millis kAskEvery{250};
constexpr Millis kAnswerLimitMin{500};
constexpr Millis kNewsEvery{3'000};
constexpr Millis kListenLimit{5'000};
constexpr time_t kRequestSeconds = 1;
constexpr const char* kPath = "/members";  // etcd's, so that one question suits both.

// A question takes three round trips with TLS; a group of distant hosts has a long ttl.
Millis answer_limit(const Config& config) {
    return std::max(kAnswerLimitMin, config.ttl / 4);
}

// One request after the other: a handful of nodes ask, four times a second each.
class OneAtATime : public httplib::TaskQueue {
public:
    void enqueue(std::function<void()> job) override { job(); }
    void shutdown() override {}
};

Result<std::unique_ptr<httplib::Server>> make_server(const io::TlsFiles& tls) {
    if (!tls.on()) return std::make_unique<httplib::Server>();
    auto server =
        std::make_unique<httplib::SSLServer>(tls.cert.c_str(), tls.key.c_str(), tls.ca.c_str());
    if (server->is_valid()) return std::unique_ptr<httplib::Server>(std::move(server));
    return Error{Errc::invalid,
                 fmt::format("listen for the other nodes: the certificate {}, its key {} and the "
                             "authority {} cannot be used together: correct [tls]",
                             tls.cert, tls.key, tls.ca)};
}

void configure(httplib::Server& server, const std::string& answer) {
    server.new_task_queue = [] { return new OneAtATime; };
    server.set_keep_alive_max_count(1);
    server.set_read_timeout(kRequestSeconds, 0);
    server.set_write_timeout(kRequestSeconds, 0);
    // The library's default is SO_REUSEPORT, with which two nodes share one port in silence.
    server.set_socket_options([](int socket) {
        const int on = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    server.Get(kPath, [answer](const httplib::Request&, httplib::Response& response) {
        response.set_content(answer, "application/json");
    });
}

NodeIdentity identity_of(const Config& config) {
    NodeIdentity self{
        .group = config.group, .node = config.node, .bind = peer_address(config.bind), .nodes = {}};
    for (const std::string& node : config.nodes) self.nodes.push_back(peer_address(node));
    return self;
}

}  // namespace

struct FormationStage::Impl {
    NodeIdentity self;
    io::TlsFiles tls;
    Millis answer_limit = kAnswerLimitMin;
    std::unique_ptr<httplib::Server> server;
    mutable Mutex mutex;
    std::optional<Formation> outcome EK_GUARDED_BY(mutex);
    io::Worker acceptor;
    io::Worker asker;

    PeerAnswer ask(io::HttpClient& client, const std::string& address) const {
        const auto answer = client.get((tls.on() ? "https://" : "http://") + address + kPath,
                                       io::within(answer_limit));
        if (answer) return peer_answer_from(answer->status, answer->body);
        return {.kind = PeerAnswer::Kind::silent,
                .identity = {},
                .members = {},
                .text = answer.error().what};
    }

    std::map<std::string, PeerAnswer> ask_all(io::HttpClient& client, io::StopToken& stop) const {
        std::map<std::string, PeerAnswer> answers;
        std::vector<std::string> next = self.nodes;
        // Members that only the running ones know are asked in a second round.
        for (int round = 0; round < 2; ++round) {
            for (const std::string& address : next) {
                if (address == self.bind || stop.requested()) continue;
                answers[address] = ask(client, address);
            }
            next = further_addresses(self, answers);
        }
        return answers;
    }

    void run(io::StopToken& stop) {
        io::HttpClient client(tls);
        Deadline news = io::within(kNewsEvery);
        while (!stop.requested()) {
            const auto answers = ask_all(client, stop);
            if (stop.requested()) return;
            Formation formation = decide_formation(self, answers);
            if (formation.step != Formation::Step::wait) {
                Lock lock(mutex);
                outcome = std::move(formation);
                return;
            }
            if (news.passed(io::now())) {
                log::warn("node", "joining group {} with an empty data_dir: {}", self.group,
                          formation.text);
                tell_certificates(answers);
                news = io::within(kNewsEvery);
            }
            stop.wait_for(kAskEvery);
        }
    }

    // A node that is there but refuses our certificate looks silent; say so.
    void tell_certificates(const std::map<std::string, PeerAnswer>& answers) const {
        if (!tls.on()) return;
        for (const auto& [address, answer] : answers) {
            if (answer.kind != PeerAnswer::Kind::silent) continue;
            log::warn("node", "{}: {}", address, answer.text);
        }
    }
};

FormationStage::FormationStage() : impl_(std::make_unique<Impl>()) {}

Result<std::unique_ptr<FormationStage>> FormationStage::start(const Config& config,
                                                              const std::string& listen) {
    std::unique_ptr<FormationStage> stage(new FormationStage);
    Impl* impl = stage->impl_.get();
    impl->self = identity_of(config);
    impl->tls = config.tls;
    impl->answer_limit = answer_limit(config);
    EK_TRY(impl->server, make_server(config.tls));
    configure(*impl->server, to_json(impl->self));
    const auto address = parse_server_id(listen);
    if (!address || !impl->server->bind_to_port(address->host.c_str(), address->port)) {
        return Error{Errc::conflict,
                     fmt::format("listen for the other nodes on {}: the port is in use, or the "
                                 "address is not one of this machine: correct `bind` in "
                                 "[coordination]",
                                 listen)};
    }
    impl->acceptor =
        io::Worker("formation-http", [impl](io::StopToken&) { impl->server->listen_after_bind(); });
    // stop() reaches the library only once it listens.
    io::StopToken pause;
    const Deadline limit = io::within(kListenLimit);
    while (!impl->server->is_running() && !limit.passed(io::now())) pause.wait_for(Millis(1));
    impl->asker = io::Worker("formation", [impl](io::StopToken& stop) { impl->run(stop); });
    return stage;
}

FormationStage::~FormationStage() {
    impl_->asker.stop();
    if (!impl_->acceptor.running()) return;
    impl_->server->stop();
    impl_->acceptor.stop();
}

std::optional<Formation> FormationStage::outcome() const {
    Lock lock(impl_->mutex);
    return impl_->outcome;
}

}  // namespace evenkeel::coord
