#include "coord/engines/zookeeper_engine.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "coord/engines/zookeeper_client.h"
#include "coord/engines/zookeeper_records.h"
#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::coord {
namespace {

using Code = NodeAnswer::Code;

constexpr Millis kReadLimit{1000};
constexpr Millis kWatchRetryPause{50};
// A watch that was silent for this long is compared with the ensemble.
constexpr Millis kWatchDoubt{1000};
constexpr Millis kStopTick{50};
// Reads that are sent without waiting for answers.
constexpr std::size_t kReadsAtOnce = 200;

// Losers of a race for the head that all came back at once would race again.
class Jitter {
public:
    Millis next() {
        pause_max_ = std::min(pause_max_ * 2, 32);
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return Millis(static_cast<int>((state_ >> 33) % static_cast<unsigned>(pause_max_)));
    }

private:
    std::uint64_t state_ = static_cast<std::uint64_t>(io::now().time_since_epoch().count());
    int pause_max_ = 1;
};

ZookeeperServers servers_of(const ZookeeperOptions& options) {
    ZookeeperServers servers{.addresses = {},
                             .user = options.user,
                             .password = options.password,
                             .session_timeout = options.session_timeout,
                             .connection_timeout = options.connection_timeout,
                             .outage_reported = options.retry_wait * options.max_retries,
                             .retry_wait = options.retry_wait};
    const std::string list = options.servers.substr(0, options.servers.find('/'));
    for (const std::string& part : split(list, ',')) {
        const std::string address(trim(part));
        if (address.empty()) continue;
        const bool has_port = address.rfind(':') != std::string::npos && address.back() != ']';
        servers.addresses.push_back(has_port ? address : address + ":2181");
    }
    if (servers.addresses.empty()) servers.addresses.push_back("127.0.0.1:2181");
    return servers;
}

// One "/" before each component, none at the end.
std::string root_of(const ZookeeperOptions& options) {
    const auto folder = options.servers.find('/');
    std::string path = options.root;
    if (folder != std::string::npos) path = options.servers.substr(folder) + "/" + path;
    std::string root;
    for (const std::string& part : split(path, '/')) {
        if (!part.empty()) root += "/" + part;
    }
    if (root.empty()) return "/evenkeel";  // Its own top node belongs to the ensemble.
    return root;
}

// What keys are, as of one version of the map.
struct State {
    Head head{};
    std::map<std::string, std::optional<Entry>> keys{};  // Nothing: the key does not exist.
    bool whole = false;                        // All keys that exist are there, not only changes.
    std::map<std::string, Version> changed{};  // When the keys that were told changed last.
};

// The map, read node by node. Thread-safe as the client is.
class ZookeeperMap {
public:
    ZookeeperMap(const ZookeeperServers& servers, std::string root)
        : client(servers), root_(std::move(root)) {}

    std::string head_path() const { return root_ + "/head"; }
    std::string map_path() const { return root_ + "/map"; }
    std::string path(const std::string& key) const { return map_path() + "/" + node_name(key); }

    // Nothing: there is no map yet.
    Result<std::optional<Head>> head(NodeRead::Kind kind, bool synced, Deadline deadline) {
        std::vector<NodeRead> reads;
        if (synced) reads.push_back({NodeRead::Kind::sync, root_});
        reads.push_back({kind, head_path()});
        EK_TRY(const auto answers, client.read(reads, deadline));
        return head_of(answers.back());
    }

    // The head, then `keys`: each is as the head says, or newer.
    Result<std::optional<State>> look(const std::set<std::string>& keys, bool synced,
                                      Deadline deadline) {
        std::vector<NodeRead> reads;
        if (synced) reads.push_back({NodeRead::Kind::sync, root_});
        reads.push_back({NodeRead::Kind::data, head_path()});
        for (const std::string& key : keys) reads.push_back({NodeRead::Kind::data, path(key)});
        EK_TRY(const auto answers, client.read(reads, deadline));
        const std::size_t first = synced ? 2 : 1;
        EK_TRY(const auto head, head_of(answers[first - 1]));
        if (!head) return std::optional<State>();
        State state;
        state.head = *head;
        std::size_t i = first;
        for (const std::string& key : keys) state.keys[key] = entry_of(key, answers[i++]);
        return std::optional<State>(std::move(state));
    }

