// A node's configuration file: TOML in, structs out. Every problem of a file is reported at once,
// with its line and the nearest valid name. The keys are a table (config_keys.cc) from which
// docs/reference/configuration.md is generated. Passwords are read here and never written anywhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cdc/config.h"
#include "coord/config.h"
#include "topology/config.h"

namespace evenkeel::app {

struct NodeConfig {
    std::string data_dir{};
    std::string log_level = "info";
};

struct ApiConfig {
    std::string listen = "127.0.0.1:3000";
    std::string advertise{};  // host:port; default: `listen`.
    // Where the other nodes reach this one, over TLS with the group's certificates ([tls]).
    std::string peers{};  // host:port; default with engine raft: the port of `bind` + 2.
    // HTTPS for everybody else; without it, `listen` is plain HTTP.
    std::string tls_cert{};
    std::string tls_key{};
    // Who may change something from another host; without a user nobody may.
    std::string user{};
    std::string password{};
};

struct Config {
    NodeConfig node{};
    coord::Config coordination{};  // Also the node's id and its folder in data_dir.
    ApiConfig api{};
    std::vector<topology::ClusterConfig> clusters{};
    std::vector<cdc::StreamConfig> streams{};
};

// Errors: invalid  one problem a line, each as "<file>:<line>: <what and what to do>".
Result<Config> parse_config(std::string_view text, const std::string& file);
// Errors: as above; not_found, denied  the file cannot be read.
Result<Config> load_config(const std::string& file);

// docs/reference/configuration.md.
std::string config_reference();

}  // namespace evenkeel::app
