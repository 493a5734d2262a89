// `evenkeel cdc bootstrap`: asks a stream for a snapshot of tables, as maxwell-bootstrap does, by a
// row in Maxwell's table or through the nodes' API, and shows how far it is.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "cdc/bootstrap/request.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::app {

struct BootstrapArgs {
    // By name, as given: database, table, where, comment, client_id, host, port, user, password,
    // schema_database, config, api, abort.
    std::map<std::string, std::string> values{};
    bool list = false;
    bool monitor = true;
};

// What the options and a config.properties mean together. Pure.
struct BootstrapPlan {
    cdc::BootstrapRequest request{};
    std::string client_id = "maxwell";
    std::string schema_database = "maxwell";
    std::string abort{};
    ServerId server{.host = "127.0.0.1", .port = 3306};
    sql::Credentials credentials{};
    bool by_api = false;
    std::string api{};  // Endpoints; empty: those of EVENKEEL_API.
};

// `properties`: the text of the file, empty without one. `api`: EVENKEEL_API.
// Errors: invalid  says what is missing or wrong.
Result<BootstrapPlan> plan_bootstrap(const BootstrapArgs& args, const std::string& properties,
                                     const std::string& api);

// "shop.item [=====     ] 50 %, 1000 of 2000 rows, 500 rows/s, 2.0 s left"
std::string progress_line(const cdc::BootstrapJob& job, std::int64_t now_ms, bool bar);

// Returns the exit status.
int run_bootstrap(const BootstrapArgs& args);

}  // namespace evenkeel::app
