#include "app/api_client.h"

#include <fmt/core.h>
#include <stdlib.h>

#include <nlohmann/json.hpp>

#include "api/rights.h"
#include "app/client.h"
#include "base/text.h"
#include "io/clock.h"

namespace evenkeel::app {
namespace {

constexpr Millis kCheckLimit{1'000};
constexpr Millis kAnswerLimit{5'000};

std::string environment(const char* name) {
    const char* value = ::getenv(name);
    return value == nullptr ? "" : value;
}

std::vector<Endpoint> endpoints_of(const std::string& given) {
    auto urls = parse_endpoints(given.empty() ? environment("EVENKEEL_API") : given);
    if (urls.empty()) urls.emplace_back("http://127.0.0.1:3000");
    const std::string user = environment("EVENKEEL_USER");
    const std::string fallback =
        user.empty() ? "" : api::basic_credentials(user, environment("EVENKEEL_PASSWORD"));
    std::vector<Endpoint> endpoints;
    for (const std::string& url : urls) endpoints.push_back(split_endpoint(url, fallback));
    return endpoints;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%' && i + 2 < text.size();
        const int high = escape ? hex_digit(text[i + 1]) : -1;
        const int low = escape ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            result += text[i];
            continue;
        }
        result += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return result;
}

Errc code_of(int status) {
    switch (status) {
        case 400: return Errc::invalid;
        case 401: return Errc::denied;
        case 403: return Errc::denied;
        case 404: return Errc::not_found;
        case 409: return Errc::conflict;
        case 504: return Errc::timed_out;
        default: return Errc::unavailable;
    }
}

Result<std::string> body_of(const io::HttpAnswer& answer, const std::string& url) {
    const auto json = nlohmann::json::parse(answer.body, nullptr, false);
    if (answer.status == 200 && !json.is_discarded()) return answer.body;
    if (answer.status == 200 || !json.is_object() || !json.contains("error")) {
        return Error{Errc::unavailable,
                     fmt::format("{}: HTTP {}, not an answer of evenkeel; is the address right?",
                                 url, answer.status)};
    }
    const auto& text = json.at("error");
    return Error{
        code_of(answer.status),
        fmt::format("{}: {}", url, text.is_string() ? text.get<std::string>() : text.dump())};
}

std::string remedy(const std::vector<Endpoint>& endpoints) {
    for (const Endpoint& endpoint : endpoints) {
        if (endpoint.url.starts_with("https://") && environment("EVENKEEL_CA").empty()) {
            return "For https with an authority of your own set EVENKEEL_CA to its PEM file.";
        }
    }
    return "Set EVENKEEL_API to the addresses of your nodes, for example "
           "EVENKEEL_API=\"http://node1:3000 http://node2:3000\"";
}

}  // namespace

Endpoint split_endpoint(const std::string& url, const std::string& fallback) {
    const auto scheme = url.find("://");
    const auto at = url.rfind('@');
    if (scheme == std::string::npos || at == std::string::npos || at < scheme) {
        return {url, fallback};
    }
    const std::string info = url.substr(scheme + 3, at - scheme - 3);
    const auto colon = info.find(':');
    const std::string user = percent_decoded(info.substr(0, colon));
    const std::string password =
        colon == std::string::npos ? "" : percent_decoded(info.substr(colon + 1));
    return {url.substr(0, scheme + 3) + url.substr(at + 1), api::basic_credentials(user, password)};
}

ApiClient::ApiClient(const std::string& endpoints)
    : endpoints_(endpoints_of(endpoints)), http_(io::TlsFiles{.ca = environment("EVENKEEL_CA")}) {}

Result<> ApiClient::find_node() {
    std::vector<std::string> failures;
    for (const Endpoint& endpoint : endpoints_) {
        const auto answer = http_.get(endpoint.url + "/api/leader-check", io::within(kCheckLimit));
        if (!answer) {
            failures.push_back(answer.error().what);
            continue;
        }
        node_ = endpoint;
        if (answer->status == 200) return {};
    }
    if (!node_.url.empty()) return {};
    return Error{Errc::unavailable,
                 fmt::format("no node answers: {}\n{}", join(failures, "; "), remedy(endpoints_))};
}

Result<std::string> ApiClient::get(const std::string& path) {
    return send("GET", path, "", kAnswerLimit);
}

Result<std::string> ApiClient::send(const std::string& method, const std::string& path,
                                    const std::string& body, Millis limit) {
    if (node_.url.empty()) {
        EK_TRY_VOID(find_node());
    }
    io::HttpRequest request{.method = method, .url = node_.url + path, .body = body};
    if (!node_.credentials.empty()) {
        request.headers.push_back("Authorization: " + node_.credentials);
    }
    EK_TRY(const io::HttpAnswer answer, http_.send(request, io::within(limit)));
    return body_of(answer, request.url);
}

}  // namespace evenkeel::app
