#include "sql/connection.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <mariadb/mysqld_error.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <mutex>
#include <system_error>

#include "base/check.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/ready.h"
#include "sql/greeting.h"
#include "sql/tls_session.h"

namespace evenkeel::sql {
namespace {

// libmariadb's MYSQL_WAIT_* for poll(), and back.
short to_poll(int wait) {
    int events = 0;
    if ((wait & MYSQL_WAIT_READ) != 0) events |= POLLIN;
    if ((wait & MYSQL_WAIT_WRITE) != 0) events |= POLLOUT;
    if ((wait & MYSQL_WAIT_EXCEPT) != 0) events |= POLLPRI;
    return static_cast<short>(events);
}

int from_poll(int events, int wait) {
    int happened = 0;
    // An error or a hang-up is found by reading or writing, whichever the library waits for.
    if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0) happened |= wait & ~MYSQL_WAIT_TIMEOUT;
    if ((events & POLLIN) != 0) happened |= MYSQL_WAIT_READ;
    if ((events & POLLOUT) != 0) happened |= MYSQL_WAIT_WRITE;
    if ((events & POLLPRI) != 0) happened |= MYSQL_WAIT_EXCEPT;
    return happened;
}

// Waits for what the library asks for; MYSQL_WAIT_TIMEOUT when the deadline came first.
int wait_events(MYSQL* mysql, int wait, Deadline deadline) {
    const short happened = io::ready(mysql_get_socket(mysql), to_poll(wait), deadline);
    return happened != 0 ? from_poll(happened, wait) : MYSQL_WAIT_TIMEOUT;
}

// Carries a started operation to its end. False when the deadline came first: then the library has
// been told so, which makes it unwind and free what it holds, and the connection is of no more use.
template <typename Continue>
bool drive(MYSQL* mysql, int wait, Deadline deadline, const Continue& go_on) {
    bool in_time = true;
    for (int expired = 0; wait != 0 && expired < 32;) {
        const int happened = in_time ? wait_events(mysql, wait, deadline) : MYSQL_WAIT_TIMEOUT;
        if (happened == MYSQL_WAIT_TIMEOUT) {
            in_time = false;
            ++expired;
        }
        wait = go_on(happened);
    }
    return in_time;
}

constexpr Millis kCancelSlice{50};

// drive() in slices, between which `cancelled` is asked. A wait that was cancelled counts as one
// that took too long.
template <typename Continue>
bool drive_cancellable(MYSQL* mysql, int wait, Millis limit, const std::function<bool()>& cancelled,
                       const Continue& go_on) {
    const Deadline deadline = io::within(limit);
    while (wait != 0) {
        const Deadline slice = deadline.sooner(io::within(kCancelSlice));
        const int happened = wait_events(mysql, wait, slice);
        if (happened != MYSQL_WAIT_TIMEOUT) {
            wait = go_on(happened);
        } else if (cancelled() || deadline.passed(io::now())) {
            return drive(mysql, wait, slice, go_on) && wait == 0;
        }
    }
    return true;
}

bool is_lost(unsigned number) {
    switch (number) {
        case CR_SERVER_LOST:
        case CR_SERVER_GONE_ERROR:
        case CR_CONN_HOST_ERROR:
        case CR_CONNECTION_ERROR:
        case CR_UNKNOWN_HOST:
        case 2055:  // CR_SERVER_LOST_EXTENDED
        case ER_SERVER_SHUTDOWN:
        case ER_CONNECTION_KILLED:
        case ER_NORMAL_SHUTDOWN: return true;
        default: return false;
    }
}

bool is_denied(unsigned number) {
    switch (number) {
        case ER_SPECIFIC_ACCESS_DENIED_ERROR:
        case ER_TABLEACCESS_DENIED_ERROR:
        case ER_COLUMNACCESS_DENIED_ERROR:
        case ER_PROCACCESS_DENIED_ERROR:
        case ER_DBACCESS_DENIED_ERROR:
        case ER_ACCESS_DENIED_ERROR:
        case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
        case ER_KILL_DENIED_ERROR: return true;
        default: return false;
    }
}

// The system's words for the number at the end of "Can't connect to server on 'db3' (111)".
std::string system_reason(std::string_view text) {
    const auto open = text.rfind('(');
    int number = 0;
    if (open == std::string_view::npos) return std::string(text);
    const auto digits = text.substr(open + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number <= 0) return std::string(text);
    std::string words = std::generic_category().message(number);
    if (!words.empty()) words[0] = static_cast<char>(std::tolower(words[0]));
    return words;
}

Error no_tls_there(const ServerId& server) {
    return {Errc::denied,
            fmt::format("connect {}: TLS as configured (ssl) cannot be had: the server does not "
                        "offer it; give it a certificate (ssl_cert, ssl_key)",
                        server.str())};
}

// Not a connection that broke while TLS was agreed on.
bool is_tls_refusal(const std::string& text) {
    const auto says = [&](const char* word) { return text.find(word) != std::string::npos; };
    return says("does not support") || says("certificate") || says("Certificate") ||
           says("alidation") || says("alert") || says("No such file") || says("protocol");
}

std::string tls_remedy(const Tls& tls) {
    switch (tls.mode) {
        case TlsMode::verify_ca:
        case TlsMode::verify_identity:
            return tls.ca.empty()
                       ? ". Give the authority of the server's certificate as ssl_ca"
                       : fmt::format(
                             ". The authorities that count are in {}; ssl=VERIFY_CA goes "
                             "without the host's name in the certificate",
                             tls.ca);
        default: return "";
    }
}

Error connect_error(const ServerId& server, const Credentials& who, unsigned number,
                    const std::string& text) {
    const std::string operation = fmt::format("connect {}: ", server.str());
    if (is_denied(number) || number == ER_HOST_NOT_PRIVILEGED || number == ER_HOST_IS_BLOCKED) {
        return {Errc::denied, fmt::format("{}the server refuses user '{}': {} (error {})",
                                          operation, who.user, text, number)};
    }
    if (number == CR_CONN_HOST_ERROR || number == CR_CONNECTION_ERROR) {
        return {Errc::unavailable, operation + system_reason(text)};
    }
    if (number == CR_SSL_CONNECTION_ERROR && is_tls_refusal(text)) {
        return {Errc::denied, fmt::format("{}TLS as configured (ssl) cannot be had: {}{}",
                                          operation, text, tls_remedy(who.tls))};
    }
    // It answers, but not to us: whoever asks whether it lives must not take this for a no.
    if (number == ER_CON_COUNT_ERROR || number == ER_TOO_MANY_USER_CONNECTIONS ||
        number == CR_AUTH_PLUGIN_CANNOT_LOAD) {
        return {Errc::denied, fmt::format("{}{} (error {})", operation, text, number)};
    }
    return {Errc::unavailable, fmt::format("{}{} (error {})", operation, text, number)};
}

// Enough of a statement to find it again, never so much that a password is in it.
std::string summary(std::string_view statement) {
    constexpr std::size_t kWordsMax = 3;
    std::size_t words = 0;
    std::size_t end = 0;
    while (end < statement.size() && end < 40) {
        if (statement[end] == ' ' && ++words == kWordsMax) break;
        if (statement[end] == '\'' || statement[end] == '"') break;
        ++end;
    }
    return std::string(trim(statement.substr(0, end)));
}

void init_library() {
    static std::once_flag once;
    std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
}

Table to_table(MYSQL_RES* result) {
    Table table;
    const unsigned columns = mysql_num_fields(result);
    const MYSQL_FIELD* fields = mysql_fetch_fields(result);
    for (unsigned i = 0; i < columns; ++i) table.columns.emplace_back(fields[i].name);
    while (MYSQL_ROW row = mysql_fetch_row(result)) {
        const unsigned long* lengths = mysql_fetch_lengths(result);
        std::vector<std::optional<std::string>> cells(columns);
        for (unsigned i = 0; i < columns; ++i) {
            if (row[i] != nullptr) cells[i].emplace(row[i], lengths[i]);
        }
        table.rows.push_back(std::move(cells));
    }
    return table;
}

constexpr const char* kSystemAuthorities = "/etc/ssl/certs";

const char* or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

void set_tls(MYSQL* mysql, const Tls& tls) {
    if (!tls.on()) return;
    const bool checks = tls.mode == TlsMode::verify_ca || tls.mode == TlsMode::verify_identity;
    // With an authority the library checks the chain within the handshake, before it says a
    // password; without one it would take any certificate.
    const char* folder = checks && tls.ca.empty() ? kSystemAuthorities : nullptr;
    const char* ca = tls.mode == TlsMode::preferred ? nullptr : or_null(tls.ca);
    mysql_ssl_set(mysql, or_null(tls.key), or_null(tls.cert), ca, folder, nullptr);
    const my_bool yes = 1;
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    const my_bool names_host = tls.mode == TlsMode::verify_identity ? 1 : 0;
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &names_host);
}

}  // namespace

