#include "io/certificate.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::io {
namespace {

using std::chrono::seconds;

// Clocks of hosts differ; a new certificate has to be good everywhere at once.
constexpr seconds kBackdated{3600};
constexpr int kSerialBits = 127;  // RFC 5280: at most 20 bytes, positive.

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<&::EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<&::X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<&::BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<&::X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<&::GENERAL_NAMES_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<&::BN_free>>;
// Does not own what is in it.
struct FreedStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using Certificates = std::unique_ptr<STACK_OF(X509), FreedStack>;
using Store = std::unique_ptr<X509_STORE, Freed<&::X509_STORE_free>>;
using Verification = std::unique_ptr<X509_STORE_CTX, Freed<&::X509_STORE_CTX_free>>;

// Of the last failure; empties OpenSSL's queue, which is shared by all that this thread does.
std::string openssl_reason() {
    const auto code = ::ERR_peek_last_error();
    const char* reason = ::ERR_reason_error_string(code);
    ::ERR_clear_error();
    return reason != nullptr ? reason : "no reason given";
}

Error openssl_error(const std::string& operation) {
    return {Errc::invalid, fmt::format("{}: {}", operation, openssl_reason())};
}

Bio reader_of(std::string_view text) {
    return Bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = ::BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
    const Bio bio(::BIO_new(::BIO_s_mem()));
    ::PEM_write_bio_X509(bio.get(), certificate);
    return text_of(bio.get());
}

// OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

Result<Key> parse_key(std::string_view pem) {
    const Bio bio = reader_of(pem);
    Key key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (key) return key;
    ::ERR_clear_error();
    if (pem.find("ENCRYPTED") != std::string_view::npos) {
        return Error{Errc::invalid,
                     "it has a passphrase, and nobody is there to type it: write it without one "
                     "(openssl pkey -in OLD -out NEW)"};
    }
    return Error{Errc::invalid, "it holds no private key (PEM)"};
}

Result<std::vector<Certificate>> parse_certificates(std::string_view pem) {
    const Bio bio = reader_of(pem);
    std::vector<Certificate> found;
    while (X509* next = ::PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)) {
        found.emplace_back(next);
    }
    const auto end = ::ERR_peek_last_error();
    const bool all = ERR_GET_REASON(end) == PEM_R_NO_START_LINE;
    const std::string reason = openssl_reason();
    if (!all) return Error{Errc::invalid, fmt::format("a certificate is damaged: {}", reason)};
    if (found.empty()) return Error{Errc::invalid, "it holds no certificate (PEM)"};
    return found;
}

// --- facts ---------------------------------------------------------------------------------------

std::string name_part(const X509_NAME* name, int nid) {
    const int at = ::X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0) return {};
    const ASN1_STRING* value = ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(name, at));
    unsigned char* utf8 = nullptr;
    const int size = ::ASN1_STRING_to_UTF8(&utf8, value);
    if (size < 0) return {};
    std::string text(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
    ::OPENSSL_free(utf8);
    return text;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
    tm parts{};
    if (::ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return ::timegm(&parts);
}

std::string address_text(const ASN1_OCTET_STRING* address) {
    char text[INET6_ADDRSTRLEN] = {};
    const int family = ::ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
    ::inet_ntop(family, ::ASN1_STRING_get0_data(address), text, sizeof text);
    return text;
}

std::vector<std::string> hosts_of(X509* certificate) {
    const Names names(static_cast<GENERAL_NAMES*>(
        ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::vector<std::string> hosts;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_IPADD) hosts.push_back(address_text(name->d.iPAddress));
        if (name->type == GEN_DNS) {
            hosts.emplace_back(
                reinterpret_cast<const char*>(::ASN1_STRING_get0_data(name->d.dNSName)),
                static_cast<std::size_t>(::ASN1_STRING_length(name->d.dNSName)));
        }
    }
    return hosts;
}

std::string serial_of(X509* certificate) {
    const Number number(::ASN1_INTEGER_to_BN(::X509_get0_serialNumber(certificate), nullptr));
    char* text = ::BN_bn2hex(number.get());
    std::string hex(text);
    ::OPENSSL_free(text);
    std::transform(hex.begin(), hex.end(), hex.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    });
    return hex;
}

