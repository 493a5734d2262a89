// Two listeners, TLS, rights and the way to the leader, with real sockets.
#include <nlohmann/json.hpp>

#include "api/rights.h"
#include "io/file.h"
#include "lab/loopback.h"
#include "tests/integration/http_fixture.h"

namespace evenkeel::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What makes a request on loopback one that came from elsewhere.
constexpr const char* kProxied = "X-Forwarded-For: 203.0.113.9";
// What makes it one that a page may have started.
constexpr const char* kForeignName = "Host: evil.example";

class Http : public HttpTest {
protected:
    io::HttpAnswer transfer(const std::vector<std::string>& headers,
                            const std::string& path = "/api/v1/leader/transfer") {
        return send({.method = "POST", .url = url(path), .headers = headers});
    }
    void speak_tls() {
        options_.peers = ServerId{"127.0.0.1", any_port()};
        options_.tls = certificates_.issue("node1");
    }
    std::string peers_url(const std::string& path) const {
        return "https://" + options_.peers->str() + path;
    }

    const Certificates certificates_{folder_.path() + "/pki", "test"};
};

TEST_F(Http, WhoMayChangeSomethingIsDecidedPerRequest) {
    options_.user = "dba";
    options_.password = "s3cret";
    start();
    EXPECT_EQ(transfer({}).status, 200);
    EXPECT_EQ(transfer({kProxied}).status, 401);
    EXPECT_EQ(
        transfer({kProxied, "Authorization: " + api::basic_credentials("dba", "s3cret")}).status,
        200);
    EXPECT_EQ(transfer({kProxied, "Authorization: " + api::basic_credentials("dba", "no")}).status,
              401);
    EXPECT_EQ(transfer({"Sec-Fetch-Site: cross-site"}).status, 403);
    EXPECT_EQ(group_.transfers().size(), 2u);
}

TEST_F(Http, OrchestratorsClientsGetItsAnswer) {
    start();
    const auto refused = send({.url = url("/api/reelect"), .headers = {kProxied}});
    EXPECT_EQ(refused.status, 500);
    EXPECT_THAT(refused.body, HasSubstr(R"("Code":"ERROR","Message":"Unauthorized")"));
    const auto page =
        send({.url = url("/api/reelect"), .headers = {"Origin: http://evil.example"}});
    EXPECT_EQ(page.status, 500);
    EXPECT_THAT(group_.transfers(), IsEmpty());
    EXPECT_EQ(send({.url = url("/api/reelect")}).status, 200);
    EXPECT_EQ(transfer({}, "/api/reelect").status, 200);
    EXPECT_EQ(group_.transfers().size(), 2u);
}

TEST_F(Http, AForgedHeaderGainsNothing) {
    group_.set_members({{.node = "node2", .api_address = "node2.invalid:3000", .live = true}});
    start();
    EXPECT_EQ(transfer({kForeignName, "X-Evenkeel-Forwarded: node2"}).status, 401);
    EXPECT_THAT(group_.transfers(), IsEmpty());
}

TEST_F(Http, InAGroupWithoutTlsAConfiguredNodesAddressIsTrusted) {
    options_.node_addresses = {"node2.invalid:10008", "127.0.0.1:10008"};
    start();
    EXPECT_EQ(transfer({kForeignName, "X-Evenkeel-Forwarded: node2"}).status, 200);
    EXPECT_EQ(transfer({kForeignName}).status, 401);
    // A proxy on a node's host hands on what strangers send.
    EXPECT_EQ(transfer({kProxied, "X-Evenkeel-Forwarded: node2"}).status, 401);
}

