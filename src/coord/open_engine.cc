#include "coord/open_engine.h"

#include <fmt/core.h>

#include "coord/engines/etcd_engine.h"
#include "coord/engines/local_engine.h"
#include "coord/engines/zookeeper_engine.h"
#include "coord/member/managed_etcd.h"
#include "io/file.h"

namespace evenkeel::coord {

Result<std::unique_ptr<Engine>> open_engine(const Config& config) {
    const std::string root = "/evenkeel/" + config.group;
    switch (config.engine) {
        case EngineKind::local:
            EK_TRY_VOID(io::make_folders(config.data_dir));
            return open_local_engine(config.data_dir + "/state.db");
        case EngineKind::raft: return make_etcd_engine(own_member(config));
        case EngineKind::etcd:
            return make_etcd_engine({.endpoints = config.etcd.endpoints,
                                     .root = root + "/",
                                     .tls = config.etcd.tls,
                                     .user = config.etcd.user,
                                     .password = config.etcd.password,
                                     .call_limit = call_limit(config.ttl)});
        case EngineKind::zookeeper: {
            const ZookeeperAccess& access = config.zookeeper;
            return make_zookeeper_engine({.servers = access.servers,
                                          .root = access.chroot.empty() ? root : access.chroot,
                                          .session_timeout = access.session_timeout,
                                          .connection_timeout = access.connection_timeout,
                                          .max_retries = access.max_retries,
                                          .retry_wait = access.retry_wait,
                                          .user = access.user,
                                          .password = access.password});
        }
    }
    return Error{Errc::invalid, "coordination: no such engine"};
}

}  // namespace evenkeel::coord
