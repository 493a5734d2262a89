#include <fmt/core.h>

#include "api/routes.h"

namespace evenkeel::api {
namespace {

// A label's value in Prometheus' text format.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\\' || c == '"') result += '\\';
        if (c == '\n') {
            result += "\\n";
        } else {
            result += c;
        }
    }
    return result;
}

// Writes metrics with their HELP and TYPE in front of the first sample.
class Text {
public:
    void head(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
    }
    template <typename Value>
    void sample(Value value) {
        text_ += fmt::format("{} {}\n", name_, value);
    }
    template <typename Value>
    void sample(std::string_view label, std::string_view of, Value value) {
        text_ += fmt::format("{}{{{}=\"{}\"}} {}\n", name_, label, escaped(of), value);
    }
    std::string take() { return std::move(text_); }

private:
    std::string name_;
    std::string text_;
};

void write_node(Text& text, const coord::GroupView& group) {
    text.head("evenkeel_node_healthy", "gauge", "1: confirmed a write within its ttl.");
    text.sample(group.healthy ? 1 : 0);
    text.head("evenkeel_node_leader", "gauge", "1: leads the group.");
    text.sample(group.leads ? 1 : 0);
    text.head("evenkeel_node_leader_epoch", "gauge", "Number of the group's leader; only grows.");
    text.sample(group.leader_epoch.value);
    text.head("evenkeel_group_members_live", "gauge", "Members that hold a lease.");
    int live = 0;
    for (const coord::Member& member : group.members) live += member.live ? 1 : 0;
    text.sample(live);
}

void write_clusters(Text& text, const std::vector<topology::ClusterReport>& reports) {
    text.head("evenkeel_cluster_primary_up", "gauge", "1: the primary answers this node.");
    for (const auto& report : reports) {
        const auto& primary = report.fact.primary;
        const auto server =
            primary ? report.view.servers.find(*primary) : report.view.servers.end();
        const bool up =
            server != report.view.servers.end() && server->second.health == topology::Health::alive;
        text.sample("cluster", report.view.cluster, up ? 1 : 0);
    }
    text.head("evenkeel_cluster_failovers_total", "counter", "Completed changes of primary.");
    for (const auto& report : reports) {
        text.sample("cluster", report.view.cluster, report.fact.failovers);
    }
    text.head("evenkeel_cluster_findings", "gauge", "Problems found by analysis.");
    for (const auto& report : reports) {
        text.sample("cluster", report.view.cluster, report.findings.size());
    }
    text.head("evenkeel_cluster_servers", "gauge", "Servers discovered.");
    for (const auto& report : reports) {
        text.sample("cluster", report.view.cluster, report.view.servers.size());
    }
}

void write_streams(Text& text, const std::vector<cdc::StreamReport>& reports) {
    const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                          auto value) {
        text.head(name, type, help);
        for (const auto& report : reports) text.sample("stream", report.name, value(report));
    };
    using Report = cdc::StreamReport;
    each("evenkeel_stream_running", "gauge", "1: this node runs the stream.",
         [](const Report& r) { return r.state == "streaming" ? 1 : 0; });
    each("evenkeel_stream_rows_total", "counter", "Rows written by this node.",
         [](const Report& r) { return r.rows; });
    each("evenkeel_stream_transactions_total", "counter", "Transactions written by this node.",
         [](const Report& r) { return r.transactions; });
    each("evenkeel_stream_bytes_total", "counter", "Bytes written by this node.",
         [](const Report& r) { return r.bytes; });
    each("evenkeel_stream_lag_ms", "gauge", "Age of the last transaction when it was written.",
         [](const Report& r) { return r.lag_ms; });
    each("evenkeel_stream_reconnects_total", "counter", "New connections to a server.",
         [](const Report& r) { return r.reconnects; });
    each("evenkeel_stream_dead_letters_total", "counter", "Rows that could not be written.",
         [](const Report& r) { return r.dead_letters; });
}

void write_certificates(Text& text, const Sources& sources) {
    const auto lives =
        sources.certificates ? sources.certificates() : std::vector<CertificateLife>{};
    if (lives.empty()) return;
    text.head(
        "evenkeel_certificate_expiry_seconds", "gauge",
        "Time left of the node's certificate and of the group's authority; negative: expired.");
    for (const CertificateLife& life : lives)
        text.sample("certificate", life.of, life.seconds_left);
}

}  // namespace

Answer metrics(const Sources& sources, const Request&) {
    Text text;
    write_node(text, sources.group());
    write_clusters(text, sources.clusters());
    write_streams(text, sources.streams());
    write_certificates(text, sources);
    const HttpCounts http = sources.http();
    text.head("evenkeel_http_requests_total", "counter", "HTTP requests answered.");
    text.sample(http.requests);
    text.head("evenkeel_http_requests_forwarded_total", "counter", "Of these, to the leader.");
    text.sample(http.forwarded);
    text.head("evenkeel_http_requests_failed_total", "counter", "Of these, answered with 5xx.");
    text.sample(http.failed);
    return {.body = text.take(), .type = "text/plain; version=0.0.4; charset=utf-8"};
}

}  // namespace evenkeel::api
