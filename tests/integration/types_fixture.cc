#include "tests/integration/types_fixture.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "tests/support/other_servers.h"
#include "tests/support/server_pool.h"
#include "wire/packet_reader.h"
#include "wire/payload.h"
#include "wire/rows_event.h"

namespace evenkeel::test {
namespace {

bool has_metadata(const std::string& release) {
    return release != "mysql-5.7";
}

}  // namespace

std::vector<TypesSetup> types_setups() {
    std::vector<TypesSetup> setups;
    for (const std::string& release : server_releases()) {
        if (!has_metadata(release)) {
            setups.push_back({release, ""});
            continue;
        }
        setups.push_back({release, "FULL"});
        setups.push_back({release, "MINIMAL"});
        if (release.starts_with("mariadb")) setups.push_back({release, "NO_LOG"});
    }
    return setups;
}

std::string setup_name(const ::testing::TestParamInfo<TypesSetup>& info) {
    std::string name = info.param.release + "_" + info.param.metadata;
    for (char& c : name) {
        if (c == '-' || c == '.') c = '_';
    }
    return name;
}

void PrintTo(const TypesSetup& setup, std::ostream* out) {
    *out << setup.release << " " << setup.metadata;
}

Deadline Types::within() {
    return io::within(Millis(60'000));
}

void Types::SetUp() {
    const std::string& release = GetParam().release;
    if (const auto home = server_home(release); !home) GTEST_SKIP() << home.error().what;
    const auto found = pooled_server(release, {"--sql-mode=", "--max-allowed-packet=64M"});
    ASSERT_TRUE(found) << found.error().what;
    server_ = *found;
    data_folder_ = server_->data_folder();
    connect();
    const std::string version = run("SELECT VERSION() AS v").text(0, "v");
    const auto parts = split(version, '.');
    version_ = std::atoi(parts[0].c_str()) * 100 + std::atoi(parts[1].c_str());
    mysql_ = server_->installation().mysql();
    if (!GetParam().metadata.empty()) {
        run("SET GLOBAL binlog_row_metadata = " + GetParam().metadata);
    }
    run("DROP DATABASE IF EXISTS types");
    run("CREATE DATABASE types CHARACTER SET utf8mb4");
    run("USE types");
}

void Types::connect() {
    auto connection = server_->connect(server_->accounts().admin, within());
    ASSERT_TRUE(connection) << connection.error().what;
    connection_ = *std::move(connection);
    run("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'");
    run("SET NAMES utf8mb4");
    (void)try_run("USE types");
}

sql::Table Types::run(const std::string& statement) {
    auto table = connection_.query(statement, within());
    EXPECT_TRUE(table) << table.error().what << "\n" << statement;
    return table ? *std::move(table) : sql::Table{};
}

bool Types::try_run(const std::string& statement) {
    return connection_.query(statement, within()).has_value();
}

std::string Types::current_binlog() {
    const sql::Table logs = run("SHOW BINARY LOGS");
    return data_folder_ + "/" + logs.text(logs.rows.size() - 1, "Log_name");
}

std::string Types::new_binlog() {
    run("FLUSH BINARY LOGS");
    return current_binlog();
}

cdc::TableDefinition Types::definition_of(const std::string& table) {
    cdc::TableDefinition definition{.database = "types", .table = table};
    const auto columns =
        run("SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME, COLUMN_KEY FROM "
            "information_schema.COLUMNS WHERE TABLE_SCHEMA = 'types' AND TABLE_NAME = " +
            sql::quote(table) + " ORDER BY ORDINAL_POSITION");
    sql::Table checks;
    if (!mysql_) {
        checks =
            run("SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE "
                "CONSTRAINT_SCHEMA = 'types' AND TABLE_NAME = " +
                sql::quote(table));
    }
    for (std::size_t i = 0; i < columns.rows.size(); ++i) {
        const std::string name = columns.text(i, "COLUMN_NAME");
        bool json = false;
        for (std::size_t k = 0; k < checks.rows.size(); ++k) {
            json = json || checks.text(k, "CHECK_CLAUSE") == "json_valid(`" + name + "`)";
        }
        definition.columns.push_back({.name = name,
                                      .column_type = columns.text(i, "COLUMN_TYPE"),
                                      .charset = columns.text(i, "CHARACTER_SET_NAME"),
                                      .json = json});
        if (columns.text(i, "COLUMN_KEY") == "PRI") definition.primary_key.push_back(name);
    }
    return definition;
}

Lines Types::render(const std::string& path, const cdc::OutputConfig& options) {
    Lines lines;
    const auto bytes = io::read_file(path);
    EXPECT_TRUE(bytes) << bytes.error().what;
    if (!bytes) return lines;
    std::string_view rest = std::string_view(*bytes).substr(4);
    wire::EventReader reader(false, true);
    begin_lines(options);
    while (!rest.empty()) {
        const auto event = reader.read_front(rest);
        if (!event || !event->has_value()) {
            ADD_FAILURE() << (event ? "the file is cut" : event.error().what);
            break;
        }
        rest.remove_prefix((*event)->bytes.size());
        add_event(**event, lines);
    }
    return lines;
}

void Types::begin_lines(const cdc::OutputConfig& options) {
    renderer_ = std::make_unique<cdc::RowRenderer>(options);
    plans_.clear();
    event_counts_.clear();
    render_error_.clear();
}

// Asks for the file and reads packets until the server says that this was all.
Lines Types::dump(const cdc::OutputConfig& options) {
    Lines lines;
    const std::string file = current_binlog().substr(data_folder_.size() + 1);
    auto connection = server_->connect(server_->accounts().admin, within());
    EXPECT_TRUE(connection) << connection.error().what;
    if (!connection) return lines;
    EXPECT_TRUE(
        connection->execute("SET @master_binlog_checksum = 'CRC32', "
                            "@source_binlog_checksum = 'CRC32', "
                            "@mariadb_slave_capability = 4",
                            within()));
    const int socket = connection->release_socket();
    std::string request("\x12\4\0\0\0\1\0\x92\x10\0\0", 11);  // From 4, without waiting.
    request += file;
    request.insert(0, std::string(1, static_cast<char>(request.size())) + std::string(3, '\0'));
    EXPECT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    begin_lines(options);
    wire::EventReader reader(true, true);
    wire::PacketReader packets;
    std::string received;
    std::string_view rest;
    for (bool ended = false; !ended;) {
        const auto packet = packets.next(rest);
        if (packet && packet->kind == wire::PacketKind::data) {
            const auto event = reader.read(packet->payload.substr(1));
            EXPECT_TRUE(event) << event.error().what;
            ended = !event;
            if (event) add_event(*event, lines);
            continue;
        }
        if (packet) {
            EXPECT_EQ(packet->kind, wire::PacketKind::end) << packet->payload;
            break;
        }
        std::string more(rest);
        more.resize(rest.size() + (1u << 20));
        pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&wait, 1, 30'000);
        const ssize_t size =
            ready > 0 ? ::recv(socket, more.data() + rest.size(), more.size() - rest.size(), 0) : 0;
        EXPECT_GT(size, 0) << "the connection ended";
        ended = size <= 0;
        more.resize(rest.size() + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        received.swap(more);
        rest = received;
    }
    ::close(socket);
    return lines;
}

Lines Types::lines_of(const std::vector<std::string>& statements,
                      const cdc::OutputConfig& options) {
    const std::string binlog = new_binlog();
    for (const std::string& statement : statements) run(statement);
    (void)new_binlog();
    return render(binlog, options);
}

void Types::add_event(const wire::Event& event, Lines& lines) {
    ++event_counts_[event.header.type];
    EXPECT_EQ(wire::handling_of(event.header), wire::Handling::known)
        << wire::event_name(event.header.type);
    if (event.header.type == wire::EventType::transaction_payload) {
        add_payload(event, lines);
    } else if (event.header.type == wire::EventType::table_map) {
        const auto map = wire::parse_table_map(event);
        ASSERT_TRUE(map) << map.error().what;
        if (map->database != "types") return;
        EXPECT_EQ(map->mysql, mysql_);
        EXPECT_EQ(cdc::needs_definition(*map), !full());
        cdc::TableDefinition definition;
        const bool wanted = cdc::wants_definition(*map);
        if (wanted) definition = definition_of(map->table);
        auto plan = cdc::make_table_plan(*map, wanted ? &definition : nullptr);
        ASSERT_TRUE(plan) << plan.error().what;
        plans_[map->table_id] = *std::move(plan);
    } else if (wire::is_rows_event(event.header.type)) {
        add_rows(event, lines);
    }
}

void Types::add_payload(const wire::Event& event, Lines& lines) {
    wire::PayloadReader payload;
    const auto opened = payload.open(event);
    ASSERT_TRUE(opened) << opened.error().what;
    while (!payload.done()) {
        const auto inner = payload.next();
        ASSERT_TRUE(inner) << inner.error().what;
        if (*inner) {
            add_event(**inner, lines);
            continue;
        }
        const auto done = payload.refill();
        ASSERT_TRUE(done) << done.error().what;
    }
    EXPECT_LT(payload.memory_bytes(), 8u << 20);
}

void Types::add_rows(const wire::Event& event, Lines& lines) {
    const auto plan = plans_.find(wire::rows_table_id(event).value());
    if (plan == plans_.end()) return;
    cdc::ByteBuffer out;
    const auto count = renderer_->append_rows(plan->second, event, {.xid = 1}, out);
    if (!count) render_error_ = count.error().what;
    for (const std::string& line : split(std::string(trim(out.view())), '\n')) {
        if (!line.empty()) lines[plan->second.table].push_back(line);
    }
}

// Values end where their brackets and strings do.
std::string value_of(const std::string& line, const std::string& key, const std::string& object) {
    std::size_t at = line.find("\"" + object + "\":{");
    if (at != std::string::npos) at = line.find("\"" + key + "\":", at + object.size());
    if (at == std::string::npos) return "no " + key;
    at += key.size() + 3;
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = at; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted && c == '\\') {
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '{' || c == '[')) {
            ++depth;
        } else if (!quoted && (c == ',' || c == '}' || c == ']')) {
            if (depth == 0) return line.substr(at, i - at);
            if (c != ',') --depth;
        }
    }
    return line.substr(at);
}

::testing::AssertionResult same_json(const std::string& rendered, const std::string& said) {
    static const std::regex opaque("\"base64:type[0-9]+:");
    static const std::regex fraction("(:[0-9]{2}(\\.[0-9]*[1-9])?)\\.?0+\"");
    std::string expected = std::regex_replace(said, opaque, "\"");
    expected = std::regex_replace(expected, fraction, "$1\"");
    const auto ours = nlohmann::json::parse(rendered, nullptr, false);
    const auto theirs = nlohmann::json::parse(expected, nullptr, false);
    if (!ours.is_discarded() && ours == theirs) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "rendered " << rendered << ", the server says " << said;
}

}  // namespace evenkeel::test
