#include "io/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::io {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr seconds kYear{Days{365}};

KeyPair authority(const std::string& group = "shop", seconds valid = kYear) {
    return make_authority(group, valid).value();
}

KeyPair node_of(const KeyPair& by, CertificateOrder order = {}) {
    if (order.name.empty()) order.name = "node1";
    if (order.hosts.empty()) order.hosts = {"10.0.0.1", "node1.example.com", "fd00::1"};
    if (order.valid == seconds(0)) order.valid = kYear;
    return make_certificate(by, order).value();
}

TEST(Certificate, AnAuthoritySaysWhoseItIs) {
    const auto facts = certificates_in(authority("shop", kAuthorityLife).cert).value();
    ASSERT_EQ(facts.size(), 1u);
    EXPECT_TRUE(facts[0].authority);
    EXPECT_EQ(facts[0].organization, "shop");
    EXPECT_THAT(facts[0].name, HasSubstr("shop CA "));
    EXPECT_EQ(facts[0].issuer, facts[0].name);
    EXPECT_NEAR(static_cast<double>(facts[0].not_after - wall_ms() / 1000),
                static_cast<double>(seconds(kAuthorityLife).count()), 60);
}

TEST(Certificate, ANodeAcceptsAndConnectsUnderAllItsNames) {
    const KeyPair ca = authority();
    const auto facts = certificates_in(node_of(ca).cert).value().front();
    EXPECT_EQ(facts.name, "node1");
    EXPECT_EQ(facts.issuer, certificates_in(ca.cert).value().front().name);
    EXPECT_THAT(facts.hosts, ElementsAre("10.0.0.1", "node1.example.com", "fd00::1"));
    EXPECT_TRUE(facts.for_server);
    EXPECT_TRUE(facts.for_client);
    EXPECT_FALSE(facts.authority);
    EXPECT_LT(facts.not_before, wall_ms() / 1000 - 3000) << "hosts' clocks differ";
}

TEST(Certificate, TwoOfThemHaveDifferentNumbersAndKeys) {
    const KeyPair ca = authority();
    const KeyPair one = node_of(ca);
    const KeyPair two = node_of(ca);
    EXPECT_NE(certificates_in(one.cert)->front().serial, certificates_in(two.cert)->front().serial);
    EXPECT_TRUE(check_fits(one));
    EXPECT_FALSE(check_fits({.cert = one.cert, .key = two.key}));
}

TEST(Certificate, NeverOutlivesItsAuthority) {
    const KeyPair ca = authority("shop", seconds(Days{10}));
    const auto facts = certificates_in(node_of(ca).cert).value().front();
    EXPECT_LE(facts.not_after, certificates_in(ca.cert)->front().not_after);
}

TEST(Certificate, RefusesWhatIsNoHostOrNoName) {
    const KeyPair ca = authority();
    for (const char* host : {"", "a b", "10.0.0.1:10008", "http://node1", "n\nDNS:evil"}) {
        const auto made = make_certificate(ca, {.name = "n", .hosts = {host}, .valid = kYear});
        EXPECT_FALSE(made) << host;
    }
    EXPECT_FALSE(make_certificate(ca, {.name = "", .hosts = {"a"}, .valid = kYear}));
    EXPECT_FALSE(make_authority(std::string(65, 'x'), kYear));
    EXPECT_FALSE(make_certificate({.cert = ca.cert, .key = authority().key},
                                  {.name = "n", .hosts = {"a"}, .valid = kYear}));
}

TEST(Certificate, OfABundleTheOneThatFitsTheKeySigns) {
    const KeyPair old = authority();
    const KeyPair fresh = authority();
    const KeyPair both{.cert = fresh.cert + old.cert, .key = old.key};
    EXPECT_EQ(certificates_in(node_of(both).cert)->front().issuer,
              certificates_in(old.cert)->front().name);
    EXPECT_THAT(split_bundle(both.cert).value(), ElementsAre(fresh.cert, old.cert));
}

