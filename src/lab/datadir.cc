#include "lab/datadir.h"

#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"

namespace evenkeel::lab {
namespace {

std::string cache_folder() {
    if (const char* own = ::getenv("EVENKEEL_LAB_CACHE")) return own;
    if (const char* cache = ::getenv("XDG_CACHE_HOME")) return std::string(cache) + "/evenkeel/lab";
    const char* home = ::getenv("HOME");
    // Never a well-known name below /tmp: another user could have put accounts of his into it.
    return home != nullptr ? std::string(home) + "/.cache/evenkeel/lab" : std::string();
}

Result<> install_packaged(const Installation& installation, const std::string& folder,
                          Deadline deadline) {
    EK_TRY(const std::string install, find_program("mariadb-install-db"));
    std::vector<std::string> argv{
        install,
        installation.defaults_option(),
        "--datadir=" + folder + "/data",
        "--force",  // No look-up of the host name, which needs what is not everywhere.
        "--skip-test-db",
        "--skip-log-bin",
        "--innodb-log-file-size=8M",
        "--extra-file=" + folder + "/accounts.sql"};
    if (::geteuid() == 0) argv.push_back("--user=root");
    EK_TRY_VOID(run_program(argv, "", deadline));
    return {};
}

// What mariadb-install-db does, for a tree without it.
Result<> bootstrap_mariadb(const Installation& installation, const std::string& folder,
                           const std::string& accounts_sql, Deadline deadline) {
    std::string script =
        "create database mysql;\nuse mysql;\nset @auth_root_socket=NULL;\n"
        "set @skip_auth_anonymous=1;\n";
    for (const char* part :
         {"system_tables.sql", "performance_tables.sql", "system_tables_data.sql",
          "maria_add_gis_sp_bootstrap.sql", "sys_schema.sql"}) {
        bool found = false;
        for (const char* share : {"/share", "/usr/share/mariadb", "/usr/share/mysql"}) {
            for (const char* prefix : {"/mariadb_", "/mysql_", "/"}) {
                const auto text = io::read_file(installation.home + share + prefix + part);
                if (!text || found) continue;
                found = true;
                script += *text + "\n";
            }
        }
    }
    EK_TRY_VOID(io::make_folders(folder + "/data"));
    EK_TRY_VOID(io::replace_file(folder + "/bootstrap.sql", script + accounts_sql));
    std::vector<std::string> argv{installation.program,
                                  installation.defaults_option(),
                                  "--datadir=" + folder + "/data",
                                  "--bootstrap",
                                  "--skip-log-bin",
                                  "--innodb-log-file-size=8M"};
    if (::geteuid() == 0) argv.push_back("--user=root");
    EK_TRY_VOID(run_program(argv, folder + "/bootstrap.sql", deadline));
    return {};
}

Result<> initialise_mysql(const Installation& installation, const std::string& folder,
                          Deadline deadline) {
    std::vector<std::string> argv{installation.program,
                                  installation.defaults_option(),
                                  "--datadir=" + folder + "/data",
                                  "--initialize-insecure",
                                  "--init-file=" + folder + "/accounts.sql",
                                  "--skip-log-bin",
                                  "--loose-innodb-redo-log-capacity=16M"};
    if (::geteuid() == 0) argv.push_back("--user=root");
    EK_TRY_VOID(run_program(argv, "", deadline));
    // Each server makes an id of its own.
    return io::remove_all(folder + "/data/auto.cnf");
}

Result<> initialise(const Installation& installation, const std::string& folder,
                    const std::string& accounts_sql, Deadline deadline) {
    EK_TRY_VOID(io::remove_all(folder));
    EK_TRY_VOID(io::make_folders(folder));
    EK_TRY_VOID(io::replace_file(folder + "/accounts.sql", accounts_sql));
    if (installation.mysql()) return initialise_mysql(installation, folder, deadline);
    if (installation.home.empty()) return install_packaged(installation, folder, deadline);
    return bootstrap_mariadb(installation, folder, accounts_sql, deadline);
}

// The template's data folder, initialised when it is not there yet.
Result<std::string> template_folder(const std::string& scratch, const Installation& installation,
                                    const std::string& accounts_sql, Deadline deadline) {
    const std::string cache = cache_folder().empty() ? scratch + ".template" : cache_folder();
    EK_TRY_VOID(io::make_folders(cache));
    const std::size_t key = std::hash<std::string>{}(installation.version + accounts_sql);
    const std::string folder =
        fmt::format("{}/{}-{:016x}", cache, installation.mysql() ? "mysql" : "mariadb", key);
    EK_TRY(const io::Fd lock, io::lock_file(folder + ".lock", deadline));
    // The mark comes last, so an initialisation that was cut short is done again.
    if (!io::exists(folder + "/complete")) {
        EK_TRY_VOID(initialise(installation, folder, accounts_sql, deadline));
        EK_TRY_VOID(io::replace_file(folder + "/complete", installation.version));
    }
    return folder + "/data";
}

}  // namespace

Result<> make_datadir(const std::string& path, const Installation& installation,
                      const std::string& accounts_sql, Deadline deadline) {
    EK_TRY(const std::string source, template_folder(path, installation, accounts_sql, deadline));
    EK_TRY_VOID(run_program({"cp", "-a", "--sparse=always", source, path}, "", deadline));
    return {};
}

}  // namespace evenkeel::lab
