// Tables written on real servers, read from their binlog files and rendered, for the tests of
// types. One server of each release serves all tests of a program.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cdc/config.h"
#include "cdc/render/row_renderer.h"
#include "lab/server.h"
#include "wire/binlog_event.h"
#include "wire/table_map.h"

namespace evenkeel::test {

// A release, and binlog_row_metadata there; empty: it has no such variable.
struct TypesSetup {
    std::string release{};
    std::string metadata{};
};
std::vector<TypesSetup> types_setups();
std::string setup_name(const ::testing::TestParamInfo<TypesSetup>& info);
void PrintTo(const TypesSetup& setup, std::ostream* out);

using Lines = std::map<std::string, std::vector<std::string>>;  // By table.

class Types : public ::testing::TestWithParam<TypesSetup> {
public:
protected:
    void SetUp() override;

    sql::Table run(const std::string& statement);
    // For what some releases refuse.
    bool try_run(const std::string& statement);
    bool mysql() const { return mysql_; }
    // At least this version of that server: 10.7 is 1007.
    bool is_mysql(int version) const { return mysql_ && version_ >= version; }
    bool is_mariadb(int version) const { return !mysql_ && version_ >= version; }
    // Names are in the binlog: no definition is needed.
    bool full() const { return GetParam().metadata == "FULL"; }
    void connect();

    // Closes the binlog file that is written; the path of the new one.
    std::string new_binlog();
    std::string current_binlog();
    // Writes the lines of all rows in a closed file.
    Lines render(const std::string& path, const cdc::OutputConfig& options = {});
    // What `statements` wrote.
    Lines lines_of(const std::vector<std::string>& statements,
                   const cdc::OutputConfig& options = {});
    // The same through a dump connection: from the start of the file that is written.
    Lines dump(const cdc::OutputConfig& options = {});
    // Of one event.
    void add_event(const wire::Event& event, Lines& lines);
    cdc::TableDefinition definition_of(const std::string& table);
    const std::string& data_folder() const { return data_folder_; }
    const lab::Server& server() const { return *server_; }
    static Deadline within();

    sql::Connection connection_;
    std::map<wire::EventType, int> event_counts_;  // Of the last render().
    std::string render_error_;                     // Of a row event, instead of a failed test.

private:
    void begin_lines(const cdc::OutputConfig& options);
    void add_payload(const wire::Event& event, Lines& lines);
    void add_rows(const wire::Event& event, Lines& lines);

    lab::Server* server_ = nullptr;
    bool mysql_ = false;
    int version_ = 0;
    std::string data_folder_;
    std::unique_ptr<cdc::RowRenderer> renderer_;
    std::map<std::uint64_t, cdc::TablePlan> plans_;
};

// The value of a key of the line's "data", or of its "old", as it is spelled.
std::string value_of(const std::string& line, const std::string& key,
                     const std::string& object = "data");

// Whether two JSON texts have the same value; opaque values and fractions as the server spells
// them in `said`.
::testing::AssertionResult same_json(const std::string& rendered, const std::string& said);

}  // namespace evenkeel::test
