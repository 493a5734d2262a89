#include "api/rights.h"

#include <gtest/gtest.h>

namespace evenkeel::api {
namespace {

const Access kAccess{.user = "dba", .password = "s3cret", .own_names = {"node1.example.org"}};
const Caller kLocal{.address = "127.0.0.1", .host = "127.0.0.1:3000"};
const Caller kStranger{.address = "203.0.113.9", .host = "node1.example.org:3000"};

TEST(MayChange, WhoIsGranted) {
    struct Row {
        const char* what;
        Caller caller;
        Right right;
    };
    const std::string good = basic_credentials("dba", "s3cret");
    const Row rows[] = {
        {"this host", kLocal, Right::granted},
        {"this host, IPv6", {.address = "::1", .host = "[::1]:3000"}, Right::granted},
        {"this host on a socket for both", {.address = "::ffff:127.0.0.1"}, Right::granted},
        {"by the name localhost",
         {.address = "127.0.0.1", .host = "localhost:3000"},
         Right::granted},
        {"by a short name", {.address = "127.0.0.1", .host = "node1:3000"}, Right::granted},
        {"by the own name", {.address = "127.0.0.1", .host = "Node1.example.org"}, Right::granted},
        {"by a foreign name",
         {.address = "127.0.0.1", .host = "evil.example:3000"},
         Right::unauthorized},
        {"a proxy on this host",
         {.address = "127.0.0.1", .host = "localhost", .proxied = true},
         Right::unauthorized},
        {"a node", {.node = true, .address = "203.0.113.7"}, Right::granted},
        {"a stranger", kStranger, Right::unauthorized},
        {"password", {.address = "203.0.113.9", .credentials = good}, Right::granted},
        {"password, scheme in capitals",
         {.address = "203.0.113.9", .credentials = "BASIC" + good.substr(5)},
         Right::granted},
        {"wrong password",
         {.address = "203.0.113.9", .credentials = basic_credentials("dba", "s3cretx")},
         Right::unauthorized},
        {"wrong user",
         {.address = "203.0.113.9", .credentials = basic_credentials("root", "s3cret")},
         Right::unauthorized},
        {"empty credentials",
         {.address = "203.0.113.9", .credentials = "Basic "},
         Right::unauthorized},
        {"another scheme",
         {.address = "203.0.113.9", .credentials = "Bearer " + good.substr(6)},
         Right::unauthorized},
        {"wrong password on this host",
         {.address = "127.0.0.1", .credentials = basic_credentials("dba", "x")},
         Right::unauthorized},
        {"a page of another site, on this host",
         {.address = "127.0.0.1", .host = "localhost:3000", .fetch_site = "cross-site"},
         Right::forbidden},
        {"a page of a sibling site, with the password",
         {.address = "203.0.113.9", .credentials = good, .fetch_site = "same-site"},
         Right::forbidden},
        {"a page of another origin",
         {.address = "127.0.0.1", .host = "localhost:3000", .origin = "http://evil.example"},
         Right::forbidden},
        {"an opaque origin",
         {.address = "127.0.0.1", .host = "localhost", .origin = "null"},
         Right::forbidden},
        {"our own page",
         {.address = "127.0.0.1",
          .host = "localhost:3000",
          .origin = "http://localhost:3000",
          .fetch_site = "same-origin"},
         Right::granted},
        {"typed by the user",
         {.address = "127.0.0.1", .host = "localhost", .fetch_site = "none"},
         Right::granted},
        {"fetched ahead",
         {.address = "127.0.0.1", .host = "localhost", .prefetch = true},
         Right::forbidden},
    };
    for (const Row& row : rows) {
        const Decision decision = may_change(row.caller, kAccess);
        EXPECT_EQ(decision.right, row.right) << row.what << ": " << decision.why;
        EXPECT_EQ(decision.why.empty(), row.right == Right::granted) << row.what;
    }
}

TEST(MayChange, WithoutAUserThereIsNoPasswordToKnow) {
    Caller caller = kStranger;
    for (const char* credentials : {"", "Basic Og==", "Basic "}) {
        caller.credentials = credentials;
        EXPECT_EQ(may_change(caller, {}).right, Right::unauthorized) << credentials;
    }
    // Local callers whose client sends one anyway lose nothing.
    Caller local = kLocal;
    local.credentials = basic_credentials("dba", "x");
    EXPECT_EQ(may_change(local, {}).right, Right::granted);
}

TEST(Loopback, IsKnownByItsNumbers) {
    for (const char* yes : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(is_loopback(yes)) << yes;
    }
    for (const char* no : {"", "10.0.0.1", "::", "::ffff:10.0.0.1", "fe80::1", "1.127.0.0"}) {
        EXPECT_FALSE(is_loopback(no)) << no;
    }
}

}  // namespace
}  // namespace evenkeel::api
