// Table definitions from a server's information_schema, over a connection of their own.
#pragma once

#include <string>
#include <vector>

#include "cdc/schema/schema.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::cdc {

// Where definitions come from as they are now, which may be newer than the events that are being
// read. A test's own, or ServerDictionary.
class Dictionary {
public:
    virtual ~Dictionary() = default;
    // Errors: not_found  no such table, or no privilege to see it;
    //         denied, unavailable, timed_out  as for any connection.
    virtual Result<SchemaTable> table(const TableName& name) = 0;
    // TableDefinition::hashes. Errors as above; 0 where there is no such table.
    virtual Result<std::size_t> count_hashes(const TableName& name) = 0;
};

// Not thread-safe. Connects when it is first asked, and again after a failure.
class ServerDictionary : public Dictionary {
public:
    explicit ServerDictionary(sql::Credentials credentials)
        : credentials_(std::move(credentials)) {}

    // Ask this server from now on.
    void use(const ServerId& server);
    Result<SchemaTable> table(const TableName& name) override;
    Result<std::size_t> count_hashes(const TableName& name) override;
    // All tables but the system's, a few queries for all of them together. No locks: what changes
    // meanwhile may be there in its old or its new form, so the caller has to know that nothing did
    // (docs/internals/schema.md).
    Result<Schema> capture();

private:
    Result<sql::Table> query(const std::string& statement);
    // Adds the tables for which `where`(name of the database's column) holds.
    Result<> read_tables(const std::string& database, const std::string& table, Schema& schema);

    const sql::Credentials credentials_;
    ServerId server_{};
    sql::Connection connection_;
};

}  // namespace evenkeel::cdc