std::optional<std::string> Table::get(std::size_t row, std::string_view column) const {
    if (row >= rows.size()) return {};
    const auto it = std::find(columns.begin(), columns.end(), column);
    if (it == columns.end()) return {};
    return rows[row][static_cast<std::size_t>(it - columns.begin())];
}

std::string Table::text(std::size_t row, std::string_view column) const {
    return get(row, column).value_or("");
}

struct Connection::Impl {
    MYSQL* mysql = nullptr;
    ServerId server{};
    unsigned error_number = 0;

    ~Impl() { close(); }

    // Leaves without a word when `abandon`: a farewell to a hung server could block.
    void close(bool abandon = false) {
        if (mysql == nullptr) return;
        if (abandon) {
            const int fd = mysql_get_socket(mysql);
            if (fd >= 0) shutdown(fd, SHUT_RDWR);
        }
        mysql_close(mysql);
        mysql = nullptr;
    }

    // Closes without waiting for the rest of a result: to free it means to read it to its end,
    // which comes at once when the socket is shut.
    void abandon(MYSQL_RES* result) {
        const int fd = mysql_get_socket(mysql);
        if (fd >= 0) shutdown(fd, SHUT_RDWR);
        mysql_free_result(result);
        close();
    }

    Error failure(const std::string& statement) {
        error_number = mysql_errno(mysql);
        const std::string text = fmt::format("query {}: {}: {} (error {})", server.str(),
                                             summary(statement), mysql_error(mysql), error_number);
        if (is_lost(error_number)) return {Errc::unavailable, text};
        return {is_denied(error_number) ? Errc::denied : Errc::invalid, text};
    }

