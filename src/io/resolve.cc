#include "io/resolve.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

namespace evenkeel::io {
namespace {

// An IPv4 client of a socket for both families is shown as "::ffff:10.0.0.1".
std::string plain(const std::string& address) {
    return address.starts_with("::ffff:") ? address.substr(7) : address;
}

}  // namespace

bool resolves_to(const std::string& host, const std::string& address) {
    const std::string wanted = plain(address);
    if (host == wanted) return true;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        char text[NI_MAXHOST] = "";
        ::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST);
        if (plain(text) == wanted) return true;
    }
    return false;
}

std::string host_name() {
    char name[256] = "";
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

}  // namespace evenkeel::io
