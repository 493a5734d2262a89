// The way from a verb to a running group: finds the leader among the endpoints of EVENKEEL_API, or
// any node that answers, which forwards. Credentials come from EVENKEEL_USER and EVENKEEL_PASSWORD
// or from the endpoint's URL and go to that endpoint alone; EVENKEEL_CA is for https.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/http_client.h"

namespace evenkeel::app {

struct Endpoint {
    std::string url{};          // "https://node1:3000"
    std::string credentials{};  // Header Authorization's value; empty: none.

    bool operator==(const Endpoint&) const = default;
};

// "https://user:pass%40word@node1:3000" → both parts; others keep `fallback` as credentials.
Endpoint split_endpoint(const std::string& url, const std::string& fallback);

class ApiClient {
public:
    // `endpoints`: as EVENKEEL_API has them; empty: those that it has.
    explicit ApiClient(const std::string& endpoints = "");

    // The answer's body: JSON. Errors say what the server said: not_found (404), invalid (400),
    // denied (401, 403), conflict (409), timed_out (504, or no answer in time), unavailable.
    Result<std::string> get(const std::string& path);
    // `limit`: how long a change may take.
    Result<std::string> send(const std::string& method, const std::string& path,
                             const std::string& body, Millis limit);

private:
    Result<> find_node();

    std::vector<Endpoint> endpoints_;
    io::HttpClient http_;
    Endpoint node_;
};

}  // namespace evenkeel::app
