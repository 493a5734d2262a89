// Certificates for the nodes of a group on loopback, made by `evenkeel cert`, and what a server
// shows in a handshake.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/certificate.h"
#include "io/tls_files.h"
#include "tests/support/evenkeel_group.h"

namespace evenkeel::test {

class GroupCertificates {
public:
    // An authority and certificates of node1, node2, … in `folder`.
    GroupCertificates(std::string folder, std::size_t nodes);

    const std::string& folder() const { return folder_; }
    io::TlsFiles files(std::size_t index) const;
    // host:port for `peers` of a node's [api].
    const std::string& peers(std::size_t index) const { return peers_.at(index); }
    // Runs `evenkeel cert <verb> --dir <folder> …`, which has to succeed.
    void run(std::vector<std::string> arguments) const;
    // Replaces a node's certificate and key with one of these; `hosts` empty: loopback.
    void issue(std::size_t index, std::chrono::seconds valid,
               std::vector<std::string> hosts = {}) const;

    // Writes the nodes' configurations with [tls].
    void use_in(EvenkeelGroup& group) const;

private:
    const std::string folder_;
    std::vector<std::string> peers_;
};

// What the server at host:port shows in a new handshake, whoever has signed it. With `mine` this
// side shows its own. Errors: unavailable  no handshake; the text has OpenSSL's reason.
Result<io::CertificateFacts> shown_certificate(const std::string& address,
                                               const io::TlsFiles& mine = {});

}  // namespace evenkeel::test