CertificateFacts facts_of(X509* certificate) {
    const X509_NAME* subject = ::X509_get_subject_name(certificate);
    // All bits when the certificate does not restrict its use.
    const std::uint32_t usage = ::X509_get_extended_key_usage(certificate);
    return {.name = name_part(subject, NID_commonName),
            .issuer = name_part(::X509_get_issuer_name(certificate), NID_commonName),
            .organization = name_part(subject, NID_organizationName),
            .serial = serial_of(certificate),
            .hosts = hosts_of(certificate),
            .not_before = seconds_of(::X509_get0_notBefore(certificate)),
            .not_after = seconds_of(::X509_get0_notAfter(certificate)),
            .authority = ::X509_check_ca(certificate) == 1,
            .for_server = (usage & XKU_SSL_SERVER) != 0,
            .for_client = (usage & XKU_SSL_CLIENT) != 0};
}

// --- making --------------------------------------------------------------------------------------

bool is_address(const std::string& host) {
    unsigned char bytes[sizeof(in6_addr)];
    return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

bool is_host_name(const std::string& host) {
    return !host.empty() && host.size() <= 253 &&
           std::all_of(host.begin(), host.end(), [](unsigned char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '_';
           });
}

Result<> add_host(GENERAL_NAMES* names, const std::string& host) {
    const bool address = is_address(host);
    if (!address && !is_host_name(host)) {
        return Error{Errc::invalid,
                     fmt::format("{} is neither a host name nor an address", json_quote(host))};
    }
    GENERAL_NAME* name = ::GENERAL_NAME_new();
    if (address) {
        ::GENERAL_NAME_set0_value(name, GEN_IPADD, ::a2i_IPADDRESS(host.c_str()));
    } else {
        ASN1_IA5STRING* text = ::ASN1_IA5STRING_new();
        ::ASN1_STRING_set(text, host.data(), static_cast<int>(host.size()));
        ::GENERAL_NAME_set0_value(name, GEN_DNS, text);
    }
    sk_GENERAL_NAME_push(names, name);
    return {};
}

Result<> add_hosts(X509* certificate, const std::vector<std::string>& hosts) {
    const Names names(sk_GENERAL_NAME_new_null());
    for (const std::string& host : hosts) EK_TRY_VOID(add_host(names.get(), host));
    if (::X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0,
                            X509V3_ADD_DEFAULT) != 1) {
        return openssl_error("add names");
    }
    return {};
}

// `value` in OpenSSL's configuration syntax; constants only.
Result<> add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context{};
    ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(::X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    if (!extension || ::X509_add_ext(certificate, extension.get(), -1) != 1) {
        return openssl_error(fmt::format("add extension {}", value));
    }
    return {};
}

Result<> set_name(X509_NAME* name, int nid, const std::string& value) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
    if (::X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, bytes,
                                     static_cast<int>(value.size()), -1, 0) == 1) {
        return {};
    }
    ::ERR_clear_error();
    return Error{Errc::invalid, fmt::format("{} cannot be a name in a certificate: it has to be "
                                            "of 1 to 64 characters",
                                            json_quote(value))};
}

// With a number and a key, and without names and end.
Result<Certificate> blank(EVP_PKEY* key) {
    Certificate certificate(::X509_new());
    ::X509_set_version(certificate.get(), X509_VERSION_3);
    const Number serial(::BN_new());
    if (::BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1) {
        return openssl_error("make serial number");
    }
    ::BN_to_ASN1_INTEGER(serial.get(), ::X509_get_serialNumber(certificate.get()));
    ::X509_set_pubkey(certificate.get(), key);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -kBackdated.count());
    return certificate;
}