    // All keys under `prefix`, or (from `seen` on) those that may have changed, as of one version:
    // read again what was changed meanwhile until nothing was.
    // Errors: conflict  a server that is behind answered: read again.
    Result<State> settle(Head head, const std::string& prefix, Version seen, Deadline deadline) {
        State state;
        state.head = std::move(head);
        Version from = seen;
        while (true) {
            const auto changed = changed_since(state.head, from);
            std::vector<std::string> keys;
            if (changed) {
                for (const auto& [key, version] : *changed) {
                    if (!key.starts_with(prefix)) continue;
                    keys.push_back(key);
                    state.changed[key] = version;
                }
            } else {
                EK_TRY(keys, list(prefix, deadline));
                state.whole = true;
                for (auto& [key, entry] : state.keys) entry.reset();
            }
            EK_TRY(const Head after, fetch(keys, state, deadline));
            if (after.version == state.head.version) return state;
            if (after.version < state.head.version) {
                return Error{Errc::conflict, "zookeeper: a server is behind"};
            }
            from = state.head.version;
            state.head = after;
        }
    }

    // Makes what is missing, and says what is wrong with what is there.
    // Errors: corrupt, invalid  a person has to look.
    Result<> lay_out(Deadline deadline) {
        EK_TRY(const auto answers,
               client.read({{NodeRead::Kind::sync, root_}, {NodeRead::Kind::children, root_}},
                           deadline));
        if (answers.back().code == Code::no_node) EK_TRY_VOID(make_root(deadline));
        const auto& names = answers.back().children;
        const auto has = [&](const char* name) {
            return std::find(names.begin(), names.end(), name) != names.end();
        };
        if (has("head") && has("map")) return {};
        if (has("head") || has("map")) {
            return Error{Errc::corrupt,
                         fmt::format("zookeeper: {} has no node `{}`: somebody removed it: restore "
                                     "it, or stop all nodes of the group and remove the whole "
                                     "root with `deleteall {}` in zkCli.sh to start anew",
                                     root_, has("head") ? "map" : "head", root_)};
        }
        if (!names.empty()) {
            return Error{Errc::invalid,
                         fmt::format("zookeeper: {} belongs to something else (it has `{}`): "
                                     "choose another root",
                                     root_, names.front())};
        }
        EK_TRY_VOID(client.write(
            {{.kind = NodeWrite::Kind::create, .path = head_path(), .data = first_head()},
             {.kind = NodeWrite::Kind::create, .path = map_path()}},
            deadline));
        return {};
    }

    ZookeeperClient client;

private:
    Result<std::optional<Head>> head_of(const NodeAnswer& answer) const {
        if (answer.code != Code::ok) return std::optional<Head>();
        auto head = read_head(answer.data, answer.zxid, answer.version);
        if (head) return std::optional<Head>(std::move(*head));
        return Error{Errc::corrupt,
                     fmt::format("zookeeper: {} is {}: another program uses this root, or the node "
                                 "was edited: choose another root, or stop all nodes of the group "
                                 "and remove it with `deleteall {}` in zkCli.sh to start anew",
                                 head_path(), head.error().what, root_)};
    }

    static std::optional<Entry> entry_of(const std::string& key, const NodeAnswer& answer) {
        if (answer.code != Code::ok) return {};
        return Entry{.key = key, .value = answer.data, .version = answer.zxid};
    }

    Result<std::vector<std::string>> list(const std::string& prefix, Deadline deadline) {
        EK_TRY(const auto answers, client.read({{NodeRead::Kind::children, map_path()}}, deadline));
        if (answers[0].code != Code::ok) EK_TRY_VOID(lay_out(deadline));
        std::vector<std::string> keys;
        for (const std::string& name : answers[0].children) {
            auto key = key_of_node(name);
            if (key && key->starts_with(prefix)) keys.push_back(std::move(*key));
        }
        return keys;
    }

    // Puts `keys` into `state`; the head as it is after that.
    Result<Head> fetch(const std::vector<std::string>& keys, State& state, Deadline deadline) {
        for (std::size_t begin = 0;; begin += kReadsAtOnce) {
            const std::size_t end = std::min(begin + kReadsAtOnce, keys.size());
            std::vector<NodeRead> reads;
            for (std::size_t i = begin; i < end; ++i) {
                reads.push_back({NodeRead::Kind::data, path(keys[i])});
            }
            reads.push_back({NodeRead::Kind::data, head_path()});
            EK_TRY(const auto answers, client.read(reads, deadline));
            for (std::size_t i = begin; i < end; ++i) {
                state.keys[keys[i]] = entry_of(keys[i], answers[i - begin]);
            }
            if (end < keys.size()) continue;
            EK_TRY(auto head, head_of(answers.back()));
            if (!head) return Error{Errc::conflict, "zookeeper: the map is gone"};
            return std::move(*head);
        }
    }

    Result<> make_root(Deadline deadline) {
        for (std::size_t end = root_.find('/', 1);; end = root_.find('/', end + 1)) {
            const std::string folder = root_.substr(0, end);
            EK_TRY_VOID(
                client.write({{.kind = NodeWrite::Kind::create, .path = folder}}, deadline));
            if (end == std::string::npos) return {};
        }
    }

