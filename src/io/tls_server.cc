#include "io/tls_server.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "base/log.h"
#include "io/file.h"

namespace evenkeel::io {
namespace {

Error refused(const std::string& operation) {
    char text[256] = "";
    const unsigned long code = ::ERR_peek_last_error();
    ::ERR_error_string_n(code, text, sizeof text);
    ::ERR_clear_error();
    return {Errc::invalid, fmt::format("{}: {}", operation, code == 0 ? "not usable" : text)};
}

// Changes when a file is written or replaced.
std::string state_of(const TlsFiles& files) {
    std::string state;
    for (const std::string& path : {files.ca, files.cert, files.key}) {
        struct stat found {};
        if (path.empty() || ::stat(path.c_str(), &found) != 0) {
            state += "-;";
            continue;
        }
        state += fmt::format("{}:{}:{}:{}.{};", found.st_dev, found.st_ino, found.st_size,
                             found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
    }
    return state;
}

Result<> read_files(SSL_CTX* context, const TlsFiles& files) {
    // For "no such file": OpenSSL's own texts leave out which one.
    for (const std::string& path : {files.cert, files.key}) {
        EK_TRY_VOID(read_file(path));
    }
    if (::SSL_CTX_use_certificate_chain_file(context, files.cert.c_str()) != 1) {
        return refused("read certificate " + files.cert);
    }
    if (::SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return refused("read key " + files.key);
    }
    if (::SSL_CTX_check_private_key(context) != 1) {
        return refused(fmt::format("match key {} and certificate {}", files.key, files.cert));
    }
    if (files.ca.empty()) return {};
    EK_TRY_VOID(read_file(files.ca));
    if (::SSL_CTX_load_verify_locations(context, files.ca.c_str(), nullptr) != 1) {
        return refused("read authority " + files.ca);
    }
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return {};
}

Result<std::shared_ptr<SSL_CTX>> make_context(const TlsFiles& files) {
    std::shared_ptr<SSL_CTX> context(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free);
    if (!context) return refused("make TLS context");
    ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    ::SSL_CTX_set_num_tickets(context.get(), 0);
    ::SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_mode(context.get(),
                       SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    EK_TRY_VOID(read_files(context.get(), files));
    return context;
}

}  // namespace

Result<std::shared_ptr<ssl_ctx_st>> TlsServer::context() {
    Lock lock(mutex_);
    const std::string state = state_of(files_);
    if (context_ && state == seen_) return context_;
    seen_ = state;
    auto made = make_context(files_);
    if (made) {
        if (context_) log::info("tls", "certificate {} was read anew", files_.cert);
        context_ = *std::move(made);
        return context_;
    }
    if (!context_) return std::move(made).error();
    log::warn("tls", "keeping the certificate in use: {}", made.error().what);
    return context_;
}

}  // namespace evenkeel::io