TEST(Certificate, DamagedTextIsNoCertificate) {
    std::string cert = authority().cert;
    EXPECT_FALSE(certificates_in(""));
    EXPECT_FALSE(certificates_in(authority().key));
    const auto cut = certificates_in(std::string_view(cert).substr(0, cert.size() / 2));
    ASSERT_FALSE(cut);
    EXPECT_THAT(cut.error().what, HasSubstr("damaged"));
    cert[100] = cert[100] == 'A' ? 'B' : 'A';
    cert.insert(200, "*");
    EXPECT_FALSE(certificates_in(cert));
}

TEST(Certificate, DatesAreUtc) {
    EXPECT_EQ(utc_date(0), "1970-01-01");
    EXPECT_EQ(utc_date(1'800'000'000), "2027-01-15");
}

class CheckTls : public ::testing::Test {
protected:
    CheckTls() : folder_(make_temp_folder("ek-cert-").value()) {
        write("ca.pem", ca_.cert);
        write_node(node_of(ca_));
    }
    ~CheckTls() override { EXPECT_TRUE(remove_all(folder_)); }

    std::string file(const std::string& name) const { return folder_ + "/" + name; }
    void write(const std::string& name, const std::string& text) {
        EXPECT_TRUE(replace_file(file(name), text, name.ends_with(".key") ? 0600 : 0644));
    }
    void write_node(const KeyPair& pair) {
        write("node1.pem", pair.cert);
        write("node1.key", pair.key);
    }
    Result<CheckedTls> check(const std::vector<std::string>& hosts = {"10.0.0.1"}) const {
        return check_tls(
            {.ca = file("ca.pem"), .cert = file("node1.pem"), .key = file("node1.key")}, hosts);
    }
    // What check() says against the files; empty: nothing.
    std::string refusal(const std::vector<std::string>& hosts = {"10.0.0.1"}) const {
        const auto checked = check(hosts);
        return checked ? "" : checked.error().what;
    }

    const KeyPair ca_ = authority();
    const std::string folder_;
};

TEST_F(CheckTls, GoodFilesHaveNoWarnings) {
    const auto checked = check({"10.0.0.1", "node1.example.com", "fd00::1"});
    ASSERT_TRUE(checked) << checked.error().what;
    EXPECT_EQ(checked->cert.name, "node1");
    EXPECT_EQ(checked->authority.organization, "shop");
    EXPECT_THAT(checked->warnings, IsEmpty());
}

TEST_F(CheckTls, AMissingFileIsNamedWithItsConfigurationKey) {
    ASSERT_TRUE(remove_all(file("node1.key")));
    EXPECT_THAT(refusal(), AllOf(HasSubstr("node1.key"), HasSubstr("`key` of [tls]"),
                                 HasSubstr("evenkeel cert init")));
}

TEST_F(CheckTls, AnUnreadableKey) {
    ASSERT_EQ(::chmod(file("node1.key").c_str(), 0), 0);
    ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
    const uid_t self = ::geteuid();
    // Root reads everything.
    if (self == 0) {
        ASSERT_EQ(::seteuid(65534), 0);
    }
    const std::string text = refusal();
    ASSERT_EQ(::seteuid(self), 0);
    EXPECT_THAT(text, AllOf(HasSubstr("node1.key"), HasSubstr("let the user")));
}

TEST_F(CheckTls, AKeyOfAnotherCertificate) {
    write("node1.key", node_of(ca_).key);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("node1.key: it is not the key of "),
                                 HasSubstr("copy both files anew")));
}

TEST_F(CheckTls, ACertificateOfAnotherAuthority) {
    write_node(node_of(authority("other")));
    EXPECT_THAT(refusal(), AllOf(HasSubstr("node1.pem"), HasSubstr("issued by \"other CA "),
                                 HasSubstr("is not signed by the authority in " + file("ca.pem"))));
}

TEST_F(CheckTls, AnAuthorityOfTheSameNameIsAnother) {
    write_node(node_of(authority("shop")));
    EXPECT_THAT(refusal(), HasSubstr("is not signed by the authority"));
}