    const std::string root_;
};

class ZookeeperEngine final : public Engine {
public:
    explicit ZookeeperEngine(const ZookeeperOptions& options)
        : servers_(servers_of(options)),
          root_(root_of(options)),
          head_changes_max_(options.head_changes_max),
          map_(servers_, root_) {}

    Result<Snapshot> read(const std::string& prefix, Deadline deadline) override {
        for (bool again = false;; again = true) {
            EK_TRY(auto head, map_.head(NodeRead::Kind::data, again, deadline));
            if (!head) {
                EK_TRY_VOID(map_.lay_out(deadline));
                continue;
            }
            auto state = map_.settle(std::move(*head), prefix, 0, deadline);
            if (!state && state.error().code == Errc::conflict) continue;
            EK_TRY(const State settled, std::move(state));
            // A server that is behind must not be believed.
            const auto current = map_.client.write({unchanged(settled.head)}, deadline);
            if (!current && current.error().code != Errc::timed_out) return current.error();
            if (current && current->code == Code::ok) return snapshot_of(settled);
            if (deadline.passed(io::now())) {
                return Error{Errc::unavailable,
                             fmt::format("zookeeper: read {}: no agreement in time", prefix)};
            }
        }
    }

    Result<TxnOutcome> txn(const Txn& txn, Deadline deadline) override {
        std::set<std::string> keys;
        for (const Compare& compare : txn.compares) keys.insert(compare.key);
        for (const Op& op : txn.ops) keys.insert(op.key);
        Jitter jitter;
        io::StopToken pause;
        for (bool again = false;; again = true) {
            EK_TRY(const auto state, map_.look(keys, again, deadline));
            if (!state) {
                EK_TRY_VOID(not_begun(map_.lay_out(deadline)));
                continue;
            }
            const Attempt attempt = plan(txn, *state);
            EK_TRY(const NodeAnswer answer, map_.client.write(attempt.writes, deadline));
            if (answer.code == Code::ok) return outcome_of(attempt, answer);
            // Somebody was faster; or the folder of keys is gone, and no repeat will help.
            if (again && answer.code == Code::no_node) {
                EK_TRY_VOID(not_begun(map_.lay_out(deadline)));
            }
            if (again) pause.wait_for(std::min(jitter.next(), deadline.left(io::now())));
            if (deadline.passed(io::now())) {
                return Error{Errc::unavailable,
                             "zookeeper: transaction: others were faster until the deadline"};
            }
        }
    }

    void watch(const std::string& prefix, const std::function<void(const WatchBatch&)>& on_batch,
               io::StopToken& stop) override {
        // A connection of its own: within a session reads wait for the writes before them.
        ZookeeperMap map(servers_, root_);
        Follower follower{.map = map, .prefix = prefix};
        bool doubt = false;
        while (!stop.requested()) {
            const std::uint64_t events = map.client.events();
            const auto batch = follower.catch_up(doubt, io::within(kReadLimit));
            if (!batch) {
                follower.complain(batch.error());
                doubt = true;
                stop.wait_for(kWatchRetryPause);
                continue;
            }
            follower.complaint.clear();
            if (*batch) on_batch(**batch);
            const Instant silent = io::now();
            while (!stop.requested() && map.client.events() == events &&
                   io::now() - silent < kWatchDoubt) {
                map.client.wait_event(events, kStopTick);
            }
            doubt = map.client.events() == events;
        }
    }

    std::string describe() const override {
        return fmt::format("zookeeper {} ({})", join(servers_.addresses, ", "), root_);
    }

private:
    // What one multi() does, and what its success means.
    struct Attempt {
        std::vector<NodeWrite> writes{};
        TxnOutcome outcome{};
    };

    // One watch: where it is, and what it complained of.
    struct Follower {
        ZookeeperMap& map;
        const std::string& prefix;
        Version seen = 0;
        std::string complaint{};

        // What is new since the last time; nothing when nothing is.
        Result<std::optional<WatchBatch>> catch_up(bool doubt, Deadline deadline) {
            EK_TRY(auto head, map.head(NodeRead::Kind::watched_data, doubt, deadline));
            if (!head) {
                EK_TRY_VOID(map.lay_out(deadline));
                return Error{Errc::unavailable, "zookeeper: watch: the map was just made"};
            }
            if (head->version < seen) {
                return Error{Errc::unavailable,
                             "zookeeper: watch: the servers have an older state than was seen: one "
                             "is behind; or they were restored from an old copy, then restart the "
                             "nodes of the group"};
            }
            if (head->version == seen) return std::optional<WatchBatch>();
            EK_TRY(const State state, map.settle(std::move(*head), prefix, seen, deadline));
            seen = state.head.version;
            return batch_of(state);
        }

