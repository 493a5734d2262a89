// The accepting side of TLS: which certificate to show, and whose certificates to demand.
#pragma once

#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "io/tls_files.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.

namespace evenkeel::io {

// TLS 1.2 or newer; no renegotiation and no resumed sessions, so that every connection is checked
// against the files of its day. Thread-safe.
class TlsServer {
public:
    // With `files.ca` clients have to show a certificate of it; without, they need none.
    explicit TlsServer(TlsFiles files) : files_(std::move(files)) {}

    // What new connections use. Reads the files again when one of them changed. A new set that
    // cannot be used (half written, another key) is passed over, with a line in the log, as long as
    // there is an older one. Errors: invalid, not_found, denied  the first set cannot be used.
    Result<std::shared_ptr<ssl_ctx_st>> context();

private:
    const TlsFiles files_;
    Mutex mutex_;
    std::shared_ptr<ssl_ctx_st> context_ EK_GUARDED_BY(mutex_);
    std::string seen_ EK_GUARDED_BY(mutex_);  // Of the files, when they were last looked at.
};

}  // namespace evenkeel::io
