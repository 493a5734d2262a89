// TLS to the servers, in each of Maxwell's modes: what is agreed on, what is refused, and a stream
// through it.
#include "tests/integration/cdc_sources_fixture.h"
#include "tests/support/certificates.h"

namespace evenkeel {
namespace {

using sql::TlsMode;
using test::Certificates;
using test::kLong;
using testing::AllOf;
using testing::HasSubstr;

class CdcTls : public test::SourcesTest {
protected:
    void begin(bool with_tls) {
        std::vector<std::string> options = {"--tls-version="};
        const auto home = test::server_home(GetParam());
        ASSERT_TRUE(home) << home.error().what;
        const bool maria = GetParam().starts_with("mariadb");
        if (maria) options = {"--skip-ssl"};
        if (with_tls) {
            const io::TlsFiles files = certificates_.issue("server");
            options = {"--ssl-ca=" + files.ca, "--ssl-cert=" + files.cert,
                       "--ssl-key=" + files.key};
            if (maria) options.insert(options.begin(), "--ssl=1");
        }
        // As a replica under semi-sync MariaDB would drop its last transactions after a crash.
        options.push_back("--loose-init-rpl-role=MASTER");
        own_ = make_server(folder(), options);
        ASSERT_NE(own_, nullptr);
    }
    lab::Server& server() { return *own_; }

    Result<std::string> version_with(const sql::Tls& tls, const std::string& host = "127.0.0.1") {
        sql::Credentials who = own_->accounts().evenkeel;
        who.tls = tls;
        EK_TRY(auto connection,
               sql::Connection::open({host, own_->id().port}, who, io::within(kLong)));
        EK_TRY_VOID(connection.execute("SELECT 1", io::within(kLong)));
        return connection.tls_version();
    }

    const Certificates certificates_{folder() + "/certs", "ours"};
    const Certificates others_{folder() + "/others", "theirs"};

private:
    std::unique_ptr<lab::Server> own_;
};

TEST_P(CdcTls, AgreesOnWhatTheModeAsksFor) {
    begin(true);
    const std::string ca = certificates_.authority().ca;
    const auto none = version_with({});
    ASSERT_TRUE(none) << none.error().what;
    EXPECT_EQ(*none, "");
    for (const sql::Tls& tls :
         {sql::Tls{.mode = TlsMode::preferred}, sql::Tls{.mode = TlsMode::required},
          sql::Tls{.mode = TlsMode::verify_ca, .ca = ca},
          sql::Tls{.mode = TlsMode::verify_identity, .ca = ca}}) {
        const auto version = version_with(tls);
        ASSERT_TRUE(version) << version.error().what;
        EXPECT_EQ(*version, "TLSv1.3");
    }
}

TEST_P(CdcTls, RefusesAServerThatItCannotTrust) {
    begin(true);
    const std::string ca = certificates_.authority().ca;
    for (const TlsMode mode : {TlsMode::required, TlsMode::verify_ca, TlsMode::verify_identity}) {
        const auto wrong = version_with({.mode = mode, .ca = others_.authority().ca});
        ASSERT_FALSE(wrong);
        EXPECT_EQ(wrong.error().code, Errc::denied);
        EXPECT_THAT(wrong.error().what, AllOf(HasSubstr("TLS as configured (ssl) cannot be had"),
                                              HasSubstr("certificate")));
    }
    EXPECT_FALSE(version_with({.mode = TlsMode::verify_ca})) << "the host does not trust ours";
    // The certificate names 127.0.0.1 only.
    EXPECT_TRUE(version_with({.mode = TlsMode::verify_ca, .ca = ca}, "localhost"));
    const auto unnamed = version_with({.mode = TlsMode::verify_identity, .ca = ca}, "localhost");
    ASSERT_FALSE(unnamed);
    EXPECT_EQ(unnamed.error().code, Errc::denied) << unnamed.error().what;
    EXPECT_THAT(unnamed.error().what, HasSubstr("ssl=VERIFY_CA"));
}

TEST_P(CdcTls, GoesWithoutOnlyWhenThatIsPreferred) {
    begin(false);
    ASSERT_TRUE(version_with({})) << "the account works without TLS";
    const auto plain = version_with({.mode = TlsMode::preferred});
    ASSERT_TRUE(plain) << plain.error().what;
    EXPECT_EQ(*plain, "");
    // However soon the server's greeting is there.
    for (int i = 0; i < 300; ++i) {
        const auto refused = version_with({.mode = TlsMode::required});
        ASSERT_FALSE(refused) << "time " << i;
        ASSERT_EQ(refused.error().code, Errc::denied) << refused.error().what;
    }
}

TEST_P(CdcTls, StreamsThroughIt) {
    begin(true);
    run(server(), {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY, v LONGTEXT)",
                   "SET GLOBAL max_allowed_packet = 64 << 20"});
    cdc::StreamConfig secret = config(server());
    secret.credentials.tls = {.mode = TlsMode::verify_identity, .ca = certificates_.authority().ca};
    cdc::StreamService stream(secret, nullptr);
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    run(server(), {"INSERT INTO shop.t VALUES (1, 'small')",
                   "INSERT INTO shop.t VALUES (2, REPEAT('ab', 10 << 20))", "BEGIN",
                   "INSERT INTO shop.t VALUES (3, REPEAT('c', 100000))",
                   "INSERT INTO shop.t SELECT id + 3, v FROM shop.t WHERE id <> 2",
                   "INSERT INTO shop.t SELECT id + 10, v FROM shop.t WHERE id <> 2", "COMMIT"});
    ASSERT_TRUE(has_lines(9)) << stream.report().text;
    const auto seen = lines();
    EXPECT_GT(seen[1].size(), 20u << 20);
    EXPECT_GT(seen[2].size(), 100'000u);
    // Idle, it lives on heartbeats like any other.
    EXPECT_EQ(stream.report().reconnects, 0u);
    server().kill();
    EXPECT_TRUE(test::eventually(kLong, [&] { return stream.report().state == "waiting"; }));
    start(server());
    run(server(), {"INSERT INTO shop.t VALUES (99, 'end')"});
    ASSERT_TRUE(has_lines(10)) << stream.report().text;
}

// The account may be bound to a certificate.
TEST_P(CdcTls, ShowsItsOwnCertificate) {
    begin(true);
    run(server(), {"ALTER USER evenkeel@'%' REQUIRE X509"});
    const io::TlsFiles mine = certificates_.issue("client");
    EXPECT_TRUE(version_with(
        {.mode = TlsMode::verify_ca, .ca = mine.ca, .cert = mine.cert, .key = mine.key}));
    const auto refused = version_with({.mode = TlsMode::verify_ca, .ca = mine.ca});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::denied) << refused.error().what;
}

INSTANTIATE_TEST_SUITE_P(Releases, CdcTls, ::testing::Values("mariadb", "mysql-8.0"),
                         test::release_name);

}  // namespace
}  // namespace evenkeel