Result<Key> new_key() {
    Key key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    if (!key) return openssl_error("make key");
    return key;
}

Result<KeyPair> signed_pair(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
    if (::X509_sign(certificate, signer, ::EVP_sha256()) == 0) return openssl_error("sign");
    const Bio bio(::BIO_new(::BIO_s_mem()));
    if (::PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return openssl_error("write key");
    }
    return KeyPair{.cert = pem_of(certificate), .key = text_of(bio.get())};
}

Result<X509*> signer_in(const std::vector<Certificate>& bundle, EVP_PKEY* key) {
    for (const Certificate& certificate : bundle) {
        if (::X509_check_private_key(certificate.get(), key) == 1) return certificate.get();
    }
    ::ERR_clear_error();
    return Error{Errc::invalid, "the authority's key and certificate do not belong together"};
}

// --- checking ------------------------------------------------------------------------------------

Error with_file(Error error, const std::string& file, std::string_view remedy) {
    error.what = fmt::format("check {}: {}{}", file, error.what, remedy);
    return error;
}

constexpr std::string_view kCopyAgain =
    ": copy the file anew from the folder of `evenkeel cert init`";
constexpr std::string_view kRenew = ": make a new one with `evenkeel cert renew` and copy it here";

Result<std::string> read_tls_file(const std::string& path, const char* key) {
    auto text = read_file(path);
    if (text) return text;
    const char* remedy = text.error().code == Errc::denied
                             ? "let the user that runs evenkeel read it"
                             : "copy it there, or make it with `evenkeel cert init`";
    return Error{text.error().code,
                 fmt::format("{} (`{}` of [tls]): {}", text.error().what, key, remedy)};
}

void warn_of_open_key(const std::string& path, std::vector<std::string>& warnings) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return;
    warnings.push_back(fmt::format("{} can be read by everybody on this host: chmod 600", path));
}

std::string life_of(const CertificateFacts& facts) {
    return fmt::format("{} to {}", utc_date(facts.not_before), utc_date(facts.not_after));
}

// Why nobody will trust it.
Error untrusted(X509_STORE_CTX* verification, const TlsFiles& files) {
    const int code = ::X509_STORE_CTX_get_error(verification);
    const int depth = ::X509_STORE_CTX_get_error_depth(verification);
    const CertificateFacts at = facts_of(::X509_STORE_CTX_get_current_cert(verification));
    const std::string& file = depth == 0 ? files.cert : files.ca;
    const std::string_view renew =
        depth == 0 ? kRenew : ": replace the authority (`evenkeel cert rotate-ca --help`)";
    if (code == X509_V_ERR_CERT_HAS_EXPIRED) {
        return {Errc::invalid, fmt::format("check {}: certificate {} has expired on {}{}", file,
                                           json_quote(at.name), utc_date(at.not_after), renew)};
    }
    if (code == X509_V_ERR_CERT_NOT_YET_VALID) {
        return {Errc::invalid,
                fmt::format("check {}: certificate {} is valid from {} only: set this host's clock "
                            "right, or wait",
                            file, json_quote(at.name), life_of(at))};
    }
    const bool other = code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                       code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
                       code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
                       code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
                       code == X509_V_ERR_CERT_SIGNATURE_FAILURE;
    return {Errc::invalid,
            fmt::format("check {}: certificate {} (issued by {}) is not signed by the authority in "
                        "{}{}: all nodes of a group need certificates of one authority",
                        files.cert, json_quote(at.name), json_quote(at.issuer), files.ca,
                        other ? "" : fmt::format(" ({})", ::X509_verify_cert_error_string(code)))};
}

