#include "tests/support/group_certificates.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <memory>

#include "io/file.h"
#include "io/process.h"

namespace evenkeel::test {
namespace {

constexpr Millis kRunLimit{20'000};
constexpr int kConnectSeconds = 5;

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Bio = std::unique_ptr<BIO, Freed<&::BIO_free_all>>;
using Context = std::unique_ptr<SSL_CTX, Freed<&::SSL_CTX_free>>;
using Certificate = std::unique_ptr<X509, Freed<&::X509_free>>;

std::string node_name(std::size_t index) {
    return fmt::format("node{}", index + 1);
}

std::string pem_of(X509* certificate) {
    const Bio bio(::BIO_new(::BIO_s_mem()));
    ::PEM_write_bio_X509(bio.get(), certificate);
    char* data = nullptr;
    const long size = ::BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Error no_handshake(const std::string& address) {
    const char* reason = ::ERR_reason_error_string(::ERR_peek_last_error());
    ::ERR_clear_error();
    return {Errc::unavailable, fmt::format("handshake with {}: {}", address,
                                           reason != nullptr ? reason : "connection ended")};
}

}  // namespace

GroupCertificates::GroupCertificates(std::string folder, std::size_t nodes)
    : folder_(std::move(folder)) {
    std::vector<std::string> arguments{"init", "--group", "test"};
    for (std::size_t i = 0; i < nodes; ++i) {
        arguments.push_back("--node=" + node_name(i) + "=127.0.0.1");
        peers_.push_back(fmt::format("127.0.0.1:{}", io::free_port()));
    }
    run(arguments);
}

io::TlsFiles GroupCertificates::files(std::size_t index) const {
    const std::string base = folder_ + "/" + node_name(index);
    return {.ca = folder_ + "/ca.pem", .cert = base + ".pem", .key = base + ".key"};
}

void GroupCertificates::run(std::vector<std::string> arguments) const {
    ASSERT_TRUE(io::make_folders(folder_));
    arguments.insert(arguments.begin(), "cert");
    arguments.insert(arguments.end(), {"--dir", folder_});
    const Ran ran = run_evenkeel(arguments, folder_, kRunLimit);
    ASSERT_EQ(ran.status, 0) << ran.output;
}

void GroupCertificates::issue(std::size_t index, std::chrono::seconds valid,
                              std::vector<std::string> hosts) const {
    const auto ca = io::read_file(folder_ + "/ca.pem");
    const auto key = io::read_file(folder_ + "/ca.key");
    ASSERT_TRUE(ca && key);
    if (hosts.empty()) hosts = {"127.0.0.1", "::1", "localhost"};
    const auto made = io::make_certificate(
        {.cert = *ca, .key = *key}, {.name = node_name(index), .hosts = hosts, .valid = valid});
    ASSERT_TRUE(made) << made.error().what;
    ASSERT_TRUE(io::replace_file(files(index).key, made->key, 0600));
    ASSERT_TRUE(io::replace_file(files(index).cert, made->cert));
}

void GroupCertificates::use_in(EvenkeelGroup& group) const {
    for (std::size_t i = 0; i < group.size(); ++i) {
        std::string text = group.config_text(i);
        const auto at = text.find("[coordination]");
        ASSERT_NE(at, std::string::npos);
        text.insert(at, fmt::format("peers = \"{}\"\n", peers(i)));
        const io::TlsFiles own = files(i);
        group.write_config(
            i, text + fmt::format("[tls]\nca = \"{}\"\ncert = \"{}\"\nkey = \"{}\"\n", own.ca,
                                  own.cert, own.key));
    }
}

Result<io::CertificateFacts> shown_certificate(const std::string& address,
                                               const io::TlsFiles& mine) {
    const Context context(::SSL_CTX_new(::TLS_client_method()));
    if (mine.on()) {
        ::SSL_CTX_use_certificate_chain_file(context.get(), mine.cert.c_str());
        ::SSL_CTX_use_PrivateKey_file(context.get(), mine.key.c_str(), SSL_FILETYPE_PEM);
    }
    const Bio bio(::BIO_new_ssl_connect(context.get()));
    ::BIO_set_conn_hostname(bio.get(), address.c_str());
    if (::BIO_do_connect_retry(bio.get(), kConnectSeconds, -1) != 1 ||
        ::BIO_do_handshake(bio.get()) != 1) {
        return no_handshake(address);
    }
    SSL* ssl = nullptr;
    ::BIO_get_ssl(bio.get(), &ssl);
    const Certificate shown(::SSL_get1_peer_certificate(ssl));
    if (!shown) return no_handshake(address);
    EK_TRY(const auto facts, io::certificates_in(pem_of(shown.get())));
    return facts.front();
}

}  // namespace evenkeel::test
