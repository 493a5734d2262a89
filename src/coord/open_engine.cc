#include "coord/open_engine.h"

#include <fmt/core.h>

#include "coord/engines/etcd_engine.h"
#include "coord/engines/local_engine.h"
#include "coord/managed_etcd.h"
#include "io/file.h"

namespace evenkeel::coord {

Result<std::unique_ptr<Engine>> open_engine(const Config& config) {
    if (config.engine == EngineKind::local) {
        EK_TRY_VOID(io::make_folders(config.data_dir));
        return open_local_engine(config.data_dir + "/state.db");
    }
    return make_etcd_engine({.endpoints = {fmt::format("http://127.0.0.1:{}", client_port(config))},
                             .root = "/evenkeel/" + config.group + "/"});
}

}  // namespace evenkeel::coord
