#include "io/http_client.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <mutex>

#include "io/clock.h"

namespace evenkeel::io {
namespace {

constexpr Millis kIdleTick{50};

void init_once() {
    static std::once_flag once;
    std::call_once(once, [] { ::curl_global_init(CURL_GLOBAL_ALL); });
}

std::size_t append(char* data, std::size_t size, std::size_t count, void* out) {
    static_cast<std::string*>(out)->append(data, size * count);
    return size * count;
}

struct StreamSink {
    const std::function<bool(std::string_view)>& on_data;
    bool ended = false;
};

std::size_t hand_over(char* data, std::size_t size, std::size_t count, void* out) {
    auto* sink = static_cast<StreamSink*>(out);
    if (!sink->on_data({data, size * count})) sink->ended = true;
    return sink->ended ? 0 : size * count;
}

// The request was never written when no connection could be made. libcurl silently repeats a
// request on a new connection when a kept one turns out dead: then its first try may have arrived.
bool surely_not_sent(CURL* easy, CURLcode code) {
    long written = 0;
    ::curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &written);
    if (written > 0) return false;
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
           code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
           code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE;
}

// curl's list of header lines.
class Headers {
public:
    explicit Headers(const std::vector<std::string>& lines) {
        add("Content-Type: application/json");
        // Without this libcurl waits a second for "100 Continue" before it sends a larger body.
        add("Expect:");
        for (const std::string& line : lines) add(line);
    }
    ~Headers() { ::curl_slist_free_all(list_); }
    Headers(const Headers&) = delete;
    Headers& operator=(const Headers&) = delete;

    curl_slist* get() const { return list_; }

private:
    void add(const std::string& line) { list_ = ::curl_slist_append(list_, line.c_str()); }

    curl_slist* list_ = nullptr;
};

bool has_body(const HttpRequest& request) {
    return request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

}  // namespace

struct HttpClient::Impl {
    TlsFiles tls;
    CURL* easy = nullptr;
    CURLM* multi = nullptr;
    char reason[CURL_ERROR_SIZE] = {};

    // In libcurl's words; those that it has for this very case say more.
    const char* why(CURLcode code) const {
        return reason[0] != 0 ? reason : ::curl_easy_strerror(code);
    }

    // What `request` and `headers` point to must outlive the transfer.
    void prepare(const HttpRequest& request, const Headers& headers) {
        ::curl_easy_reset(easy);
        reason[0] = 0;
        ::curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
        ::curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
        // As it is: what one side takes for a path the other must not read as another.
        ::curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
        ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        // Over TLS libcurl would offer HTTP/2, which an etcd member's peer port takes for gRPC.
        ::curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        ::curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
        ::curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
        ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
        ::curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
        if (has_body(request)) {
            ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
            ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
        }
        if (!tls.on()) return;
        ::curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca.c_str());
        // What a new connection shows and trusts is what the files have now: nothing of them is
        // kept, and no session of an older certificate is resumed.
        ::curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
        ::curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
        if (tls.cert.empty()) return;
        ::curl_easy_setopt(easy, CURLOPT_SSLCERT, tls.cert.c_str());
        ::curl_easy_setopt(easy, CURLOPT_SSLKEY, tls.key.c_str());
    }
};

HttpClient::HttpClient(TlsFiles tls) : impl_(std::make_unique<Impl>()) {
    init_once();
    impl_->tls = std::move(tls);
    impl_->easy = ::curl_easy_init();
    impl_->multi = ::curl_multi_init();
}

HttpClient::~HttpClient() {
    ::curl_easy_cleanup(impl_->easy);
    ::curl_multi_cleanup(impl_->multi);
}

Result<HttpAnswer> HttpClient::send(const HttpRequest& request, Deadline deadline) {
    const Millis left = deadline.left(now());
    if (left == Millis{0}) {
        return Error{Errc::unavailable, fmt::format("request {}: no time left", request.url)};
    }
    HttpAnswer answer;
    const Headers headers(request.headers);
    CURL* easy = impl_->easy;
    impl_->prepare(request, headers);
    ::curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
    const CURLcode code = ::curl_easy_perform(easy);
    if (code != CURLE_OK) {
        const Errc errc = surely_not_sent(easy, code) ? Errc::unavailable : Errc::timed_out;
        return Error{errc, fmt::format("request {}: {}", request.url, impl_->why(code))};
    }
    long status = 0;
    ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    const char* type = nullptr;
    ::curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr) answer.type = type;
    return answer;
}

Result<HttpAnswer> HttpClient::get(const std::string& url, Deadline deadline) {
    return send({.url = url}, deadline);
}

Result<HttpAnswer> HttpClient::post(const std::string& url, const std::string& body,
                                    Deadline deadline) {
    return send({.method = "POST", .url = url, .body = body}, deadline);
}

Result<> HttpClient::stream(const HttpRequest& request,
                            const std::function<bool(std::string_view)>& on_data,
                            const std::function<bool()>& on_idle, Millis connect_limit) {
    StreamSink sink{.on_data = on_data};
    const Headers headers(request.headers);
    impl_->prepare(request, headers);
    CURL* easy = impl_->easy;
    ::curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_limit.count()));
    ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, hand_over);
    ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, &sink);
    ::curl_multi_add_handle(impl_->multi, easy);

    int running = 1;
    bool stopped = false;
    Instant tick = now() + kIdleTick;
    while (running > 0 && !stopped) {
        ::curl_multi_perform(impl_->multi, &running);
        if (running > 0) {
            ::curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(kIdleTick.count()),
                              nullptr);
        }
        if (now() < tick) continue;
        stopped = !on_idle();
        tick = now() + kIdleTick;
    }
    CURLcode code = CURLE_OK;
    int queued = 0;
    while (const CURLMsg* message = ::curl_multi_info_read(impl_->multi, &queued)) {
        if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    ::curl_multi_remove_handle(impl_->multi, easy);
    if (stopped || sink.ended) return {};
    return Error{Errc::unavailable,
                 fmt::format("stream {}: {}", request.url,
                             code == CURLE_OK ? "the other side ended it" : impl_->why(code))};
}

}  // namespace evenkeel::io
