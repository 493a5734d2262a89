#include "app/node_certificates.h"

#include <algorithm>

#include "base/log.h"
#include "io/clock.h"
#include "io/file.h"
#include "model/server_id.h"

namespace evenkeel::app {
namespace {

constexpr Millis kWatchPause = io::Days(1);

bool is_everywhere(const std::string& host) {
    return host == "0.0.0.0" || host == "::";
}

}  // namespace

std::vector<std::string> certificate_hosts(const Config& config) {
    std::vector<std::string> hosts;
    const auto add = [&](const std::string& address) {
        const auto server = parse_server_id(address, 1);
        if (!server || is_everywhere(server->host)) return;
        if (std::count(hosts.begin(), hosts.end(), server->host) > 0) return;
        hosts.push_back(server->host);
    };
    if (config.coordination.engine == coord::EngineKind::raft) {
        add(config.coordination.bind);
        // The member's client port, which demands and shows the same certificate.
        add("127.0.0.1");
    }
    add(config.api.peers);
    return hosts;
}

Result<std::vector<std::string>> check_certificate(const Config& config) {
    const io::TlsFiles& files = config.coordination.tls;
    if (!files.on()) return std::vector<std::string>{};
    EK_TRY(auto checked, io::check_tls(files, certificate_hosts(config)));
    return std::move(checked.warnings);
}

std::vector<api::CertificateLife> certificate_lives(const io::TlsFiles& files) {
    std::vector<api::CertificateLife> lives;
    if (!files.on()) return lives;
    const std::int64_t now = io::wall_ms() / 1000;
    for (const auto& [of, path] :
         {std::pair{"node", files.cert}, std::pair{"authority", files.ca}}) {
        const auto pem = io::read_file(path);
        if (!pem) continue;
        const auto facts = io::certificates_in(*pem);
        // Of a bundle, the authority that is there for longest: the other one is on its way out.
        if (!facts) continue;
        const auto last = std::max_element(
            facts->begin(), facts->end(),
            [](const auto& a, const auto& b) { return a.not_after < b.not_after; });
        const auto& counts = std::string_view(of) == "node" ? facts->front() : *last;
        lives.push_back({.of = of, .seconds_left = counts.not_after - now});
    }
    return lives;
}

io::Worker watch_certificate(const Config& config) {
    return io::Worker("certificate", [&config](io::StopToken& stop) {
        do {
            const auto warnings = check_certificate(config);
            if (!warnings) {
                log::error("tls", "{}", warnings.error().what);
                continue;
            }
            for (const std::string& warning : *warnings) log::warn("tls", "{}", warning);
        } while (!stop.wait_for(kWatchPause));
    });
}

}  // namespace evenkeel::app
