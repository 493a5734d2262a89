// Network namespaces without names: one is gone with the last process and descriptor that use it,
// so that nothing is left behind, however a test ends. Making and entering them needs root.
#pragma once

#include "base/result.h"
#include "io/fd.h"

namespace evenkeel::test {

class NetworkNamespace {
public:
    // With nothing but its own loopback, up. Errors: denied  not root; unavailable  any other.
    static Result<NetworkNamespace> make();

    // For io::Command::network_namespace.
    int descriptor() const { return fd_.get(); }

private:
    explicit NetworkNamespace(io::Fd fd) : fd_(std::move(fd)) {}

    io::Fd fd_;
};

// The calling thread is in a namespace while this lives: sockets that it opens belong there for
// good, threads and processes that it starts begin there.
class InNetwork {
public:
    explicit InNetwork(const NetworkNamespace& there);
    ~InNetwork();
    InNetwork(const InNetwork&) = delete;
    InNetwork& operator=(const InNetwork&) = delete;

private:
    io::Fd home_;
};

}  // namespace evenkeel::test
