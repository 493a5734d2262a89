// Who may change something through the API. Pure: facts about the caller → allowed, or why not.
// A header can only take rights away: what grants them is the connection's own address, the
// certificate shown on the nodes' listener, or the password.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::api {

struct Caller {
    bool node = false;          // Another node of the group, surely.
    std::string address{};      // The connection's other end.
    std::string credentials{};  // Header Authorization.
    // What browsers and proxies say.
    std::string host{};        // Header Host.
    std::string origin{};      // Header Origin.
    std::string fetch_site{};  // Header Sec-Fetch-Site.
    bool prefetch = false;     // Sec-Purpose or Purpose.
    bool proxied = false;      // Forwarded, X-Forwarded-For or Via: the address is a proxy's.
};

struct Access {
    std::string user{};  // Empty: nobody gets in by password.
    std::string password{};
    std::vector<std::string> own_names{};  // By which clients may call this node.
};

enum class Right {
    granted,
    unauthorized,  // Credentials would help.
    forbidden,     // Started by a page of another site; nothing helps.
};

struct Decision {
    Right right = Right::unauthorized;
    std::string why{};  // With the remedy; empty when granted.
};

Decision may_change(const Caller& caller, const Access& access);

// "127.0.0.1", "::1", "::ffff:127.0.0.1"; nothing that has to be looked up.
bool is_loopback(std::string_view address);

// The header's value: "Basic dXNlcjpwYXNz".
std::string basic_credentials(std::string_view user, std::string_view password);

}  // namespace evenkeel::api
