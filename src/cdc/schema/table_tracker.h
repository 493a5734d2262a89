// What a stream's decoder asks and tells about tables: schema_cache.h answers with plans for their
// rows, ddl_scan.h only looks at the statements.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cdc/render/table_plan.h"
#include "cdc/schema/ddl_apply.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

class TableTracker {
public:
    struct Table {
        std::string body{};  // Of the table map, to see whether it changed.
        bool wanted = false;
        bool listened = false;                    // Its rows are requests to the stream.
        std::shared_ptr<const TablePlan> plan{};  // Null: neither.
    };

    virtual ~TableTracker() = default;
    // Table ids are another connection's from now on.
    virtual void restart() = 0;
    // The server that wrote the file: "10.11.4-MariaDB-log".
    virtual void on_server(std::string_view version) = 0;
    virtual Result<> on_table_map(const wire::Event& event) = 0;
    // Null: no table map with that id came. Valid until the next call of a non-const function.
    virtual const Table* find(std::uint64_t table_id) const = 0;
    // A statement that may change definitions (StatementKind::other), at its place between the
    // rows. What it changed, of the tables that the stream wants.
    virtual Result<std::vector<SchemaChange>> on_statement(const wire::Query& query) = 0;
    // Between transactions: bounds what a server with ever new table ids makes us remember.
    virtual void trim() = 0;
    // Grows with every change of definitions.
    virtual std::uint64_t version() const { return 0; }
    // Whether a row is wanted depends on its values too.
    virtual bool decides_by_values() const { return false; }
};

}  // namespace evenkeel::cdc
