#include "bench/cdc/contestants.h"

#include <errno.h>
#include <fmt/core.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "io/file.h"
#include "io/process.h"

namespace evenkeel::bench {
namespace {

Contestant of_this_program(const lab::Server& server, Who who, const char* name,
                           const char* reader) {
    const std::string port = std::to_string(server.id().port);
    return {.who = who,
            .name = name,
            .counts_rows = who != Who::count,
            .command = [reader, port](const Recorded& where, std::uint64_t) {
                return std::vector<std::string>{io::own_path(), "--child",   reader,
                                                port,           where.begin, where.end};
            }};
}

Contestant binlog_tool(const lab::Server& server, Who who, const char* name,
                       std::vector<std::string> more) {
    const sql::Credentials& account = server.accounts().admin;
    std::vector<std::string> argv = {"mariadb-binlog",
                                     "--no-defaults",
                                     "--read-from-remote-server",
                                     "--skip-ssl",
                                     "--host=127.0.0.1",
                                     fmt::format("--port={}", server.id().port),
                                     "--user=" + account.user,
                                     "--password=" + account.password};
    argv.insert(argv.end(), more.begin(), more.end());
    return {.who = who,
            .name = name,
            .once = who == Who::verbose,
            .command = [argv](const Recorded& where, std::uint64_t) {
                auto whole = argv;
                whole.push_back(where.file);
                return whole;
            }};
}

struct Peer {
    Who who;
    const char* name;
    const char* folder;  // Of peers/get.
    const char* mode;
    bool only_a_part;
};
constexpr Peer kPeers[] = {
    {Who::go_decode, "go-mysql, decode only", "go_mysql", "decode", false},
    {Who::go_json, "go-mysql, JSON", "go_mysql", "json", false},
    {Who::zongji, "zongji, JSON", "zongji", "json", true},
    {Who::debezium, "Debezium, JSON", "debezium", "json", true},
    {Who::python, "python-mysql-repl., JSON", "python_mysql_replication", "json", true},
};

Contestant peer(const lab::Server& server, const Peer& what, const std::string& peers) {
    const std::string folder = peers + "/" + what.folder;
    Contestant made{.who = what.who,
                    .name = what.name,
                    .only_a_part = what.only_a_part,
                    .once = true,
                    .counts_rows = true};
    if (!io::exists(folder + "/run")) {
        const auto why = io::read_file(folder + "/skipped");
        made.missing = why ? std::string(trim(*why)) : folder + "/run is not there";
    }
    const std::string port = std::to_string(server.id().port);
    const sql::Credentials account = server.accounts().admin;
    made.command = [folder, port, account, mode = std::string(what.mode)](const Recorded& where,
                                                                          std::uint64_t rows) {
        return std::vector<std::string>{folder + "/run",
                                        "127.0.0.1",
                                        port,
                                        account.user,
                                        account.password,
                                        where.file,
                                        std::to_string(where.bytes),
                                        where.begin,
                                        std::to_string(rows),
                                        mode};
    };
    return made;
}

}  // namespace

std::vector<Contestant> contestants(const lab::Server& server, const Options& options,
                                    const std::string& folder) {
    std::vector<Contestant> all = {
        of_this_program(server, Who::ours, "evenkeel, JSON", "stream"),
        of_this_program(server, Who::ours_tls, "evenkeel, JSON, TLS", "stream-over-tls"),
        of_this_program(server, Who::ours_first, "evenkeel, first start", "stream-first-start"),
        of_this_program(server, Who::count, "count only", "count"),
        binlog_tool(server, Who::raw, "mariadb-binlog --raw",
                    {"--raw", "--result-file=" + folder + "/"}),
        binlog_tool(server, Who::verbose, "mariadb-binlog -vv",
                    {"-vv", "--base64-output=decode-rows"}),
    };
    if (options.peers.empty()) return all;
    for (const Peer& one : kPeers) all.push_back(peer(server, one, options.peers));
    return all;
}

Result<> make_raw_sink(const std::string& folder, const Recorded& where) {
    const std::string link = folder + "/" + where.file;
    if (::symlink("/dev/null", link.c_str()) == 0 || errno == EEXIST) return {};
    return Error{Errc::unavailable, "link " + link + ": " + ::strerror(errno)};
}

}  // namespace evenkeel::bench
