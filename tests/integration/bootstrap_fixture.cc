#include "tests/integration/bootstrap_fixture.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "tests/support/server_pool.h"

namespace evenkeel::test {
namespace {

using Json = nlohmann::ordered_json;

std::string key_of(const Json& data, const std::vector<std::string>& key) {
    std::string text;
    for (const std::string& column : key) text += data.at(column).dump() + ",";
    return text;
}

}  // namespace

void BootstrapTest::SetUp() {
    if (const auto home = server_home(GetParam()); !home) GTEST_SKIP() << home.error().what;
    const auto found = pooled_server(GetParam());
    ASSERT_TRUE(found) << found.error().what;
    server_ = *found;
    run({"SET GLOBAL binlog_row_image = 'FULL'", "DROP DATABASE IF EXISTS maxwell",
         "DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop CHARACTER SET utf8mb4",
         "CREATE TABLE shop.mark (id INT PRIMARY KEY)"});
}

sql::Table BootstrapTest::run(const std::vector<std::string>& statements) {
    auto table = server_->query(statements, within());
    EXPECT_TRUE(table) << table.error().what;
    return table ? *std::move(table) : sql::Table{};
}

std::string BootstrapTest::value(const std::string& query) {
    const sql::Table table = run({query});
    return table.rows.empty() ? "" : table.rows[0][0].value_or("NULL");
}

cdc::StreamConfig BootstrapTest::config() const {
    cdc::StreamConfig config;
    config.name = "test";
    config.server = server_->id();
    config.credentials = server_->accounts().evenkeel;
    config.producer = cdc::Producer::file;
    config.output_file = out();
    config.checkpoint_interval = Millis{50};
    config.bootstrap_chunk_rows = 500;
    return config;
}

std::unique_ptr<cdc::StreamService> BootstrapTest::start_stream(OneNode* node,
                                                                const cdc::StreamConfig& with) {
    auto stream = std::make_unique<cdc::StreamService>(
        with, node == nullptr ? nullptr : &node->coordinator());
    stream->start();
    EXPECT_TRUE(eventually(kLong, [&] { return stream->report().state == "streaming"; }))
        << stream->report().text;
    return stream;
}

std::vector<std::string> BootstrapTest::lines() const {
    return lines_of(out());
}

std::size_t BootstrapTest::count(const std::string& part) const {
    const std::string content = io::read_file(out()).value_or("");
    std::size_t found = 0;
    for (std::size_t at = 0; (at = content.find(part, at)) != std::string::npos; ++at) ++found;
    return found;
}

std::string BootstrapTest::ask(OneNode& node, cdc::BootstrapRequest request) {
    const auto id =
        cdc::post_request(node.coordinator(), "node1", "test", std::move(request), within());
    EXPECT_TRUE(id) << id.error().what;
    return id.value_or("");
}

cdc::BootstrapJob BootstrapTest::job(OneNode& node, const std::string& id) {
    const auto jobs = cdc::list_jobs(node.coordinator(), "test");
    EXPECT_TRUE(jobs) << jobs.error().what;
    for (const cdc::BootstrapJob& job : jobs.value_or(std::vector<cdc::BootstrapJob>{})) {
        if (job.request.id == id) return job;
    }
    return {};
}

bool BootstrapTest::ends(OneNode& node, const std::string& id, cdc::JobState state) {
    const bool ended = eventually(Millis{90'000}, [&] { return job(node, id).ended(); });
    const cdc::BootstrapJob last = job(node, id);
    EXPECT_TRUE(ended) << to_string(last.state) << ", " << last.inserted_rows << " rows";
    EXPECT_EQ(last.state, state) << last.error;
    return ended && last.state == state;
}

void BootstrapTest::catch_up() {
    const std::string id = value("SELECT COALESCE(MAX(id), 0) + 1 FROM shop.mark");
    run({"INSERT INTO shop.mark VALUES (" + id + ")"});
    ASSERT_TRUE(has_line("\"data\":{\"id\":" + id + "}}"));
}

Rows BootstrapTest::apply(const std::string& table, const std::vector<std::string>& key) const {
    Rows rows;
    for (const std::string& line : lines()) {
        const Json json = Json::parse(line, nullptr, false);
        if (!json.is_object()) {
            ADD_FAILURE() << "not JSON: " << line.substr(0, 200);
            continue;
        }
        if (json.at("table") != table) continue;
        const std::string type = json.at("type");
        const Json& data = json.at("data");
        if (type == "bootstrap-start" || type == "bootstrap-complete") continue;
        if (type == "delete") {
            rows.erase(key_of(data, key));
            continue;
        }
        Json row = data;
        if (type == "update") {
            Json old = data;
            const Json changed = json.value("old", Json::object());
            for (const auto& [name, before] : changed.items()) {
                old[name] = before;
            }
            const auto known = rows.find(key_of(old, key));
            if (known != rows.end()) {
                // A row image may have the changed columns alone.
                Json whole = Json::parse(known->second);
                for (const auto& [name, after] : data.items()) whole[name] = after;
                row = whole;
                rows.erase(known);
            }
        }
        rows[key_of(row, key)] = row.dump();
    }
    return rows;
}

Rows BootstrapTest::server_rows(const std::string& table, const std::vector<std::string>& key,
                                const std::string& json) {
    Rows rows;
    const sql::Table all = run({fmt::format("SELECT {} AS j FROM shop.{}", json, table)});
    for (std::size_t i = 0; i < all.rows.size(); ++i) {
        const Json row = Json::parse(all.text(i, "j"), nullptr, false);
        if (!row.is_object()) {
            ADD_FAILURE() << "the test's own expression is no JSON: " << all.text(i, "j");
            return rows;
        }
        rows[key_of(row, key)] = row.dump();
    }
    return rows;
}

void BootstrapTest::expect_same(const Rows& consumer, const Rows& server) {
    std::vector<std::string> wrong;
    for (const auto& [key, row] : server) {
        const auto found = consumer.find(key);
        if (found == consumer.end()) {
            wrong.push_back("lacks " + row);
        } else if (found->second != row) {
            wrong.push_back("has " + found->second + " and not " + row);
        }
    }
    for (const auto& [key, row] : consumer) {
        if (!server.contains(key)) wrong.push_back("still has " + row);
    }
    if (wrong.size() > 10) wrong.resize(10);
    EXPECT_TRUE(wrong.empty()) << "of " << server.size() << " rows the consumer\n"
                               << join(wrong, "\n");
}

}  // namespace evenkeel::test