// The authority that has signed the first of `chain`.
Result<CertificateFacts> verify(const std::vector<Certificate>& authorities,
                                const std::vector<Certificate>& chain, const TlsFiles& files) {
    const Store store(::X509_STORE_new());
    for (const Certificate& authority : authorities) {
        ::X509_STORE_add_cert(store.get(), authority.get());
    }
    // As libcurl and etcd do it: whatever is in the file is trusted, also without its own issuer.
    ::X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    const Certificates between(sk_X509_new_null());
    for (const Certificate& certificate : chain) {
        sk_X509_push(between.get(), certificate.get());
    }
    const Verification verification(::X509_STORE_CTX_new());
    ::X509_STORE_CTX_init(verification.get(), store.get(), chain.front().get(), between.get());
    if (::X509_verify_cert(verification.get()) == 1) {
        STACK_OF(X509)* path = ::X509_STORE_CTX_get0_chain(verification.get());
        return facts_of(sk_X509_value(path, sk_X509_num(path) - 1));
    }
    const Error error = untrusted(verification.get(), files);
    ::ERR_clear_error();
    return error;
}

bool names_host(X509* certificate, const std::string& host) {
    if (is_address(host)) return ::X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
    return ::X509_check_host(certificate, host.data(), host.size(),
                             X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

Result<> check_use(X509* certificate, const std::string& file,
                   const std::vector<std::string>& hosts) {
    const CertificateFacts facts = facts_of(certificate);
    if (!facts.for_server || !facts.for_client) {
        return Error{Errc::invalid,
                     fmt::format("check {}: it is not for {}: a node both accepts and connects, so "
                                 "its certificate needs serverAuth and clientAuth{}",
                                 file, facts.for_server ? "clients" : "servers", kRenew)};
    }
    for (const std::string& host : hosts) {
        if (names_host(certificate, host)) continue;
        return Error{
            Errc::invalid,
            fmt::format("check {}: it does not name {}, where others reach this node, only {}: "
                        "make one that does with `evenkeel cert add --force --node {}={}`",
                        file, host, facts.hosts.empty() ? "nothing" : join(facts.hosts, ", "),
                        facts.name, host)};
    }
    return {};
}

void warn_of_expiry(const CertificateFacts& facts, const std::string& file, std::string_view remedy,
                    std::vector<std::string>& warnings) {
    const std::int64_t left = facts.not_after - wall_ms() / 1000;
    if (seconds(left) > kExpiryNotice) return;
    warnings.push_back(fmt::format(
        "{}: certificate {} expires in {}, on {}{}", file, json_quote(facts.name),
        human_duration(static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0)) * 1000),
        utc_date(facts.not_after), remedy));
}

}  // namespace

