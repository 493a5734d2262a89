#include "tests/support/network_namespace.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <optional>

#include "base/check.h"
#include "io/system_error.h"
#include "io/thread.h"

namespace evenkeel::test {
namespace {

constexpr const char* kOwn = "/proc/thread-self/ns/net";

io::Fd own_namespace() {
    return io::Fd(::open(kOwn, O_RDONLY | O_CLOEXEC));
}

Result<io::Fd> move_to_a_new_one() {
    if (::unshare(CLONE_NEWNET) != 0) return io::system_error("make", "a network namespace");
    const io::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{};
    ::strncpy(loopback.ifr_name, "lo", IFNAMSIZ - 1);
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &loopback) != 0) {
        return io::system_error("start", "loopback");
    }
    io::Fd fd = own_namespace();
    if (!fd.valid()) return io::system_error("open", kOwn);
    return fd;
}

}  // namespace

Result<NetworkNamespace> NetworkNamespace::make() {
    // On a thread of its own, which ends there: the caller stays where it is.
    std::optional<Result<io::Fd>> made;
    io::Worker("namespace", [&](io::StopToken&) { made = move_to_a_new_one(); }).stop();
    if (!*made) return made->error();
    return NetworkNamespace(std::move(**made));
}

InNetwork::InNetwork(const NetworkNamespace& there) : home_(own_namespace()) {
    EK_CHECK(home_.valid() && ::setns(there.descriptor(), CLONE_NEWNET) == 0,
             "enter a network namespace");
}

InNetwork::~InNetwork() {
    EK_CHECK(::setns(home_.get(), CLONE_NEWNET) == 0, "leave a network namespace");
}

}  // namespace evenkeel::test