TEST_F(Http, TheNodesListenerWantsTheGroupsCertificate) {
    speak_tls();
    start();
    const io::TlsFiles node2 = certificates_.issue("node2");
    EXPECT_EQ(send({.url = peers_url("/api/leader-check")}, node2).status, 200);
    EXPECT_EQ(send({.url = peers_url("/api/leader-check")}, certificates_.authority()).status, 0);
    const Certificates foreign(folder_.path() + "/foreign", "test");
    io::TlsFiles stranger = foreign.issue("node2");
    stranger.ca = node2.ca;  // It knows whom it talks to, but shows another authority's.
    EXPECT_EQ(send({.url = peers_url("/api/leader-check")}, stranger).status, 0);
    // Plain HTTP and rubbish are dropped.
    EXPECT_EQ(send({.url = "http://" + options_.peers->str() + "/api/leader-check"}).status, 0);
    EXPECT_EQ(lab::ask_loopback(options_.peers->port, std::string(4000, 'x'), Millis(15'000))
                  .find("HTTP"),
              std::string::npos);
    // Whoever gets in is a node.
    EXPECT_EQ(
        send({.method = "POST", .url = peers_url("/api/v1/leader/transfer"), .headers = {kProxied}},
             node2)
            .status,
        200);
    // The public listener stays what it was, and the header proves nothing there.
    EXPECT_EQ(send({.url = url("/api/leader-check")}).status, 200);
    EXPECT_EQ(transfer({kProxied, "X-Evenkeel-Forwarded: node2"}).status, 401);
}

TEST_F(Http, ThePublicListenerCanBeHttps) {
    const io::TlsFiles files = certificates_.issue("public");
    options_.tls_cert = files.cert;
    options_.tls_key = files.key;
    start();
    const std::string https = "https://" + options_.listen.str() + "/api/leader-check";
    EXPECT_EQ(send({.url = https}, certificates_.authority()).status, 200);
    EXPECT_EQ(send({.url = https}).status, 0);  // The system does not know our authority.
    EXPECT_EQ(send({.url = url("/api/leader-check")}).status, 0);
}

TEST_F(Http, RenewedCertificatesCountWithoutARestart) {
    speak_tls();
    start();
    const io::TlsFiles client = certificates_.issue("client");
    io::HttpClient kept(client);
    ASSERT_TRUE(kept.get(peers_url("/api/lb-check"), io::within(Millis(10'000))));

    // Half a renewal: the old one serves on.
    const Certificates other(folder_.path() + "/other", "test");
    const io::TlsFiles renewed = other.issue("node1");
    const auto replace = [](const std::string& from, const std::string& to) {
        ASSERT_TRUE(io::replace_file(to, io::read_file(from).value_or("")));
    };
    replace(renewed.cert, options_.tls.cert);
    EXPECT_EQ(send({.url = peers_url("/api/lb-check")}, client).status, 200);

    // The whole: new connections meet the new authority, the kept one goes on.
    replace(renewed.key, options_.tls.key);
    const io::TlsFiles old_client{
        .ca = folder_.path() + "/old-ca.pem", .cert = client.cert, .key = client.key};
    replace(client.ca, old_client.ca);
    replace(renewed.ca, options_.tls.ca);
    EXPECT_EQ(send({.url = peers_url("/api/lb-check")}, old_client).status, 0);
    EXPECT_EQ(send({.url = peers_url("/api/lb-check")}, other.issue("client")).status, 200);
    const auto answer = kept.get(peers_url("/api/lb-check"), io::within(Millis(10'000)));
    EXPECT_TRUE(answer) << answer.error().what;
}

TEST_F(Http, AnUnusableCertificateIsNamedAtTheStart) {
    speak_tls();
    ASSERT_TRUE(io::replace_file(options_.tls.key, "no key"));
    api::Server server(options_, group_.sources("node1"));
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::invalid);
    EXPECT_THAT(started.error().what, HasSubstr(options_.tls.key));
}

TEST_F(Http, APortInUseIsNamedWithItsKey) {
    start();
    api::Server second(options_, group_.sources("node2"));
    const auto started = second.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::conflict);
    EXPECT_THAT(started.error().what, HasSubstr("`listen`"));
}

// --- followers ---------------------------------------------------------------------------------

class Follower : public Http {
protected:
    // Both servers; the fixture's own is the leader, this one the follower.
    void start_both() {
        start();
        follower_options_.user = options_.user;
        follower_options_.password = options_.password;
        if (options_.peers) {
            follower_options_.peers = ServerId{"127.0.0.1", any_port()};
            follower_options_.tls = certificates_.issue("node2");
        }
        group_.set_leader({.node = "node1",
                           .api_address = options_.listen.str(),
                           .peer_address = options_.peers ? options_.peers->str() : "",
                           .live = true});
        follower_ = std::make_unique<api::Server>(follower_options_, group_.sources("node2"));
        ASSERT_TRUE(follower_->start());
    }
    std::string at_follower(const std::string& path) const {
        return "http://" + follower_options_.listen.str() + path;
    }

    api::ServerOptions follower_options_{.listen = {"127.0.0.1", any_port()}, .node = "node2"};
    std::unique_ptr<api::Server> follower_;
};

TEST_F(Follower, ForwardsOverTheNodesTls) {
    speak_tls();
    start_both();
    EXPECT_EQ(send({.url = at_follower("/api/leader-check")}).status, 404);
    EXPECT_EQ(send({.url = at_follower("/api/routed-leader-check")}).status, 200);
    EXPECT_EQ(send({.url = at_follower("/api/v1/leader")}).status, 200);
    const auto done = send({.method = "POST",
                            .url = at_follower("/api/v1/leader/transfer"),
                            .body = R"({"to":"node2"})"});
    EXPECT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(send({.url = at_follower("/api/raft-yield/node2")}).status, 200);
    EXPECT_THAT(group_.transfers(), ElementsAre("node2", "node2"));
    // The right is asked for where the stranger is met.
    EXPECT_EQ(send({.method = "POST",
                    .url = at_follower("/api/v1/leader/transfer"),
                    .headers = {kProxied}})
                  .status,
              401);
    EXPECT_EQ(group_.transfers().size(), 2u);
}

TEST_F(Follower, ForwardsWithTheGroupsPasswordWhenThereIsNoTls) {
    options_.user = "dba";
    options_.password = "s3cret";
    start_both();
    EXPECT_EQ(send({.method = "POST", .url = at_follower("/api/v1/leader/transfer")}).status, 200);
    EXPECT_EQ(group_.transfers().size(), 1u);
}

TEST_F(Follower, WithoutALeaderNothingIsAnsweredInSilence) {
    start_both();
    group_.set_leader({});
    EXPECT_EQ(send({.url = at_follower("/api/v1/leader")}).status, 503);
    EXPECT_EQ(send({.url = at_follower("/api/clusters")}).status, 503);
    EXPECT_EQ(send({.url = at_follower("/api/reelect")}).status, 503);
    EXPECT_EQ(send({.url = at_follower("/api/routed-leader-check")}).status, 404);
    const auto stale = send({.url = at_follower("/api/v1/leader?stale=true")});
    EXPECT_EQ(stale.status, 200);
    EXPECT_EQ(nlohmann::json::parse(stale.body).at("stale"), true);
    // A change is never made on a copy.
    EXPECT_EQ(
        send({.method = "POST", .url = at_follower("/api/v1/leader/transfer?stale=true")}).status,
        503);
    EXPECT_THAT(group_.transfers(), IsEmpty());
}

TEST_F(Follower, ALeaderThatIsGoneIsSaidSo) {
    start_both();
    server_->stop();
    const auto answer = send({.url = at_follower("/api/v1/leader")});
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.body, HasSubstr("node1"));
}

TEST_F(Follower, NodesThatDisagreeDoNotSendEachOtherInCircles) {
    start_both();
    // The follower takes itself for the leader's address.
    group_.set_leader({.node = "node3", .api_address = follower_options_.listen.str()});
    EXPECT_EQ(send({.url = at_follower("/api/v1/leader")}).status, 503);
}

}  // namespace
}  // namespace evenkeel::test