Result<KeyPair> make_authority(const std::string& group, seconds valid) {
    EK_TRY(const Key key, new_key());
    EK_TRY(const Certificate certificate, blank(key.get()));
    X509* made = certificate.get();
    X509_NAME* subject = ::X509_get_subject_name(made);
    EK_TRY_VOID(set_name(subject, NID_organizationName, group));
    // Two authorities of one group, while one replaces the other, are told apart by their names.
    EK_TRY_VOID(set_name(subject, NID_commonName,
                         fmt::format("{} CA {}", group, serial_of(made).substr(0, 6))));
    ::X509_set_issuer_name(made, subject);
    ::X509_gmtime_adj(::X509_getm_notAfter(made), valid.count());
    EK_TRY_VOID(add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
    EK_TRY_VOID(add_extension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign"));
    EK_TRY_VOID(add_extension(made, made, NID_subject_key_identifier, "hash"));
    return signed_pair(made, key.get(), key.get());
}

Result<KeyPair> make_certificate(const KeyPair& authority, const CertificateOrder& order) {
    EK_TRY(const Key authority_key, parse_key(authority.key));
    EK_TRY(const auto bundle, parse_certificates(authority.cert));
    EK_TRY(X509* const issuer, signer_in(bundle, authority_key.get()));
    const CertificateFacts of_issuer = facts_of(issuer);

    EK_TRY(const Key key, new_key());
    EK_TRY(const Certificate certificate, blank(key.get()));
    X509* made = certificate.get();
    X509_NAME* subject = ::X509_get_subject_name(made);
    EK_TRY_VOID(set_name(subject, NID_organizationName, of_issuer.organization));
    EK_TRY_VOID(set_name(subject, NID_commonName, order.name));
    ::X509_set_issuer_name(made, ::X509_get_subject_name(issuer));
    const std::int64_t authority_left = of_issuer.not_after - wall_ms() / 1000;
    ::X509_gmtime_adj(::X509_getm_notAfter(made), std::min(order.valid.count(), authority_left));
    EK_TRY_VOID(add_extension(made, issuer, NID_basic_constraints, "critical,CA:FALSE"));
    EK_TRY_VOID(add_extension(made, issuer, NID_key_usage, "critical,digitalSignature"));
    // etcd's HTTP gateway dials its own server with the server's certificate.
    EK_TRY_VOID(add_extension(made, issuer, NID_ext_key_usage, "serverAuth,clientAuth"));
    EK_TRY_VOID(add_hosts(made, order.hosts));
    EK_TRY_VOID(add_extension(made, issuer, NID_subject_key_identifier, "hash"));
    EK_TRY_VOID(add_extension(made, issuer, NID_authority_key_identifier, "keyid:always"));
    return signed_pair(made, key.get(), authority_key.get());
}

Result<std::vector<CertificateFacts>> certificates_in(std::string_view pem) {
    EK_TRY(const auto certificates, parse_certificates(pem));
    std::vector<CertificateFacts> facts;
    for (const Certificate& certificate : certificates) {
        facts.push_back(facts_of(certificate.get()));
    }
    return facts;
}

Result<std::vector<std::string>> split_bundle(std::string_view pem) {
    EK_TRY(const auto certificates, parse_certificates(pem));
    std::vector<std::string> parts;
    for (const Certificate& certificate : certificates) parts.push_back(pem_of(certificate.get()));
    return parts;
}

Result<> check_fits(const KeyPair& pair) {
    EK_TRY(const auto certificates, parse_certificates(pair.cert));
    EK_TRY(const Key key, parse_key(pair.key));
    if (::X509_check_private_key(certificates.front().get(), key.get()) == 1) return {};
    ::ERR_clear_error();
    return Error{Errc::invalid, "key and certificate do not belong together"};
}

Result<CheckedTls> check_tls(const TlsFiles& files, const std::vector<std::string>& hosts) {
    EK_TRY(const std::string ca, read_tls_file(files.ca, "ca"));
    EK_TRY(const std::string cert, read_tls_file(files.cert, "cert"));
    EK_TRY(const std::string key_text, read_tls_file(files.key, "key"));
    const auto authorities = parse_certificates(ca);
    if (!authorities) return with_file(authorities.error(), files.ca, kCopyAgain);
    const auto chain = parse_certificates(cert);
    if (!chain) return with_file(chain.error(), files.cert, kCopyAgain);
    const auto key = parse_key(key_text);
    if (!key) return with_file(key.error(), files.key, kCopyAgain);
    X509* shown = chain->front().get();
    if (::X509_check_private_key(shown, key->get()) != 1) {
        ::ERR_clear_error();
        return Error{Errc::invalid,
                     fmt::format("check {}: it is not the key of {}: copy both files anew, they "
                                 "are made together",
                                 files.key, files.cert)};
    }
    CheckedTls checked;
    EK_TRY(checked.authority, verify(*authorities, *chain, files));
    EK_TRY_VOID(check_use(shown, files.cert, hosts));
    checked.cert = facts_of(shown);
    warn_of_expiry(checked.cert, files.cert, kRenew, checked.warnings);
    warn_of_expiry(checked.authority, files.ca, ": replace it (`evenkeel cert rotate-ca --help`)",
                   checked.warnings);
    warn_of_open_key(files.key, checked.warnings);
    return checked;
}

std::string utc_date(std::int64_t seconds) {
    const time_t time = seconds;
    tm parts{};
    ::gmtime_r(&time, &parts);
    return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

}  // namespace evenkeel::io
