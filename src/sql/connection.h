// A connection to a MySQL or MariaDB server on which every wait has a deadline.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/byte_stream.h"
#include "model/server_id.h"
#include "sql/tls.h"

namespace evenkeel::sql {

struct Credentials {
    std::string user{};
    std::string password{};
    Tls tls{};
};

// The first result set of a statement.
struct Table {
    std::vector<std::string> columns{};
    std::vector<std::vector<std::optional<std::string>>> rows{};

    // Cell by column name; nothing when NULL or when there is no such column or row.
    std::optional<std::string> get(std::size_t row, std::string_view column) const;
    // Same as text, empty for NULL.
    std::string text(std::size_t row, std::string_view column) const;
};

// Not thread-safe. After timed_out or unavailable the connection is closed: open a new one.
class Connection {
public:
    // Errors: unavailable  refused, reset, unknown host: the server did not answer as MySQL;
    //         timed_out    no answer in time (a hung server, a lost packet);
    //         denied       wrong user or password, the host is not allowed, or no TLS as asked for.
    static Result<Connection> open(const ServerId& server, const Credentials& credentials,
                                   Deadline deadline);
    Connection();
    ~Connection();
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;

    bool connected() const;
    // Errors: unavailable  the connection was lost, the statement may have been done;
    //         timed_out    same, no answer in time;
    //         denied       a privilege is missing (the server's text names it);
    //         invalid      the server refused the statement; its error number is in the text.
    Result<Table> query(const std::string& statement, Deadline deadline);
    // query() for statements without rows.
    Result<> execute(const std::string& statement, Deadline deadline);

    // One row of a result: views that end with the call, nothing for NULL. False: no more rows.
    using Row = std::vector<std::optional<std::string_view>>;
    using Visit = std::function<bool(const Row&)>;
    // query() for results that are too large to be kept: rows are handed out as they arrive, so
    // the server waits for `visit`. The result's first row and each further wait take at most
    // `silence_max`; `cancelled` is asked meanwhile. A result that is not taken to its end costs
    // the connection. True: all rows were taken.
    // Errors: those of query(); unavailable  also when cancelled.
    Result<bool> stream(const std::string& statement, Millis silence_max,
                        const std::function<bool()>& cancelled, const Visit& visit);

    // The server's error number of the last failed query, 0 otherwise.
    unsigned error_number() const;
    // Its socket, for waiting on its end (POLLRDHUP) or for taking the connection over.
    int socket() const;
    // Gives the socket away; the connection is closed without a COM_QUIT. For protocols that go on
    // over the same socket: binlog dump, pings.
    int release_socket();
    // The same for a connection that may be encrypted. Null: the connection is gone, or holds bytes
    // that nobody asked for.
    std::unique_ptr<io::ByteStream> release_stream();
    // "TLSv1.3"; empty: not encrypted.
    std::string tls_version() const;
    std::uint64_t server_thread() const;  // CONNECTION_ID() on the server.

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// 'text' as an SQL string literal with its quotes.
std::string quote(std::string_view text);
// A name in backticks.
std::string quote_name(std::string_view name);

}  // namespace evenkeel::sql
