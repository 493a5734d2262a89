// Filters on real servers: by names and values, and changed while a stream runs, by Maxwell's
// /config and by the nodes' API.
#include "tests/integration/cdc_fixture.h"
#include "tests/integration/maxwell_fixture.h"

namespace evenkeel::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class MaxwellFilter : public MaxwellTest {
protected:
    io::HttpAnswer send(const std::string& method, const std::string& path,
                        const std::string& body = {}) {
        io::HttpClient client;
        const auto answer = client.send({.method = method,
                                         .url = fmt::format("http://127.0.0.1:{}{}", port_, path),
                                         .body = body,
                                         .headers = {}},
                                        io::within(kMaxwellLong));
        EXPECT_TRUE(answer) << answer.error().what;
        return answer.value_or(io::HttpAnswer{});
    }

    int port_ = io::free_port();
};

INSTANTIATE_TEST_SUITE_P(Releases, MaxwellFilter, testing::ValuesIn(server_releases()),
                         release_name);

std::vector<std::string> data_of(const std::vector<std::string>& lines) {
    std::vector<std::string> data;
    for (const std::string& line : lines) {
        const bool commit = line.find("\"commit\":true") != std::string::npos;
        data.push_back((commit ? "commit " : "") + line.substr(line.find("\"data\":")));
    }
    return data;
}

TEST_P(MaxwellFilter, RowsThatAreLeftOutLeaveNoTrace) {
    query({"CREATE DATABASE test",
           "CREATE TABLE test.t (id INT PRIMARY KEY, state VARCHAR(9), d DECIMAL(5,2))",
           "CREATE TABLE test.secret (id INT PRIMARY KEY)"});
    write_config(login() +
                 "filter=exclude: test./^sec/, exclude: test.t.state = draft, "
                 "exclude: *.*.d = '1.50', exclude: test.t.state = null\n");
    start_cdc({});
    query({"BEGIN", "INSERT INTO test.t VALUES (1, 'draft', 0), (2, 'live', 0), (3, 'live', 1.5)",
           "INSERT INTO test.t VALUES (4, 'live', 0)", "INSERT INTO test.secret VALUES (1)",
           "INSERT INTO test.t VALUES (5, 'draft', 0), (6, NULL, 0)", "COMMIT",
           // Of this transaction nothing is left.
           "INSERT INTO test.t VALUES (7, 'draft', 0)",
           "UPDATE test.t SET state = 'live' WHERE id = 7"});
    ASSERT_TRUE(has_lines(3));
    EXPECT_THAT(lines(),
                ElementsAre(HasSubstr(R"("xoffset":0,"data":{"id":2,"state":"live","d":0.00}})"),
                            HasSubstr(R"("commit":true,"data":{"id":4,)"),
                            HasSubstr(R"("commit":true,"data":{"id":7,)")));
}

TEST_P(MaxwellFilter, IsChangedByMaxwellsConfigRoute) {
    query({"CREATE DATABASE test", "CREATE TABLE test.a (id INT PRIMARY KEY)",
           "CREATE TABLE test.b (id INT PRIMARY KEY)"});
    write_config(login() + "http_config=true\nhttp_bind_address=127.0.0.1\nfilter=exclude: *.b\n");
    start_cdc({"--http_port=" + std::to_string(port_)});
    query({"INSERT INTO test.b VALUES (1)", "INSERT INTO test.a VALUES (1)"});
    ASSERT_TRUE(has_lines(1));
    EXPECT_EQ(send("GET", "/config").body, R"({"filter":"exclude: *.b"})");
    const auto refused = send("PUT", "/config", R"({"filter":"exclude: *"})");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("column 11"));
    const auto changed = send("PATCH", "/config", R"({"filter":"exclude: *.a"})");
    EXPECT_EQ(changed.status, 200) << changed.body;
    ASSERT_TRUE(eventually(
        kMaxwellLong, [&] { return log().find("filter: exclude: *.a") != std::string::npos; }));
    query({"INSERT INTO test.a VALUES (2)", "INSERT INTO test.b VALUES (2)"});
    ASSERT_TRUE(has_lines(2));
    EXPECT_THAT(lines(), ElementsAre(HasSubstr(R"("table":"a")"), HasSubstr(R"("table":"b")")));
    EXPECT_EQ(send("GET", "/ping").body, "pong\n");
    EXPECT_EQ(send("GET", "/healthcheck").status, 200);
    EXPECT_THAT(send("GET", "/metrics").body, HasSubstr("MaxwellMetrics.row.count"));
    EXPECT_THAT(send("GET", "/prometheus").body, HasSubstr("MaxwellMetrics_row_count 2"));
}

