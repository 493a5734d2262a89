// Table definitions from a server's information_schema, over a connection of their own.
#pragma once

#include "cdc/schema/schema_cache.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::cdc {

// Not thread-safe. Connects when it is first asked, and again after a failure.
class ServerDictionary : public Dictionary {
public:
    explicit ServerDictionary(sql::Credentials credentials)
        : credentials_(std::move(credentials)) {}

    // Ask this server from now on.
    void use(const ServerId& server);
    Result<TableDefinition> table(const std::string& database, const std::string& name) override;

private:
    Result<sql::Table> query(const std::string& statement);

    const sql::Credentials credentials_;
    ServerId server_{};
    sql::Connection connection_;
};

}  // namespace evenkeel::cdc
