// A group whose nodes speak TLS with the group's certificates: who is heard, who is not, and what
// happens when certificates and their authority are replaced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/http_client.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/group_certificates.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kNeedsPerson = 78;
constexpr int kCannotJoin = 75;
constexpr Millis kFormLimit{30'000};
constexpr Millis kAskLimit{2'000};
constexpr Millis kStopLimit{20'000};
constexpr Millis kOut{3'000};
constexpr seconds kYear{io::Days(365)};

class Tls : public ::testing::Test {
protected:
    Tls() { pki_.use_in(group_); }

    void form() {
        group_.start_all();
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
    }

    std::string peer_port(std::size_t index) { return group_.node(index).bind; }
    std::string client_port(std::size_t index) {
        return "127.0.0.1:" + std::to_string(group_.node(index).client_port);
    }

    std::size_t leader() {
        const auto leaders = group_.leaders();
        EXPECT_EQ(leaders.size(), 1u);
        return leaders.empty() ? 0 : leaders.front();
    }

    void restart(std::size_t index) {
        group_.node(index).process.stop(kStopLimit);
        group_.start(index);
    }

    std::string etcd_log(std::size_t index) {
        return io::read_file(group_.node(index).folder + "/etcd.log").value_or("");
    }

    // What the ports of a node and of its member show to a new connection.
    bool shows(std::size_t index, const std::string& serial) {
        for (const std::string& port : {peer_port(index), client_port(index), pki_.peers(index)}) {
            const auto shown = shown_certificate(port, pki_.files(index));
            if (!shown || shown->serial != serial) return false;
        }
        return true;
    }

    io::CertificateFacts in_file(std::size_t index) {
        return io::certificates_in(io::read_file(pki_.files(index).cert).value()).value().front();
    }

    TestFolder folder_;
    GroupCertificates pki_{folder_.path() + "/pki", 3};
    EvenkeelGroup group_{folder_.path(), 3};
};

int status_of(const io::TlsFiles& files, const std::string& url) {
    io::HttpClient client(files);
    const auto answer = client.get(url, io::within(kAskLimit));
    return answer ? answer->status : 0;
}

TEST_F(Tls, AGroupFormsElectsAndFailsOver) {
    form();
    const std::size_t first = leader();
    EXPECT_THAT(
        group_.ask(first, "/metrics").body,
        AllOf(HasSubstr("evenkeel_certificate_expiry_seconds{certificate=\"node\"} 71"),
              HasSubstr("evenkeel_certificate_expiry_seconds{certificate=\"authority\"} 31")));
    group_.kill_host(first);
    EXPECT_TRUE(group_.time_to_other_leader(first, kFormLimit));
    group_.start(first);
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(first);
}

TEST_F(Tls, WithoutACertificateOfTheGroupNobodyIsHeard) {
    form();
    const GroupCertificates others(folder_.path() + "/others", 1);
    // Trusts the group's servers, and shows nothing or another authority's certificate.
    io::TlsFiles nothing = pki_.files(0);
    nothing.cert = nothing.key = "";
    io::TlsFiles foreign = others.files(0);
    foreign.ca = pki_.files(0).ca;
    for (const std::string& url : {peer_port(0) + "/version", peer_port(0) + "/members",
                                   client_port(0) + "/health", pki_.peers(0) + "/api/v1/status"}) {
        EXPECT_EQ(status_of(pki_.files(0), "https://" + url), 200) << url;
        EXPECT_EQ(status_of(nothing, "https://" + url), 0) << url;
        EXPECT_EQ(status_of(foreign, "https://" + url), 0) << url;
        EXPECT_NE(status_of({}, "http://" + url), 200) << url;
    }
    io::HttpClient client(nothing);
    const auto read = client.post("https://" + client_port(0) + "/v3/kv/range",
                                  R"({"key":"AA==","range_end":"AA=="})", io::within(kAskLimit));
    EXPECT_FALSE(read);
}

TEST_F(Tls, ANodeOfAnotherAuthorityGetsNowhere) {
    const GroupCertificates others(folder_.path() + "/others", 3);
    std::string config = io::read_file(group_.node(2).config).value();
    const auto at = config.find("[tls]");
    ASSERT_NE(at, std::string::npos);
    const io::TlsFiles foreign = others.files(2);
    config.resize(at);
    // Keys of [coordination], which is in front of [tls].
    group_.write_config(2, config + "join_limit_s = 8\n[tls]\nca = \"" + foreign.ca +
                               "\"\ncert = \"" + foreign.cert + "\"\nkey = \"" + foreign.key +
                               "\"\n");
    group_.start(0);
    group_.start(1);
    ASSERT_TRUE(eventually(kFormLimit, [&] { return group_.leaders().size() == 1; }))
        << group_.log(0);
    const std::size_t before = leader();

    const Ran ran =
        run_evenkeel({"node", "--config", group_.node(2).config}, folder_.path(), kFormLimit);
    EXPECT_EQ(ran.status, kCannotJoin) << ran.output;
    EXPECT_THAT(ran.output, AllOf(HasSubstr(peer_port(0)), HasSubstr("certificate")));
    EXPECT_THAT(etcd_log(0) + etcd_log(1),
                AnyOf(HasSubstr("bad certificate"), HasSubstr("unknown authority"),
                      HasSubstr("unknown certificate authority")));
    EXPECT_EQ(leader(), before);
    EXPECT_EQ(group_.ask(0, "/api/raft-health").status, 200);
    EXPECT_EQ(group_.ask(1, "/api/raft-health").status, 200);
    EXPECT_THAT(group_.ask(0, "/api/v1/status").body, Not(HasSubstr("node3")));
}

TEST_F(Tls, AnotherHostsCertificateIsRefusedAtTheStart) {
    pki_.issue(0, kYear, {"10.9.9.9"});
    for (const bool check_only : {true, false}) {
        std::vector<std::string> arguments{"node", "--config", group_.node(0).config};
        if (check_only) arguments.push_back("--check-config");
        const Ran ran = run_evenkeel(arguments, folder_.path(), kFormLimit);
        EXPECT_EQ(ran.status, kNeedsPerson);
        EXPECT_THAT(ran.output,
                    AllOf(HasSubstr(pki_.files(0).cert + ": it does not name 127.0.0.1"),
                          HasSubstr("only 10.9.9.9"), HasSubstr("evenkeel cert add")));
    }
}

// A certificate that was stolen from another host: the node's own check is not asked.
TEST_F(Tls, AnotherHostsCertificateIsRefusedByPeers) {
    form();
    pki_.issue(2, kYear, {"10.9.9.9"});
    EXPECT_EQ(status_of(pki_.files(2), "https://" + peer_port(0) + "/members"), 0);
    // And as a server's it is refused by who connects to it.
    EXPECT_EQ(status_of(pki_.files(0), "https://" + peer_port(2) + "/members"), 0);
}

TEST_F(Tls, FilesThatDoNotFitAreRefusedAtTheStart) {
    const io::TlsFiles own = pki_.files(0);
    ASSERT_TRUE(io::replace_file(own.key, io::read_file(pki_.files(1).key).value(), 0600));
    Ran ran = run_evenkeel({"node", "--config", group_.node(0).config}, folder_.path(), kFormLimit);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, HasSubstr(own.key + ": it is not the key of " + own.cert));

    ASSERT_TRUE(io::remove_all(own.key));
    ran = run_evenkeel({"node", "--config", group_.node(0).config}, folder_.path(), kFormLimit);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, AllOf(HasSubstr(own.key), HasSubstr("No such file"),
                                  HasSubstr("evenkeel cert init")));

    pki_.issue(0, seconds(-5));
    ran = run_evenkeel({"node", "--config", group_.node(0).config}, folder_.path(), kFormLimit);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, AllOf(HasSubstr("has expired on"), HasSubstr("evenkeel cert renew")));
}

TEST_F(Tls, ARenewedCertificateNeedsNoRestart) {
    form();
    const std::string old = in_file(0).serial;
    EXPECT_TRUE(shows(0, old));
    const pid_t etcd = group_.child(0, "etcd");
    const pid_t worker = group_.child(0, "node-worker");
    pki_.run({"renew"});
    const std::string renewed = in_file(0).serial;
    EXPECT_NE(renewed, old);
    EXPECT_TRUE(shows(0, renewed));
    // Other members' new connections too: one that starts anew is taken in.
    ASSERT_EQ(::kill(group_.child(1, "etcd"), SIGKILL), 0);
    ASSERT_TRUE(eventually(kFormLimit, [&] { return shows(1, in_file(1).serial); }));
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(1);
    EXPECT_EQ(group_.child(0, "etcd"), etcd);
    EXPECT_EQ(group_.child(0, "node-worker"), worker);
}

TEST_F(Tls, AfterExpiryARenewedCertificateBringsThePeersTogetherAgain) {
    for (std::size_t i = 0; i < 3; ++i) pki_.issue(i, seconds(25));
    form();
    const std::int64_t end = in_file(2).not_after;
    ASSERT_TRUE(eventually(kFormLimit, [&] { return io::wall_ms() / 1000 > end + 1; }));
    // What is connected stays connected.
    EXPECT_TRUE(group_.wait_healthy(kAskLimit)) << group_.logs();
    const std::size_t down = leader() == 0 ? 1 : 0;
    const pid_t before = group_.child(down, "etcd");
    ASSERT_EQ(::kill(before, SIGKILL), 0);
    ASSERT_TRUE(eventually(kFormLimit, [&] {
        const pid_t now = group_.child(down, "etcd");
        return now != 0 && now != before && shown_certificate(peer_port(down), pki_.files(down));
    }));
    // Neither the peers nor its own worker reach it: it is out, and stays out.
    ASSERT_TRUE(eventually(kFormLimit, [&] {
        return etcd_log(down).find("expired") != std::string::npos &&
               group_.ask(down, "/api/raft-health").status == 500;
    })) << etcd_log(down);
    const Instant out = io::now();
    EXPECT_TRUE(eventually(kFormLimit, [&] { return io::now() > out + kOut; }));
    EXPECT_EQ(group_.ask(down, "/api/raft-health").status, 500);
    EXPECT_EQ(status_of(pki_.files(down), "https://" + peer_port(2) + "/version"), 0);

    const Instant start = io::now();
    pki_.run({"renew"});
    ASSERT_TRUE(group_.wait_healthy(Millis(60'000))) << group_.log(down);
    std::printf("healthy %ld ms after renewing expired certificates\n",
                std::chrono::duration_cast<Millis>(io::now() - start).count());
    EXPECT_TRUE(shows(down, in_file(down).serial));
    EXPECT_NE(group_.child(down, "etcd"), before);
}

// Every step of `evenkeel cert rotate-ca --help`; at no moment a majority is missing.
TEST_F(Tls, TheAuthorityIsReplacedWhileTheGroupWorks) {
    form();
    const std::string old_authority = in_file(0).issuer;
    io::TlsFiles old = pki_.files(0);
    for (std::string* file : {&old.cert, &old.key}) {
        ASSERT_TRUE(io::replace_file(*file + ".old", io::read_file(*file).value()));
        *file += ".old";
    }
    const auto roll = [&] {
        for (std::size_t i = 0; i < 3; ++i) {
            restart(i);
            ASSERT_TRUE(eventually(kFormLimit, [&] { return group_.leaders().size() == 1; }));
            ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(i);
        }
    };
    pki_.run({"rotate-ca"});
    roll();
    // One node is ahead of the others.
    pki_.run({"renew", "--node=node2"});
    EXPECT_NE(in_file(1).issuer, old_authority);
    ASSERT_EQ(::kill(group_.child(1, "etcd"), SIGKILL), 0);
    ASSERT_TRUE(eventually(kFormLimit, [&] { return shows(1, in_file(1).serial); }));
    ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(1);

    pki_.run({"renew"});
    pki_.run({"rotate-ca", "--finish"});
    roll();
    EXPECT_EQ(shown_certificate(peer_port(0), pki_.files(0))->issuer, in_file(0).issuer);
    EXPECT_NE(in_file(0).issuer, old_authority);
    EXPECT_EQ(status_of(pki_.files(0), "https://" + peer_port(0) + "/members"), 200);
    EXPECT_EQ(status_of(old, "https://" + peer_port(0) + "/members"), 0);
}

TEST_F(Tls, RotatingIsNotFinishedBeforeEveryNodeIsRenewed) {
    pki_.run({"rotate-ca"});
    const Ran twice =
        run_evenkeel({"cert", "rotate-ca", "--dir", pki_.folder()}, folder_.path(), kFormLimit);
    EXPECT_EQ(twice.status, 1);
    EXPECT_THAT(twice.output, HasSubstr("--finish"));
    const Ran early = run_evenkeel({"cert", "rotate-ca", "--finish", "--dir", pki_.folder()},
                                   folder_.path(), kFormLimit);
    EXPECT_EQ(early.status, 1);
    EXPECT_THAT(early.output, AllOf(HasSubstr("node1.pem"), HasSubstr("evenkeel cert renew")));
}

// The new authority is in ca.pem, its key was never written.
TEST_F(Tls, RotatingGoesOnAfterACrashInTheMiddle) {
    const std::string key_file = pki_.folder() + "/ca.key";
    const std::string old_key = io::read_file(key_file).value();
    const std::string old_issuer = in_file(0).issuer;
    pki_.run({"rotate-ca"});
    ASSERT_TRUE(io::replace_file(key_file, old_key, 0600));

    pki_.run({"renew"});
    EXPECT_EQ(in_file(0).issuer, old_issuer);
    pki_.run({"rotate-ca"});
    const std::string bundle = io::read_file(pki_.files(0).ca).value();
    EXPECT_EQ(io::certificates_in(bundle)->size(), 2u);
    EXPECT_TRUE(io::check_tls(pki_.files(0), {"127.0.0.1"}));
    pki_.run({"renew"});
    pki_.run({"rotate-ca", "--finish"});
    EXPECT_TRUE(io::check_tls(pki_.files(0), {"127.0.0.1"}));
    EXPECT_NE(in_file(0).issuer, old_issuer);
}

TEST_F(Tls, KeysAreTheirOwnersAlone) {
    pki_.run({"renew"});
    pki_.run({"rotate-ca"});
    for (const std::string& key : {pki_.files(0).key, pki_.folder() + "/ca.key"}) {
        struct stat status {};
        ASSERT_EQ(::stat(key.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777u, 0600u) << key;
    }
}

TEST_F(Tls, NothingIsOverwrittenUnasked) {
    const std::string key = io::read_file(pki_.files(0).key).value();
    for (const char* verb : {"init", "add"}) {
        const Ran ran =
            run_evenkeel({"cert", verb, "--dir", pki_.folder(), "--node=node1=10.0.0.1"},
                         folder_.path(), kFormLimit);
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.output, AllOf(HasSubstr("it is there already"), HasSubstr("--force")));
    }
    EXPECT_EQ(io::read_file(pki_.files(0).key).value(), key);
}

}  // namespace
}  // namespace evenkeel::test
