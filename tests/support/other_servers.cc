#include "tests/support/other_servers.h"

#include <fmt/core.h>

#include <cstdlib>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "lab/installation.h"

namespace evenkeel::test {
namespace {

constexpr Millis kFetchLimit{600'000};
constexpr const char* kInCi = "mariadb,mysql-8.0,mariadb-11.4";
constexpr const char* kAll =
    "mariadb,mysql-8.0,mariadb-11.4,mysql-5.7,mysql-9,mariadb-10.5,mariadb-11.8";

std::string variable(const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : otherwise;
}

}  // namespace

std::vector<std::string> server_releases() {
    const std::string wanted = variable("EVENKEEL_TEST_SERVERS", kInCi);
    return split(wanted == "all" ? kAll : wanted, ',');
}

std::string release_name(const ::testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    for (char& c : name) {
        if (c == '-' || c == '.') c = '_';
    }
    return name;
}

Result<std::string> server_home(const std::string& release) {
    if (release == kInstalled) return std::string();
    const std::string cache =
        variable("EVENKEEL_SERVERS", variable("HOME", "/tmp") + "/.cache/evenkeel/servers");
    const std::string home = cache + "/" + release;
    const Deadline deadline = io::within(kFetchLimit);
    EK_TRY_VOID(io::make_folders(cache));
    // Programs that want the same release at once fetch it once.
    EK_TRY(const io::Fd lock, io::lock_file(home + ".lock", deadline));
    if (io::exists(home + "/.variant")) return home;
    const std::string script = variable("EVENKEEL_SOURCE", ".") + "/tests/support/get_server";
    EK_TRY_VOID(lab::run_program({script, home, release}, "", deadline));
    return home;
}

}  // namespace evenkeel::test
