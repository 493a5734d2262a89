// A real MariaDB or MySQL server on loopback with a data folder of its own, for the demo and the
// tests. It is set up as a production replica would be: GTID, ROW binlog with full metadata,
// read-only at every start; MariaDB also ready for semi-sync.
// Not thread-safe. A server dies with the thread that started it, whatever happens to the program.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/process.h"
#include "lab/installation.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::lab {

// The accounts of every server of a lab; they exist before its first start.
struct Accounts {
    sql::Credentials admin{"lab_admin", "lab_admin"};   // May do anything, also while read-only.
    sql::Credentials evenkeel{"evenkeel", "evenkeel"};  // What evenkeel needs, no more; no SUPER.
    sql::Credentials replication{"repl", "repl"};
    sql::Credentials app{"app", "app"};  // Reads and writes data; read_only stops it.
};

struct ServerConfig {
    std::string name = "db1";  // Its folder is `folder`/`name`, its log `name`.log.
    std::string folder{};
    std::uint32_t server_id = 1;         // Of the replication protocol.
    std::uint16_t port = 0;              // 0: a free one.
    std::vector<std::string> options{};  // After ours: the last one wins.
    std::string home{};  // An unpacked tree (installation.h); empty: the installed MariaDB.
};

class Server {
public:
    // Makes the data folder, a copy of a template that is initialised once per server version and
    // kept in $EVENKEEL_LAB_CACHE, or ~/.cache/evenkeel/lab. Does not start the server.
    // Errors: not_found    no such server on this machine; the text has the remedy;
    //         unavailable  no space, no permission, no free port.
    static Result<Server> create(ServerConfig config, Deadline deadline);

    // Returns at once; wait_ready() says when it answers. Also after a kill or a stop.
    Result<> start();
    // Errors: unavailable  it ended, its last words are in the text; timed_out.
    Result<> wait_ready(Deadline deadline);

    // SIGKILL, and waits until it is gone.
    void kill();
    // SIGTERM; SIGKILL when it has not ended within `grace` (commits that wait for a semi-sync
    // acknowledgement hold a server up).
    void stop(Millis grace = Millis(10'000));
    // SIGTERM without waiting, for several at once; stop() afterwards waits.
    void terminate();
    // SIGSTOP and SIGCONT: its host accepts connections, it answers nothing.
    void suspend();
    void resume();

    bool running() const { return process_.running(); }
    pid_t pid() const { return process_.pid(); }
    const ServerId& id() const { return id_; }
    const ServerConfig& config() const { return config_; }
    const Installation& installation() const { return installation_; }
    const Accounts& accounts() const { return accounts_; }
    std::string data_folder() const { return config_.folder + "/" + config_.name; }
    std::string log_path() const { return data_folder() + ".log"; }

    Result<sql::Connection> connect(const sql::Credentials& who, Deadline deadline) const;
    // Statements by the admin account, over a connection of their own; returns the last one's rows.
    Result<sql::Table> query(const std::vector<std::string>& statements, Deadline deadline) const;

private:
    ServerConfig config_;
    Installation installation_;
    Accounts accounts_;
    ServerId id_;
    io::Process process_;
};

}  // namespace evenkeel::lab
