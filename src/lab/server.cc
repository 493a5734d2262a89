#include "lab/server.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "lab/datadir.h"

namespace evenkeel::lab {
namespace {

std::string create_user(const sql::Credentials& who, std::string_view privileges) {
    return fmt::format(
        "CREATE USER {0}@'%' IDENTIFIED BY {1};\n"
        "GRANT {2} ON *.* TO {0}@'%';\n",
        sql::quote(who.user), sql::quote(who.password), privileges);
}

std::string mysql_accounts_sql(const Accounts& accounts) {
    return create_user(accounts.admin, "ALL PRIVILEGES") +
           create_user(accounts.evenkeel,
                       "SELECT, PROCESS, RELOAD, SUPER, REPLICATION SLAVE, REPLICATION CLIENT") +
           create_user(accounts.replication, "REPLICATION SLAVE") +
           create_user(accounts.app,
                       "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, LOCK TABLES");
}

std::string mariadb_accounts_sql(const Accounts& accounts) {
    return "FLUSH PRIVILEGES;\n" + create_user(accounts.admin, "ALL PRIVILEGES") +
           create_user(accounts.evenkeel,
                       "SELECT, PROCESS, RELOAD, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR, "
                       "REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, BINLOG ADMIN, "
                       "READ_ONLY ADMIN, CONNECTION ADMIN") +
           create_user(accounts.replication, "REPLICATION SLAVE") +
           create_user(accounts.app,
                       "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, LOCK TABLES");
}

// For any server.
std::vector<std::string> common_options(const ServerConfig& config, const std::string& data) {
    return {
        "--datadir=" + data,
        "--socket=" + data + ".sock",
        "--pid-file=" + data + ".pid",
        // A server that starts removes what look like its old temporary tables: not the
        // neighbour's.
        "--tmpdir=" + data + ".tmp",
        "--bind-address=127.0.0.1",
        fmt::format("--port={}", config.port),
        "--skip-name-resolve",
        fmt::format("--server-id={}", config.server_id),
        "--report-host=127.0.0.1",
        fmt::format("--report-port={}", config.port),
        "--log-bin=binlog",
        "--relay-log=relay",
        "--binlog-format=ROW",
        "--binlog-row-image=FULL",
        "--sync-binlog=1",
        "--relay-log-recovery=ON",
        // Whoever starts or comes back may be no primary any more: it takes writes when told to.
        "--read-only=1",
        "--innodb-buffer-pool-size=32M",
        "--performance-schema=OFF",
        "--max-connections=200",
    };
}

std::vector<std::string> mysql_options() {
    return {
        "--gtid-mode=ON",
        "--enforce-gtid-consistency=ON",
        // What one of the releases does not know is prefixed.
        "--loose-log-slave-updates",
        "--loose-log-replica-updates",
        "--loose-binlog-row-metadata=FULL",
        "--loose-mysqlx=OFF",
        "--loose-innodb-redo-log-capacity=16M",
    };
}

std::vector<std::string> mariadb_options() {
    return {
        "--log-slave-updates",
        "--binlog-row-metadata=FULL",
        // A write past the primary's history is refused on the spot instead of found by a failover.
        "--gtid-strict-mode=ON",
        // At its start after a crash a server drops transactions from its binlog that no replica
        // acknowledged, instead of committing what no client was told and no replica has.
        "--init-rpl-role=SLAVE",
        "--rpl-semi-sync-slave-enabled=1",
        "--rpl-semi-sync-master-wait-point=AFTER_SYNC",
        // A day: falling back to asynchronous would lose acknowledged transactions silently.
        "--rpl-semi-sync-master-timeout=86400000",
        "--slave-net-timeout=3",
        "--innodb-log-file-size=8M",
        "--key-buffer-size=1M",
        "--aria-pagecache-buffer-size=8M",
        "--skip-ssl",
    };
}

// The last lines of a log, for an error's text.
std::string last_words(const std::string& path) {
    const auto log = io::read_file(path);
    if (!log) return "it left no log";
    constexpr std::size_t kShown = 600;
    return std::string(
        trim(std::string_view(*log).substr(log->size() - std::min(log->size(), kShown))));
}

}  // namespace

Result<Server> Server::create(ServerConfig config, Deadline deadline) {
    if (config.port == 0) config.port = static_cast<std::uint16_t>(io::free_port());
    if (config.port == 0) return Error{Errc::unavailable, "create server: no free port"};
    Server server;
    server.config_ = std::move(config);
    server.id_ = {"127.0.0.1", server.config_.port};
    EK_TRY_VOID(io::make_folders(server.config_.folder));
    EK_TRY_VOID(io::make_folders(server.data_folder() + ".tmp"));
    EK_TRY(server.installation_, find_installation(server.config_.home, deadline));
    const std::string accounts = server.installation_.mysql()
                                     ? mysql_accounts_sql(server.accounts_)
                                     : mariadb_accounts_sql(server.accounts_);
    EK_TRY_VOID(make_datadir(server.data_folder(), server.installation_, accounts, deadline));
    return server;
}

Result<> Server::start() {
    io::Command command{.argv = {installation_.program, installation_.defaults_option()},
                        .output = log_path(),
                        .own_group = true};
    const std::vector<std::string> own =
        installation_.mysql() ? mysql_options() : mariadb_options();
    for (const auto& options : {common_options(config_, data_folder()), own}) {
        command.argv.insert(command.argv.end(), options.begin(), options.end());
    }
    if (::geteuid() == 0) command.argv.push_back("--user=root");
    command.argv.insert(command.argv.end(), config_.options.begin(), config_.options.end());
    EK_TRY(process_, io::Process::start(command));
    return {};
}

Result<> Server::wait_ready(Deadline deadline) {
    io::StopToken pause;
    while (true) {
        const auto connection = connect(accounts_.admin, deadline.sooner(io::within(Millis(1000))));
        if (connection) return {};
        if (const auto exit = process_.wait(io::within(Millis(0)))) {
            return Error{Errc::unavailable, fmt::format("start {}: {}: {}", config_.name,
                                                        exit->str(), last_words(log_path()))};
        }
        if (deadline.passed(io::now())) {
            return Error{Errc::timed_out,
                         fmt::format("start {}: {}", config_.name, connection.error().what)};
        }
        pause.wait_for(Millis(20));
    }
}

void Server::kill() {
    process_.signal(SIGKILL);
    process_.wait(io::within(Millis(10'000)));
}

void Server::stop(Millis grace) {
    if (running()) process_.stop(grace);
}

void Server::terminate() {
    resume();  // A suspended process would not notice.
    process_.signal(SIGTERM);
}

void Server::suspend() {
    process_.signal(SIGSTOP);
}

void Server::resume() {
    process_.signal(SIGCONT);
}

Result<sql::Connection> Server::connect(const sql::Credentials& who, Deadline deadline) const {
    return sql::Connection::open(id_, who, deadline);
}

Result<sql::Table> Server::query(const std::vector<std::string>& statements,
                                 Deadline deadline) const {
    EK_TRY(auto connection, connect(accounts_.admin, deadline));
    sql::Table last;
    for (const std::string& statement : statements) {
        EK_TRY(last, connection.query(statement, deadline));
    }
    return last;
}

}  // namespace evenkeel::lab
