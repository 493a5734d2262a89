// The TLS session inside a connection of the client library, which has no call for it.
#pragma once

struct ssl_st;    // OpenSSL's SSL.
struct st_mysql;  // The library's MYSQL.

namespace evenkeel::sql {

struct TlsSession {
    ssl_st* ssl = nullptr;  // Null: the connection is not encrypted. The library keeps it.
    bool idle = false;      // The library holds no decrypted bytes that nobody has read.
};

TlsSession tls_session(st_mysql* mysql);

}  // namespace evenkeel::sql