        static std::optional<WatchBatch> batch_of(const State& state) {
            WatchBatch batch{.whole = state.whole, .changes = {}, .version = state.head.version};
            for (const auto& [key, entry] : state.keys) {
                if (entry) {
                    batch.changes.push_back({key, entry->value, entry->version});
                } else if (!state.whole) {
                    batch.changes.push_back({key, std::nullopt, state.changed.at(key)});
                }
            }
            if (!batch.whole && batch.changes.empty()) return {};
            std::stable_sort(
                batch.changes.begin(), batch.changes.end(),
                [](const Change& a, const Change& b) { return a.version < b.version; });
            return batch;
        }

        // Once for each cause.
        void complain(const Error& error) {
            const bool person = error.code != Errc::unavailable && error.code != Errc::conflict &&
                                error.code != Errc::timed_out;
            if (error.what == complaint) return;
            complaint = error.what;
            log::write(person ? log::Level::warn : log::Level::debug, "zookeeper",
                       "watch: " + error.what);
        }
    };

    NodeWrite unchanged(const Head& head) const {
        return {.kind = NodeWrite::Kind::check,
                .path = map_.head_path(),
                .data = {},
                .version = head.data_version};
    }

    static Snapshot snapshot_of(const State& state) {
        Snapshot snapshot{.entries = {}, .version = state.head.version};
        for (const auto& [key, entry] : state.keys) {
            if (entry) snapshot.entries.push_back(*entry);
        }
        return snapshot;
    }

    // Making the root is no part of a transaction: whatever became of it, the transaction was not
    // sent.
    static Result<> not_begun(Result<> made) {
        if (!made && made.error().code == Errc::timed_out) {
            return Error{Errc::unavailable, made.error().what};
        }
        return made;
    }

    Attempt plan(const Txn& txn, const State& state) const {
        Attempt attempt;
        attempt.outcome.applied = true;
        std::set<std::string> compared;
        for (const Compare& compare : txn.compares) {
            const auto& entry = state.keys.at(compare.key);
            if (entry && compared.insert(compare.key).second) {
                attempt.outcome.found.push_back(*entry);
            }
            if ((entry ? entry->version : 0) != compare.version) attempt.outcome.applied = false;
        }
        if (attempt.outcome.applied) {
            attempt.outcome.found.clear();
            attempt.writes = writes_of(txn, state);
        }
        if (attempt.writes.empty()) {
            attempt.writes = {unchanged(state.head)};
            attempt.outcome.version = state.head.version;
        }
        return attempt;
    }

    std::vector<NodeWrite> writes_of(const Txn& txn, const State& state) const {
        std::map<std::string, bool> exists;
        for (const auto& [key, entry] : state.keys) exists[key] = entry.has_value();
        std::vector<NodeWrite> writes;
        std::set<std::string> changed;
        for (const Op& op : txn.ops) {
            bool& there = exists[op.key];
            if (!there && !op.value) continue;
            const auto kind = !op.value ? NodeWrite::Kind::remove
                              : there   ? NodeWrite::Kind::set
                                        : NodeWrite::Kind::create;
            writes.push_back({.kind = kind,
                              .path = map_.path(op.key),
                              .data = op.value.value_or(""),
                              .version = -1});
            there = op.value.has_value();
            changed.insert(op.key);
        }
        if (writes.empty()) return {};
        // First, so that a lost race is told as such.
        auto head = head_writes(state.head, {changed.begin(), changed.end()});
        writes.insert(writes.begin(), head.begin(), head.end());
        return writes;
    }

    std::vector<NodeWrite> head_writes(const Head& head,
                                       const std::vector<std::string>& keys) const {
        const std::string path = map_.head_path();
        const std::string content = next_head(head, keys);
        if (head.data_version < head_changes_max_) {
            return {{.kind = NodeWrite::Kind::set,
                     .path = path,
                     .data = content,
                     .version = head.data_version}};
        }
        // The set only tells the zxid.
        return {{.kind = NodeWrite::Kind::remove,
                 .path = path,
                 .data = {},
                 .version = head.data_version},
                {.kind = NodeWrite::Kind::create, .path = path, .data = content},
                {.kind = NodeWrite::Kind::set, .path = path, .data = content, .version = 0}};
    }

    static TxnOutcome outcome_of(const Attempt& attempt, const NodeAnswer& answer) {
        TxnOutcome outcome = attempt.outcome;
        if (attempt.writes.front().kind != NodeWrite::Kind::check) outcome.version = answer.zxid;
        return outcome;
    }

    const ZookeeperServers servers_;
    const std::string root_;
    const std::int32_t head_changes_max_;
    ZookeeperMap map_;
};

}  // namespace

std::unique_ptr<Engine> make_zookeeper_engine(ZookeeperOptions options) {
    return std::make_unique<ZookeeperEngine>(options);
}

}  // namespace evenkeel::coord
