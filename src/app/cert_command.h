// `evenkeel cert …`: makes, renews, replaces and shows the certificates of a group's nodes. Works
// on one folder of files and needs no running node.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace evenkeel::app {

// A node to make a certificate for, and all names and addresses under which others reach it.
struct CertNode {
    std::string name{};  // Also the file's: <name>.pem, <name>.key.
    std::vector<std::string> hosts{};
};
// From "node1=10.0.0.1,db1.example.com". Errors: invalid  it is not like that.
Result<CertNode> parse_cert_node(const std::string& text);

struct CertInitArgs {
    std::string dir{};
    std::string group = "evenkeel";
    std::vector<std::string> nodes{};
    int days = 0;  // 0: the default.
    bool force = false;
};

struct CertAddArgs {
    std::string dir{};
    std::vector<std::string> nodes{};
    int days = 0;
    bool force = false;
};

struct CertRenewArgs {
    std::string dir{};
    std::vector<std::string> nodes{};  // Names; none: all.
    int days = 0;
};

struct CertRotateArgs {
    std::string dir{};
    bool finish = false;
};

struct CertShowArgs {
    std::vector<std::string> files{};
    bool json = false;
};

using CertArgs =
    std::variant<CertInitArgs, CertAddArgs, CertRenewArgs, CertRotateArgs, CertShowArgs>;

// Returns the exit status; prints on stdout, problems on stderr.
int run_cert(const CertArgs& args);

}  // namespace evenkeel::app
