#include "sql/tls_session.h"

#include <mariadb/mysql.h>
// Without these the header leaves out what is looked for here, and does not compile.
#define HAVE_TLS 1
using uchar = unsigned char;
#include <mariadb/ma_pvio.h>

namespace evenkeel::sql {

TlsSession tls_session(st_mysql* mysql) {
    const MARIADB_PVIO* pvio = mysql->net.pvio;
    if (pvio == nullptr || pvio->ctls == nullptr) return {};
    return {.ssl = static_cast<ssl_st*>(pvio->ctls->ssl),
            .idle = pvio->cache_pos >= pvio->cache + pvio->cache_size};
}

}  // namespace evenkeel::sql
