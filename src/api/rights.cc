#include "api/rights.h"

#include <algorithm>
#include <cctype>

#include "base/bytes.h"
#include "model/server_id.h"

namespace evenkeel::api {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

// Takes as long for a near miss as for a far one.
bool same_secret(std::string_view given, std::string_view wanted) {
    unsigned differences = given.size() == wanted.size() ? 0u : 1u;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char other = wanted.empty() ? '\0' : wanted[i % wanted.size()];
        differences |= static_cast<unsigned char>(given[i] ^ other);
    }
    return differences == 0;
}

bool knows_password(const Caller& caller, const Access& access) {
    if (access.user.empty() || access.password.empty()) return false;
    constexpr std::string_view kScheme = "basic ";
    if (lower(caller.credentials.substr(0, kScheme.size())) != kScheme) return false;
    const std::string wanted = basic_credentials(access.user, access.password);
    return same_secret(std::string_view(caller.credentials).substr(kScheme.size()),
                       std::string_view(wanted).substr(kScheme.size()));
}

// The authority of "https://host:port", for comparison with a Host header.
std::string authority_of(std::string_view origin) {
    const auto scheme = origin.find("://");
    return lower(scheme == std::string_view::npos ? origin : origin.substr(scheme + 3));
}

bool of_another_site(const Caller& caller) {
    if (!caller.fetch_site.empty() && caller.fetch_site != "same-origin" &&
        caller.fetch_site != "none") {
        return true;
    }
    return !caller.origin.empty() && authority_of(caller.origin) != lower(caller.host);
}

bool is_address(std::string_view host) {
    return host.find(':') != std::string_view::npos ||
           host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// A page at evil.example whose name suddenly resolves to 127.0.0.1 speaks to this host from this
// host (DNS rebinding); only the name by which it calls gives it away. A public name has a dot.
bool calls_us_by_our_name(const Caller& caller, const Access& access) {
    if (caller.host.empty()) return true;
    const auto parsed = parse_server_id(caller.host, 80);
    if (!parsed) return false;
    const std::string host = lower(parsed->host);
    if (is_address(host) || host.find('.') == std::string::npos) return true;
    if (host.ends_with(".localhost")) return true;
    return std::any_of(access.own_names.begin(), access.own_names.end(),
                       [&](const std::string& name) { return lower(name) == host; });
}

}  // namespace

bool is_loopback(std::string_view address) {
    if (address.starts_with("::ffff:")) address.remove_prefix(7);
    return address.starts_with("127.") || address == "::1";
}

std::string basic_credentials(std::string_view user, std::string_view password) {
    return "Basic " + base64_encode(std::string(user) + ":" + std::string(password));
}

Decision may_change(const Caller& caller, const Access& access) {
    if (caller.node) return {Right::granted, {}};
    // Before the password: browsers add the one that they know to whatever a page asks for.
    if (of_another_site(caller)) {
        return {Right::forbidden, "a page of another site must not change anything here"};
    }
    if (caller.prefetch) return {Right::forbidden, "fetched ahead of a click: not done"};
    if (knows_password(caller, access)) return {Right::granted, {}};
    const std::string remedy =
        access.user.empty()
            ? "set user and password in [api] and send them, or ask on the node's own host"
            : "send the user and password of [api] (EVENKEEL_USER, EVENKEEL_PASSWORD)";
    if (!caller.credentials.empty() && !access.user.empty()) {
        return {Right::unauthorized, "wrong user or password"};
    }
    if (!is_loopback(caller.address)) return {Right::unauthorized, remedy};
    if (caller.proxied) return {Right::unauthorized, "came through a proxy; " + remedy};
    if (!calls_us_by_our_name(caller, access)) {
        return {Right::unauthorized, "not called by a name of this node; " + remedy};
    }
    return {Right::granted, {}};
}

}  // namespace evenkeel::api