    Error failed(const std::string& statement) {
        Error error = failure(statement);
        if (error.code == Errc::unavailable) close(true);
        return error;
    }

    Error expiry(const std::string& statement) const {
        return {Errc::timed_out,
                fmt::format("query {}: {}: no answer in time", server.str(), summary(statement))};
    }

    Error expired(const std::string& statement) {
        close(true);
        return expiry(statement);
    }
};

Connection::Connection() : impl_(std::make_unique<Impl>()) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Result<Connection> Connection::open(const ServerId& server, const Credentials& credentials,
                                    Deadline deadline) {
    init_library();
    const Instant started = io::now();
    Connection connection;
    Impl& impl = *connection.impl_;
    impl.server = server;
    impl.mysql = mysql_init(nullptr);
    EK_CHECK(impl.mysql != nullptr, "out of memory");
    mysql_options(impl.mysql, MYSQL_OPT_NONBLOCK, nullptr);
    const unsigned protocol = MYSQL_PROTOCOL_TCP;  // Also for "localhost".
    mysql_options(impl.mysql, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_options(impl.mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    set_tls(impl.mysql, credentials.tls);

    MYSQL* done = nullptr;
    const int wait =
        mysql_real_connect_start(&done, impl.mysql, server.host.c_str(), credentials.user.c_str(),
                                 credentials.password.c_str(), nullptr, server.port, nullptr, 0);
    Greeting greeting = credentials.tls.on() ? Greeting::incomplete : Greeting::other;
    const bool in_time = drive(impl.mysql, wait, deadline, [&](int happened) {
        // As soon as the socket connects: a greeting that is there by then is read, and answered,
        // without another wait.
        if (greeting == Greeting::incomplete || greeting == Greeting::failed) {
            greeting = await_greeting(mysql_get_socket(impl.mysql), deadline);
        }
        const bool go_on = greeting != Greeting::plain && greeting != Greeting::incomplete;
        // Otherwise the library gives up.
        return mysql_real_connect_cont(&done, impl.mysql, go_on ? happened : MYSQL_WAIT_TIMEOUT);
    });
    if (greeting == Greeting::plain) {
        if (credentials.tls.mode != TlsMode::preferred) return no_tls_there(server);
        Credentials plain = credentials;
        plain.tls = {};
        return open(server, plain, deadline);
    }
    if (!in_time || greeting == Greeting::incomplete) {
        impl.close(true);
        const auto waited = std::chrono::duration_cast<Millis>(io::now() - started);
        return Error{Errc::timed_out,
                     fmt::format("connect {}: no answer in {} ms", server.str(), waited.count())};
    }
    if (done == nullptr) {
        return connect_error(server, credentials, mysql_errno(impl.mysql), mysql_error(impl.mysql));
    }
    if (credentials.tls.on() && tls_session(impl.mysql).ssl == nullptr) {
        impl.close(true);
        return no_tls_there(server);
    }
    return connection;
}

bool Connection::connected() const {
    return impl_ && impl_->mysql != nullptr;
}

Result<Table> Connection::query(const std::string& statement, Deadline deadline) {
    if (!connected()) {
        return Error{Errc::unavailable,
                     fmt::format("query {}: {}: not connected",
                                 impl_ ? impl_->server.str() : "nobody", summary(statement))};
    }
    MYSQL* mysql = impl_->mysql;
    impl_->error_number = 0;
    int failed = 0;
    const auto length = static_cast<unsigned long>(statement.size());
    int wait = mysql_real_query_start(&failed, mysql, statement.data(), length);
    if (!drive(mysql, wait, deadline,
               [&](int happened) { return mysql_real_query_cont(&failed, mysql, happened); })) {
        return impl_->expired(statement);
    }
    if (failed != 0) return impl_->failed(statement);

    Table table;
    for (bool first = true;; first = false) {
        MYSQL_RES* stored = nullptr;
        wait = mysql_store_result_start(&stored, mysql);
        const bool in_time = drive(mysql, wait, deadline, [&](int happened) {
            return mysql_store_result_cont(&stored, mysql, happened);
        });
        const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result(stored,
                                                                              mysql_free_result);
        if (!in_time) return impl_->expired(statement);
        if (result == nullptr && mysql_errno(mysql) != 0) return impl_->failed(statement);
        if (first && result != nullptr) table = to_table(result.get());
        if (!mysql_more_results(mysql)) return table;
        wait = mysql_next_result_start(&failed, mysql);
        if (!drive(mysql, wait, deadline, [&](int happened) {
                return mysql_next_result_cont(&failed, mysql, happened);
            })) {
            return impl_->expired(statement);
        }
        if (failed > 0) return impl_->failed(statement);
    }
}

Result<> Connection::execute(const std::string& statement, Deadline deadline) {
    EK_TRY(const Table ignored, query(statement, deadline));
    (void)ignored;
    return {};
}

Result<bool> Connection::stream(const std::string& statement, Millis silence_max,
                                const std::function<bool()>& cancelled, const Visit& visit) {
    if (!connected()) {
        return Error{Errc::unavailable,
                     fmt::format("query {}: {}: not connected",
                                 impl_ ? impl_->server.str() : "nobody", summary(statement))};
    }
    MYSQL* mysql = impl_->mysql;
    impl_->error_number = 0;
    const auto given_up = [&]() -> Error {
        if (!cancelled()) return impl_->expiry(statement);
        return {Errc::unavailable,
                fmt::format("query {}: {}: cancelled", impl_->server.str(), summary(statement))};
    };
    int failed = 0;
    const auto length = static_cast<unsigned long>(statement.size());
    int wait = mysql_real_query_start(&failed, mysql, statement.data(), length);
    if (!drive_cancellable(mysql, wait, silence_max, cancelled, [&](int happened) {
            return mysql_real_query_cont(&failed, mysql, happened);
        })) {
        impl_->close(true);
        return given_up();
    }
    MYSQL_RES* result = failed != 0 ? nullptr : mysql_use_result(mysql);
    if (result == nullptr) return impl_->failed(statement);
    const unsigned columns = mysql_num_fields(result);
    Row cells(columns);
    for (;;) {
        MYSQL_ROW row = nullptr;
        wait = mysql_fetch_row_start(&row, result);
        const bool in_time = drive_cancellable(
            mysql, wait, silence_max, cancelled,
            [&](int happened) { return mysql_fetch_row_cont(&row, result, happened); });
        if (!in_time || (row == nullptr && mysql_errno(mysql) != 0)) {
            Error error = in_time ? impl_->failure(statement) : given_up();
            impl_->abandon(result);
            return error;
        }
        if (row == nullptr) break;
        const unsigned long* lengths = mysql_fetch_lengths(result);
        for (unsigned i = 0; i < columns; ++i) {
            cells[i] = row[i] == nullptr ? std::nullopt
                                         : std::optional(std::string_view(row[i], lengths[i]));
        }
        if (!visit(cells)) {
            impl_->abandon(result);
            return false;
        }
    }
    mysql_free_result(result);
    return true;
}

unsigned Connection::error_number() const {
    return impl_ ? impl_->error_number : 0;
}

int Connection::socket() const {
    return connected() ? mysql_get_socket(impl_->mysql) : -1;
}

int Connection::release_socket() {
    if (!connected()) return -1;
    const int fd = mysql_get_socket(impl_->mysql);
    const int kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (kept < 0) return -1;
    // The library says COM_QUIT when it closes, on whatever its descriptor is by then.
    std::array<int, 2> nowhere{-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, nowhere.data()) != 0 ||
        dup2(nowhere[0], fd) < 0) {
        for (const int end : nowhere) {
            if (end >= 0) ::close(end);
        }
        ::close(kept);
        return -1;
    }
    impl_->close();
    for (const int end : nowhere) ::close(end);
    const int flags = fcntl(kept, F_GETFL);
    fcntl(kept, F_SETFL, flags & ~O_NONBLOCK);
    return kept;
}

std::unique_ptr<io::ByteStream> Connection::release_stream() {
    if (!connected()) return nullptr;
    const TlsSession session = tls_session(impl_->mysql);
    if (session.ssl == nullptr) {
        io::Fd socket(release_socket());
        return socket.valid() ? io::plain_stream(std::move(socket)) : nullptr;
    }
    if (!session.idle) return nullptr;
    const int fd = socket();
    // Closed without a farewell, which would wait for a server that sends and does not read.
    std::shared_ptr<Impl> owner(impl_.release(), [](Impl* impl) {
        impl->close(true);
        delete impl;
    });
    return io::tls_stream(session.ssl, fd, std::move(owner));
}

std::string Connection::tls_version() const {
    if (!connected() || tls_session(impl_->mysql).ssl == nullptr) return {};
    const char* version = nullptr;
    mariadb_get_infov(impl_->mysql, MARIADB_CONNECTION_TLS_VERSION, &version);
    return version != nullptr ? version : "";
}

std::uint64_t Connection::server_thread() const {
    return connected() ? mysql_thread_id(impl_->mysql) : 0;
}

std::string quote(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        switch (c) {
            case '\0': quoted += "\\0"; break;
            case '\n': quoted += "\\n"; break;
            case '\r': quoted += "\\r"; break;
            case '\x1a': quoted += "\\Z"; break;
            case '\\':
            case '\'': quoted += '\\'; [[fallthrough]];
            default: quoted += c;
        }
    }
    quoted += '\'';
    return quoted;
}

std::string quote_name(std::string_view name) {
    std::string quoted = "`";
    for (const char c : name) {
        if (c == '`') quoted += c;
        quoted += c;
    }
    return quoted + '`';
}

}  // namespace evenkeel::sql