// A change is taken up between two transactions, never in one.
TEST_P(MaxwellFilter, IsTakenUpBetweenTransactions) {
    query({"CREATE DATABASE test", "CREATE TABLE test.a (id INT PRIMARY KEY, n INT)"});
    write_config(login() + "http_config=true\nhttp_bind_address=127.0.0.1\n");
    start_cdc({"--http_port=" + std::to_string(port_)});
    std::vector<std::string> statements;
    for (int i = 0; i < 300; ++i) {
        statements.insert(statements.end(),
                          {"BEGIN", fmt::format("INSERT INTO test.a VALUES ({}, 0)", 2 * i),
                           fmt::format("INSERT INTO test.a VALUES ({}, 1)", 2 * i + 1), "COMMIT"});
        if (i == 100 || i == 200) {
            query(statements);
            statements.clear();
            const char* filter = i == 100 ? R"({"filter":"exclude: *.a"})" : R"({"filter":null})";
            EXPECT_EQ(send("PUT", "/config", filter).status, 200);
        }
    }
    query(statements);
    query({"INSERT INTO test.a VALUES (1000, 1)"});
    ASSERT_TRUE(eventually(kMaxwellLong,
                           [&] { return output().find("\"id\":1000") != std::string::npos; }));
    std::size_t half = 0;
    for (const std::string& line : lines()) {
        const bool first = line.find("\"n\":0") != std::string::npos;
        EXPECT_EQ(line.find("\"commit\"") == std::string::npos, first) << line;
        half += first ? 1 : 0;
    }
    EXPECT_EQ(lines().size(), 2 * half + 1);
}

// A filter that was set stays with the stream, whoever runs it.
class GroupFilter : public CdcTest {};

TEST_F(GroupFilter, IsTheNextHoldersToo) {
    query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.a (id INT PRIMARY KEY)",
                  "CREATE TABLE shop.b (id INT PRIMARY KEY)"});
    OneNode node(folder() + "/state.db");
    cdc::StreamConfig config = stream_config();
    config.filter = cdc::Filter::parse("exclude: *.b").value();
    {
        cdc::StreamService stream(config, &node.coordinator());
        EXPECT_EQ(stream.set_filter("exclude: *.a", io::within(kLong)).error().code,
                  Errc::not_leader);
        stream.start();
        ASSERT_TRUE(streams(stream)) << stream.report().text;
        EXPECT_EQ(stream.set_filter("exclude: a", io::within(kLong)).error().code, Errc::invalid);
        const auto set = stream.set_filter("exclude: *.a", io::within(kLong));
        ASSERT_TRUE(set) << set.error().what;
        ASSERT_TRUE(eventually(kLong, [&] {
            return stream.filter().value_or(cdc::Filter()).text() == "exclude: *.a";
        }));
        stream.stop();
    }
    {
        cdc::StreamService stream(config, &node.coordinator());
        stream.start();
        ASSERT_TRUE(streams(stream)) << stream.report().text;
        query(db(1), {"INSERT INTO shop.a VALUES (1)", "INSERT INTO shop.b VALUES (2)"});
        ASSERT_TRUE(has_lines(1));
        EXPECT_THAT(data_of(lines()), ElementsAre("commit \"data\":{\"id\":2}}"));
        stream.stop();
    }
    // Whoever edits the configuration means it.
    config.filter = cdc::Filter::parse("exclude: *.none").value();
    cdc::StreamService stream(config, &node.coordinator());
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    EXPECT_EQ(stream.filter()->text(), "exclude: *.none");
    stream.stop();
}

TEST_F(GroupFilter, IsChangedThroughTheNodesApi) {
    query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.a (id INT PRIMARY KEY)",
                  "CREATE TABLE shop.b (id INT PRIMARY KEY)"});
    EvenkeelGroup group(folder() + "/nodes", 1);
    const auto& who = db(1).accounts().evenkeel;
    group.write_config(
        0,
        group.config_text(0) +
            fmt::format("\n[[stream]]\nname = \"rows\"\nserver = \"{}\"\nuser = \"{}\"\n"
                        "password = \"{}\"\nproducer = \"file\"\noutput_file = \"{}/out.json\"\n",
                        db(1).id().str(), who.user, who.password, folder()));
    group.start_all();
    ASSERT_TRUE(eventually(kLong, [&] {
        return group.ask(0, "/api/v1/streams").body.find("\"streaming\"") != std::string::npos;
    })) << group.log(0);
    const std::string path = "/api/v1/streams/rows/filter";
    EXPECT_EQ(group.ask(0, path).body, R"({"name":"rows","filter":"","configured":""})");
    io::HttpClient client;
    const auto put = [&](const std::string& to, const std::string& body) {
        return client
            .send({.method = "PUT",
                   .url = "http://" + group.node(0).api + to,
                   .body = body,
                   .headers = {}},
                  io::within(kLong))
            .value_or(io::HttpAnswer{});
    };
    EXPECT_EQ(put("/api/v1/streams/row/filter", R"({"filter":""})").status, 404);
    EXPECT_EQ(put(path, R"({"filter":"exclude"})").status, 400);
    EXPECT_EQ(put(path, R"({"filter":"exclude: *.a"})").status, 200);
    ASSERT_TRUE(eventually(kLong, [&] {
        return group.log(0).find("filter: exclude: *.a") != std::string::npos;
    })) << group.log(0);
    query(db(1), {"INSERT INTO shop.a VALUES (1)", "INSERT INTO shop.b VALUES (2)"});
    ASSERT_TRUE(has_lines(1));
    EXPECT_THAT(data_of(lines()), ElementsAre("commit \"data\":{\"id\":2}}"));
    EXPECT_EQ(put(path, R"({"filter":null})").body,
              R"({"name":"rows","filter":"","configured":""})");
}

}  // namespace
}  // namespace evenkeel::test
