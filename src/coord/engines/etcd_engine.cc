#include "coord/engines/etcd_engine.h"

#include <fmt/core.h>

#include <atomic>
#include <map>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/http_client.h"

namespace evenkeel::coord {
namespace {

using Json = nlohmann::json;

constexpr int kReadCalls = 5;  // Calls that the read of a whole state may take.
constexpr Millis kRetryPause{50};
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
// A watch that was silent for this long is compared with the store.
constexpr Millis kWatchDoubt{1000};

// 64-bit numbers travel as text; a zero field is left out.
std::uint64_t number(const Json& object, const char* name) {
    const auto it = object.find(name);
    if (it == object.end()) return 0;
    if (it->is_string()) return parse_number(it->get<std::string>()).value_or(0);
    return it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

std::string bytes(const Json& object, const char* name) {
    const auto it = object.find(name);
    if (it == object.end() || !it->is_string()) return {};
    return base64_decode(it->get<std::string>()).value_or("");
}

// The end of the range of all keys that start with `prefix`.
std::string range_end(std::string prefix) {
    prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

// Runs `read`, which takes an answer apart: fields of other types than agreed make it throw. What
// such an answer was about may have happened.
template <typename Read>
auto shaped(Read read) -> decltype(read()) {
    try {
        return read();
    } catch (const Json::exception& cause) {
        return Error{Errc::timed_out, std::string("etcd: answer not understood: ") + cause.what()};
    }
}

class EtcdEngine final : public Engine {
public:
    explicit EtcdEngine(EtcdOptions options) : options_(std::move(options)) {}

    Result<Snapshot> read(const std::string& prefix, Deadline deadline) override {
        return shaped([&]() -> Result<Snapshot> {
            const std::string from = options_.root + prefix;
            const Json body{{"key", base64_encode(from)},
                            {"range_end", base64_encode(range_end(from))}};
            EK_TRY(const Json answer, call("/v3/kv/range", body, deadline));
            Snapshot snapshot;
            snapshot.version = number(answer.value("header", Json::object()), "revision");
            for (const Json& pair : answer.value("kvs", Json::array())) {
                if (auto entry = entry_of(pair)) snapshot.entries.push_back(std::move(*entry));
            }
            return snapshot;
        });
    }

    Result<TxnOutcome> txn(const Txn& txn, Deadline deadline) override {
        return shaped([&]() -> Result<TxnOutcome> {
            Json compares = Json::array();
            Json reads = Json::array();
            for (const Compare& compare : txn.compares) {
                const std::string key = base64_encode(options_.root + compare.key);
                compares.push_back({{"key", key},
                                    {"target", "MOD"},
                                    {"result", "EQUAL"},
                                    {"mod_revision", std::to_string(compare.version)}});
                reads.push_back({{"request_range", {{"key", key}}}});
            }
            Json writes = Json::array();
            for (const Op& op : txn.ops) {
                const std::string key = base64_encode(options_.root + op.key);
                if (op.value) {
                    writes.push_back(
                        {{"request_put", {{"key", key}, {"value", base64_encode(*op.value)}}}});
                } else {
                    writes.push_back({{"request_delete_range", {{"key", key}}}});
                }
            }
            const Json body{{"compare", compares}, {"success", writes}, {"failure", reads}};
            EK_TRY(const Json answer, call("/v3/kv/txn", body, deadline));
            TxnOutcome outcome;
            outcome.applied = answer.value("succeeded", false);
            outcome.version = number(answer.value("header", Json::object()), "revision");
            if (outcome.applied) return outcome;
            for (const Json& response : answer.value("responses", Json::array())) {
                const Json range = response.value("response_range", Json::object());
                for (const Json& pair : range.value("kvs", Json::array())) {
                    if (auto entry = entry_of(pair)) outcome.found.push_back(std::move(*entry));
                }
            }
            return outcome;
        });
    }

    void watch(const std::string& prefix, const std::function<void(const WatchBatch&)>& on_batch,
               io::StopToken& stop) override {
        Version seen = 0;
        io::HttpClient client(options_.tls);
        while (!stop.requested()) {
            if (seen == 0) {
                const auto whole = read(prefix, io::within(options_.call_limit * kReadCalls));
                if (!whole) {
                    stop.wait_for(kRetryPause);
                    continue;
                }
                WatchBatch batch{.whole = true, .changes = {}, .version = whole->version};
                for (const Entry& entry : whole->entries) {
                    batch.changes.push_back({entry.key, entry.value, entry.version});
                }
                on_batch(batch);
                seen = whole->version;
            }
            if (!follow(client, prefix, seen, on_batch, stop)) seen = 0;
            if (!stop.requested()) stop.wait_for(kRetryPause);
        }
    }

    std::string describe() const override { return "etcd " + join(options_.endpoints, ", "); }

private:
    // Streams changes after `seen` until the connection ends; false when there is a gap that only a
    // whole read can fill.
    bool follow(io::HttpClient& client, const std::string& prefix, Version& seen,
                const std::function<void(const WatchBatch&)>& on_batch, io::StopToken& stop) {
        const std::string from = options_.root + prefix;
        const Json body{{"create_request",
                         {{"key", base64_encode(from)},
                          {"range_end", base64_encode(range_end(from))},
                          {"start_revision", std::to_string(seen + 1)}}}};
        std::string pending;
        bool gap = false;
        Instant heard = io::now();
        const auto on_data = [&](std::string_view data) {
            heard = io::now();
            pending += data;
            std::size_t end = 0;
            while (!gap && (end = pending.find('\n')) != std::string::npos) {
                gap = !take_line(pending.substr(0, end), seen, on_batch);
                pending.erase(0, end + 1);
            }
            return !gap;
        };
        const auto on_idle = [&] {
            if (stop.requested()) return false;
            if (io::now() - heard < kWatchDoubt) return true;
            heard = io::now();
            return !missed_something(from, seen);
        };
        const auto headers = login(io::within(options_.call_limit));
        if (!headers) return true;
        const auto ended = client.stream({.method = "POST",
                                          .url = endpoint() + "/v3/watch",
                                          .body = body.dump(),
                                          .headers = *headers},
                                         on_data, on_idle, options_.call_limit * 2);
        if (!ended) next_endpoint();
        return !gap;
    }

    // One message of the watch stream; false when it tells of a gap, or is not understood.
    bool take_line(const std::string& line, Version& seen,
                   const std::function<void(const WatchBatch&)>& on_batch) {
        const auto batch = shaped([&] { return changes_of(line); });
        if (!batch) return false;
        if (batch->changes.empty()) return true;
        seen = batch->version;
        on_batch(*batch);
        return true;
    }

    Result<WatchBatch> changes_of(const std::string& line) const {
        const Error gap{Errc::corrupt, "etcd watch: a gap"};
        const Json message = Json::parse(line, nullptr, false);
        const auto result = message.is_object() ? message.find("result") : message.end();
        if (result == message.end() || !result->is_object()) return gap;  // Also: not logged in.
        // Compaction passed us by: what happened between is gone.
        if (result->value("canceled", false) || number(*result, "compact_revision") != 0)
            return gap;
        WatchBatch batch;
        for (const Json& event : result->value("events", Json::array())) {
            auto entry = entry_of(event.value("kv", Json::object()));
            if (!entry) return gap;
            Change change{.key = entry->key, .value = {}, .version = entry->version};
            if (event.value("type", "PUT") != "DELETE") change.value = std::move(entry->value);
            batch.version = std::max(batch.version, change.version);
            batch.changes.push_back(std::move(change));
        }
        return batch;
    }

    // A silent watch is right only while the store has not changed. Its whole version is looked at,
    // because a removed key leaves nothing to find; changes outside of `from` cost a watch that is
    // opened anew. True also when the store cannot be asked.
    bool missed_something(const std::string& from, Version seen) {
        const Json body{{"key", base64_encode(from)}, {"limit", "1"}, {"keys_only", true}};
        const auto answer = call("/v3/kv/range", body, io::within(options_.call_limit));
        if (!answer) return true;
        const auto header = answer->find("header");
        return header == answer->end() || number(*header, "revision") > seen;
    }

    std::optional<Entry> entry_of(const Json& pair) const {
        std::string key = bytes(pair, "key");
        if (!key.starts_with(options_.root)) return {};
        return Entry{.key = key.substr(options_.root.size()),
                     .value = bytes(pair, "value"),
                     .version = number(pair, "mod_revision")};
    }

    Result<Json> call(const char* path, const Json& body, Deadline deadline) {
        auto answer = ask(path, body, deadline);
        if (answer && answer->status == kUnauthorized && !options_.user.empty()) {
            // Tokens run out, and a restarted server has forgotten them: refused, so not applied.
            forget_token();
            answer = ask(path, body, deadline);
        }
        if (!answer) return answer.error();
        const Json json = Json::parse(answer->body, nullptr, false);
        if (answer->status == 200 && json.is_object()) return json;
        const std::string where = endpoint() + path;
        next_endpoint();
        const std::string cause =
            json.is_object() ? json.value("error", answer->body) : answer->body;
        if (answer->status == kUnauthorized || answer->status == kForbidden) {
            return Error{Errc::unavailable,
                         fmt::format("etcd {}: {}: check etcd_user, its password, and its role on "
                                     "the keys below {}",
                                     where, cause, options_.root)};
        }
        // Whatever the gateway says, the proposal may have been made already.
        return Error{Errc::timed_out, fmt::format("etcd {}: {}", where, cause)};
    }

    // One request, with the user's token where the cluster asks for one.
    Result<io::HttpAnswer> ask(const char* path, const Json& body, Deadline deadline) {
        EK_TRY(const std::vector<std::string> headers, login(deadline));
        return post(path, body, headers, deadline);
    }

    Result<io::HttpAnswer> post(const char* path, const Json& body,
                                const std::vector<std::string>& headers, Deadline deadline) {
        auto client = borrow();
        auto answer = client->send(
            {.method = "POST", .url = endpoint() + path, .body = body.dump(), .headers = headers},
            deadline);
        give_back(std::move(client));
        if (!answer) next_endpoint();
        return answer;
    }

    // The headers that say who asks; nothing was sent of the caller's request when this fails.
    Result<std::vector<std::string>> login(Deadline deadline) {
        if (options_.user.empty()) return std::vector<std::string>{};
        {
            Lock lock(mutex_);
            if (!token_.empty()) return std::vector<std::string>{"Authorization: " + token_};
        }
        const Json body{{"name", options_.user}, {"password", options_.password}};
        const auto answer = post("/v3/auth/authenticate", body, {}, deadline);
        if (!answer) return Error{Errc::unavailable, answer.error().what};
        const Json json = Json::parse(answer->body, nullptr, false);
        if (answer->status != 200 || !json.is_object() || !json.contains("token")) {
            return Error{
                Errc::unavailable,
                fmt::format("log in to etcd {} as {}: {}", endpoint(), options_.user,
                            json.is_object() ? json.value("error", answer->body) : answer->body)};
        }
        Lock lock(mutex_);
        token_ = json.value("token", "");
        return std::vector<std::string>{"Authorization: " + token_};
    }

    void forget_token() {
        Lock lock(mutex_);
        token_.clear();
    }

    std::unique_ptr<io::HttpClient> borrow() {
        Lock lock(mutex_);
        if (clients_.empty()) return std::make_unique<io::HttpClient>(options_.tls);
        auto client = std::move(clients_.back());
        clients_.pop_back();
        return client;
    }

    void give_back(std::unique_ptr<io::HttpClient> client) {
        Lock lock(mutex_);
        clients_.push_back(std::move(client));
    }

    std::string endpoint() const {
        return options_.endpoints[current_.load() % options_.endpoints.size()];
    }
    void next_endpoint() { ++current_; }

    const EtcdOptions options_;
    std::atomic<std::size_t> current_{0};
    Mutex mutex_;
    // As many as calls were ever under way at once.
    std::vector<std::unique_ptr<io::HttpClient>> clients_ EK_GUARDED_BY(mutex_);
    std::string token_ EK_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Engine> make_etcd_engine(EtcdOptions options) {
    return std::make_unique<EtcdEngine>(std::move(options));
}

}  // namespace evenkeel::coord
