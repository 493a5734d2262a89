// The engine over etcd's v3 JSON gateway: a member that evenkeel runs itself, or a cluster that is
// already there. A key's version is etcd's mod_revision.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coord/engine.h"

namespace evenkeel::coord {

struct EtcdOptions {
    std::vector<std::string> endpoints{};  // "http://127.0.0.1:10009"
    std::string root{};                    // Put before every key: "/evenkeel/<group>/".
};

// Does not connect.
std::unique_ptr<Engine> make_etcd_engine(EtcdOptions options);

}  // namespace evenkeel::coord
