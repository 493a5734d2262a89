// Servers besides the installed MariaDB: other releases of MariaDB and MySQL, unpacked from the
// package registries into a cache folder that outlives the build.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace evenkeel::test {

// The installed MariaDB.
inline constexpr const char* kInstalled = "mariadb";

// Those that tests of several servers run on: the installed MariaDB, one MySQL and one later
// MariaDB; all that can be had with EVENKEEL_TEST_SERVERS=all (`./dev it --servers all`), or the
// ones it lists: "mysql-5.7,mysql-9". For ::testing::ValuesIn.
std::vector<std::string> server_releases();

// A name for a test's parameter: "mysql_8_0".
std::string release_name(const ::testing::TestParamInfo<std::string>& info);

// ServerConfig::home of a release, fetched when it is not in the cache: $EVENKEEL_SERVERS or
// ~/.cache/evenkeel/servers. Errors: unavailable  the registry cannot be reached, or what it needs
// is not installed: skip the test with the text.
Result<std::string> server_home(const std::string& release);

}  // namespace evenkeel::test
