// An etcd cluster that is already there, as an operator would run it: three members on loopback,
// clients only with a certificate, a user and a password. Its certificates are made by openssl.
// Not thread-safe. The members die with the thread that started them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/http_client.h"
#include "io/process.h"
#include "io/tls_files.h"

namespace evenkeel::test {

// Makes an authority in `folder` (ca.crt, ca.key).
Result<> make_authority(const std::string& folder);
// <name>.crt and <name>.key, signed by it, for 127.0.0.1 and localhost, to serve and to ask.
Result<> make_certificate(const std::string& folder, const std::string& name);

class EtcdCluster {
public:
    // Starts nothing. Errors: not_found  etcd or openssl is not installed.
    static Result<EtcdCluster> create(const std::string& folder);

    Result<> start(std::size_t member);
    // Once, when all run: makes the user, its role on keys below `prefix`, and turns passwords on.
    Result<> require_passwords(const std::string& prefix, Deadline deadline);
    void kill(std::size_t member);     // SIGKILL, and waits until it is gone.
    void suspend(std::size_t member);  // SIGSTOP
    void resume(std::size_t member);

    std::size_t size() const { return members_.size(); }
    int port(std::size_t member) const { return members_[member].client_port; }
    std::string url(std::size_t member) const;
    const io::TlsFiles& client_tls() const { return client_tls_; }
    std::string user() const { return "evenkeel"; }
    std::string password() const { return "even keel"; }

    // A member that answers and has a leader.
    bool serves(std::size_t member) const;
    std::optional<std::size_t> leader() const;
    // Forgets the history of all keys.
    Result<> compact(Deadline deadline);
    // One call of the gateway, as root once passwords are required.
    Result<std::string> call(std::size_t member, const std::string& path, const std::string& body,
                             Deadline deadline) const;

private:
    struct Member {
        int client_port = 0;
        int peer_port = 0;
        io::Process process{};
    };

    std::string folder_{};
    std::vector<Member> members_{};
    io::TlsFiles client_tls_{};
    bool passwords_ = false;
};

}  // namespace evenkeel::test
