// A server program of this machine: the installed MariaDB, or the unpacked tree of another release
// of MariaDB or MySQL.
#pragma once

#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"

namespace evenkeel::lab {

struct Installation {
    std::string home{};     // The tree; empty: installed.
    std::string program{};  // Of the server.
    std::string version{};  // What `program --version` says.

    bool mysql() const { return version.find("MariaDB") == std::string::npos; }
    // The first argument of every start.
    std::string defaults_option() const;
};

// `home`: a folder with bin/mysqld or bin/mariadbd, and a base.cnf that says where the rest of the
// tree is (tests/support/get_server makes such); empty: what is installed.
// Errors: not_found  no server there; the text has the remedy.
Result<Installation> find_installation(const std::string& home, Deadline deadline);

// The path of an installed program, also when it is where only root's PATH looks.
// Errors: not_found  the text names the Debian package.
Result<std::string> find_program(const std::string& name);

// Runs a program to its end, `input` (a file) on its standard input, and returns what it printed.
// Errors: unavailable  it failed, its last words are in the text; timed_out.
Result<std::string> run_program(const std::vector<std::string>& argv, const std::string& input,
                                Deadline deadline);

}  // namespace evenkeel::lab
