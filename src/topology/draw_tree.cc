#include <fmt/core.h>

#include <set>

#include "topology/analysis.h"
#include "topology/service.h"

namespace evenkeel::topology {
namespace {

const char* colour_of(Health health) {
    switch (health) {
        case Health::alive: return "\x1b[32m";
        case Health::silent:
        case Health::denied: return "\x1b[33m";
        case Health::gone: return "\x1b[31m";
        case Health::unknown: return "\x1b[90m";
    }
    return "";
}

const char* word_of(Health health) {
    switch (health) {
        case Health::alive: return "ok";
        case Health::silent: return "silent";
        case Health::denied: return "denied";
        case Health::gone: return "gone";
        case Health::unknown: return "unknown";
    }
    return "?";
}

// "10.11.6-MariaDB-log" is more than a person wants to read.
std::string short_version(const std::string& version) {
    return version.substr(0, version.find('-'));
}

std::string role_of(const ServerView& server, const ClusterFact& fact) {
    if (fact.primary == server.id) return "primary";
    for (const ServerId& id : fact.fenced) {
        if (id == server.id) return "fenced";
    }
    return server.replication ? "replica" : "alone";
}

std::string replication_text(const ServerView& server) {
    const Replication& replication = *server.replication;
    if (replication.io != ThreadState::running) {
        return "not receiving: " +
               (replication.io_error.empty() ? "stopped" : replication.io_error);
    }
    if (replication.sql != ThreadState::running) {
        return "not applying: " +
               (replication.sql_error.empty() ? "stopped" : replication.sql_error);
    }
    return fmt::format("lag {} s", replication.lag_s.value_or(0));
}

class Tree {
public:
    Tree(const ClusterReport& report, bool colour) : report_(report), colour_(colour) {}

    std::string draw() {
        text_ = report_.view.cluster + "\n";
        if (report_.fact.primary) add(*report_.fact.primary, 1);
        for (const auto& [id, server] : report_.view.servers) {
            const bool below =
                server.replication && report_.view.servers.contains(server.replication->source);
            if (!below) add(id, 1);
        }
        // What is left replicates in a circle.
        for (const auto& [id, server] : report_.view.servers) add(id, 1);
        return text_;
    }

private:
    void add(const ServerId& id, int depth) {
        const ServerView* server = find(report_.view, id);
        if (server == nullptr || !drawn_.insert(id).second) return;
        text_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + line(*server) + "\n";
        for (const ServerView* replica : replicas_of(report_.view, id)) add(replica->id, depth + 1);
    }

    std::string mark(Health health) const {
        if (!colour_) return fmt::format("[{}]", word_of(health));
        return fmt::format("{}●\x1b[0m", colour_of(health));
    }

    std::string line(const ServerView& server) const {
        std::string text = fmt::format("{} {}  {}", mark(server.health), server.id.str(),
                                       role_of(server, report_.fact));
        if (!is_alive(server)) return text + "  " + server.reason;
        text += fmt::format("  {}  {}", short_version(server.version),
                            server.read_only ? "read-only" : "writable");
        if (server.replication) text += "  " + replication_text(server);
        if (!server.applied.empty()) text += "  gtid " + server.applied.str();
        if (server.semi_sync_primary) {
            text += fmt::format("  semi-sync ({} acknowledge)", server.semi_sync_clients);
        }
        for (const Finding& finding : report_.findings) {
            if (finding.server == server.id) text += "  ! " + finding.text;
        }
        return text;
    }

    const ClusterReport& report_;
    const bool colour_;
    std::set<ServerId> drawn_;
    std::string text_;
};

}  // namespace

std::string draw_tree(const ClusterReport& report, bool colour) {
    return Tree(report, colour).draw();
}

}  // namespace evenkeel::topology