TEST_F(CheckTls, ANodeIsNoAuthority) {
    const KeyPair node = node_of(ca_);
    write_node(node_of(node));
    write("ca.pem", node.cert);
    EXPECT_THAT(refusal(), HasSubstr("is not signed by the authority"));
}

TEST_F(CheckTls, AnotherHostsCertificate) {
    EXPECT_THAT(refusal({"10.0.0.9"}), AllOf(HasSubstr("node1.pem: it does not name 10.0.0.9"),
                                             HasSubstr("only 10.0.0.1, node1.example.com, fd00::1"),
                                             HasSubstr("cert add --force --node node1=10.0.0.9")));
    EXPECT_THAT(refusal({"node2.example.com"}), HasSubstr("node2.example.com"));
}

TEST_F(CheckTls, AnExpiredCertificate) {
    write_node(node_of(ca_, {.valid = seconds(-5)}));
    EXPECT_THAT(refusal(), AllOf(HasSubstr("node1.pem"), HasSubstr("has expired on"),
                                 HasSubstr("evenkeel cert renew")));
}

TEST_F(CheckTls, AnExpiredAuthority) {
    const KeyPair old = authority("shop", seconds(-5));
    write("ca.pem", old.cert);
    // A certificate never outlives its authority, so that it has expired too.
    write_node(node_of(old));
    EXPECT_THAT(refusal(), HasSubstr("has expired on"));
}

TEST_F(CheckTls, WarnsThirtyDaysBefore) {
    write_node(node_of(ca_, {.valid = seconds(Days{29})}));
    const auto checked = check();
    ASSERT_TRUE(checked) << checked.error().what;
    EXPECT_THAT(checked->warnings,
                ElementsAre(AllOf(HasSubstr("node1.pem"), HasSubstr("expires in"),
                                  HasSubstr("evenkeel cert renew"))));
}

TEST_F(CheckTls, WarnsOfAKeyThatEverybodyCanRead) {
    ASSERT_EQ(::chmod(file("node1.key").c_str(), 0644), 0);
    EXPECT_THAT(check().value().warnings, ElementsAre(HasSubstr("chmod 600")));
}

TEST_F(CheckTls, TakesABundleWhileTheAuthorityIsReplaced) {
    const KeyPair fresh = authority();
    write("ca.pem", fresh.cert + ca_.cert);
    EXPECT_EQ(refusal(), "");
    write_node(node_of(fresh));
    EXPECT_EQ(refusal(), "");
    write("ca.pem", fresh.cert);
    EXPECT_EQ(refusal(), "");
}

TEST_F(CheckTls, FilesThatHoldSomethingElse) {
    write("ca.pem", "hello\n");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("ca.pem: it holds no certificate"),
                                 HasSubstr("copy the file anew")));
    write("ca.pem", ca_.cert);
    write("node1.key", ca_.cert);
    EXPECT_THAT(refusal(), HasSubstr("node1.key: it holds no private key"));
}

// Made with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:x
constexpr const char* kKeyWithPassphrase =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjH80HB8CTAIQICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJtVANn6DuDjTD0Kfg+oyOcEgZCU\n"
    "XSbLJOoufaw3hKGDKebMBXZhTK8jkaReUGGoJbS7Qm+od4pAbaXiSzWOlntpohY9\n"
    "8K9Hfs2dps7q9UnKkae/cp299BoDQOhCi/zXkfVPOvTHsxBOgRBoNXMfumXpjhyJ\n"
    "plh6aoJI7Pz7rY0IVji+NtC3VxVNQrup4VDKqcGFgJES5kFXB4e9tC3wn8VYOII=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

TEST_F(CheckTls, AKeyWithAPassphraseAsksNobody) {
    write("node1.key", kKeyWithPassphrase);
    EXPECT_THAT(refusal(),
                AllOf(HasSubstr("node1.key"), HasSubstr("passphrase"), HasSubstr("openssl pkey")));
}

}  // namespace
}  // namespace evenkeel::io
