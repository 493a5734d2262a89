// Maxwell's options for several processes of one stream (`--ha`, `--zookeeper_server`, …), and the
// group that they mean: one for each client_id, below /evenkeel/maxwell/<client_id>. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "coord/config.h"

namespace evenkeel::app {

struct HaOption {
    std::string name{};
    std::string help{};
    std::string default_text{};  // Empty: none.
};

const std::vector<HaOption>& ha_options();

enum class HaKind { none, zookeeper, etcd, raft };

struct HaConfig {
    HaKind kind = HaKind::none;
    std::string member_id{};    // As given; empty: from the host's name.
    coord::Config group{};      // For zookeeper and etcd.
    Millis join_limit{10'000};  // A process that has not joined by then ends.
};

// `values`: options as given, without their dashes. For a stream, or (`asking`) for somebody who
// only wants to know its leader, where a bare --ha and none mean the nodes' HTTP API.
// Errors: invalid  says what would be right.
Result<HaConfig> ha_config_from(const std::map<std::string, std::string>& values,
                                const std::string& client_id, bool asking);

}  // namespace evenkeel::app
