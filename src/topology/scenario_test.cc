// Runs tests/scenarios/*.txt: what an operator would tell of an outage, and what has to follow.
//
//   servers   a primary; b, c replicas of a      the tree; ids 1, 2, … in this order
//   nodes     3                                  of the group; node 1 leads and its view is used
//   fact      primary b, fenced a                default: the primary of the tree; or: none
//   state     b received 90, applied 80; c log_bin off
//   event     a gone for nodes 1, 2; b, c io stopped
//   record    failover of a, done fence stop_io, chosen c
//   since     failover 5000, asked 300           milliseconds
//   policy    failover off                       or: allow loss
//   analysis  a dead_primary                     findings that there have to be; "nothing": none
//   plan      failover a                         the plan; "nothing" for none
//   why       c has received the most            part of its reason
//
// Lines are taken in order; each expectation is about everything above it.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "topology/analysis.h"
#include "topology/recovery_plan.h"

namespace evenkeel::topology {
namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view text) {
    Words words;
    std::istringstream in{std::string(text)};
    for (std::string word; in >> word;) {
        while (!word.empty() && (word.back() == ',' || word.back() == ':')) word.pop_back();
        if (!word.empty()) words.push_back(word);
    }
    return words;
}

std::uint64_t number(const std::string& word) {
    return parse_number(word).value_or(0);
}

class Scenario {
public:
    void line(const std::string& text) {
        const auto space = text.find(' ');
        const std::string key = text.substr(0, space);
        const std::string rest(trim(text.substr(std::min(space, text.size()))));
        if (key == "servers") return each_clause(rest, [&](auto& clause) { servers(clause); });
        if (key == "state" || key == "event") {
            return each_clause(rest, [&](auto& clause) { change(clause); });
        }
        if (key == "nodes") return nodes(number(rest));
        if (key == "fact") return fact(rest);
        if (key == "record") return record(rest);
        if (key == "since") return since(words_of(rest));
        if (key == "policy") return policy(rest);
        if (key == "analysis") return expect_analysis(rest);
        if (key == "plan") return expect_plan(rest);
        if (key == "why") return expect_why(rest);
        FAIL() << "unknown line: " << text;
    }

private:
    static void each_clause(const std::string& text,
                            const std::function<void(const std::string&)>& f) {
        for (const std::string& clause : split(text, ';')) f(std::string(trim(clause)));
    }
    static ServerId id(const std::string& name) { return {.host = name, .port = 3306}; }
    // "c" in an expectation stands for "c:3306" in a text.
    std::string named(const std::string& text) const {
        std::string result;
        for (const std::string& word : split(text, ' ')) {
            const bool server = now_.view.servers.contains(id(word));
            result += (result.empty() ? "" : " ") + (server ? id(word).str() : word);
        }
        return result;
    }
    ServerView& server(const std::string& name) { return now_.view.servers[id(name)]; }

    void servers(const std::string& clause) {
        const Words words = words_of(clause);
        const auto role = std::find_if(words.begin(), words.end(), [](const std::string& word) {
            return word == "primary" || word.starts_with("replica");
        });
        for (auto name = words.begin(); name != role; ++name) {
            ServerView& view = server(*name);
            view = {.id = id(*name),
                    .health = Health::alive,
                    .server_id = ++last_id_,
                    .read_only = *role != "primary",
                    .log_bin = true,
                    .log_replica_updates = true,
                    .binlog_format = "ROW",
                    .probed_at = Instant{Millis(1)}};
            has(view, 100);
            if (*role == "primary") {
                primary_ = *name;
                now_.fact = ClusterFact{.cluster = "main", .primary = id(*name)};
                continue;
            }
            view.replication = Replication{.source = id(words.back()),
                                           .io = ThreadState::running,
                                           .sql = ThreadState::running,
                                           .uses_gtid = true};
            received(view, 100);
            if (now_.fact->primary == id(words.back())) now_.fact->replicas.push_back(id(*name));
        }
        nodes(1);
    }

    // Transactions of the tree's first primary.
    void has(ServerView& view, std::uint64_t sequence) {
        view.applied.set({0, 1, sequence});
        view.binlog_state.set({0, 1, sequence});
    }
    static void received(ServerView& view, std::uint64_t sequence) {
        view.replication->received.set({0, 1, sequence});
    }

    void change(const std::string& clause) {
        const auto cut = clause.find(" for nodes ");
        const Words words = words_of(clause.substr(0, cut));
        std::vector<std::string> subjects;
        std::size_t next = 0;
        while (next < words.size() && now_.view.servers.contains(id(words[next]))) {
            subjects.push_back(words[next++]);
        }
        ASSERT_FALSE(subjects.empty()) << clause;
        std::vector<std::size_t> nodes;
        if (cut != std::string::npos) {
            for (const auto& node : words_of(clause.substr(cut + 11)))
                nodes.push_back(number(node));
        }
        for (const std::string& subject : subjects) {
            for (std::size_t i = next; i < words.size(); ++i) {
                const std::string value = i + 1 < words.size() ? words[i + 1] : "";
                if (set(subject, words[i], value, nodes)) ++i;
            }
        }
    }

    static ThreadState thread(const std::string& word) {
        if (word == "running") return ThreadState::running;
        return word == "stopped" ? ThreadState::stopped : ThreadState::connecting;
    }

    // True when `value` belonged to `what`.
    bool set(const std::string& name, const std::string& what, const std::string& value,
             const std::vector<std::size_t>& nodes) {
        ServerView& view = server(name);
        if (what == "alive" || what == "gone" || what == "silent" || what == "denied") {
            health(view, what, nodes);
            return false;
        }
        if (what == "writable" || what == "read_only")
            return view.read_only = what[0] == 'r', false;
        if (what == "semi_sync") return view.semi_sync_replica = true, false;
        if (what == "unsettled") return view.may_keep = true, false;
        if (what == "waits") return view.semi_sync_primary = true, false;  // For acknowledgements.
        if (what == "unattached") return view.replication.reset(), false;
        if (what == "received") {
            received(view, number(value));
            has(view, number(value));
        } else if (what == "applied" || what == "has") {
            has(view, number(value));
        } else if (what == "wrote") {  // Itself, as a primary or behind everybody's back.
            view.applied.set({0, view.server_id, number(value)});
            view.binlog_state.set({0, view.server_id, number(value)});
        } else if (what == "follows") {
            if (!view.replication) {
                view.replication = Replication{.sql = ThreadState::running, .uses_gtid = true};
            }
            view.replication->source = id(value);
            view.replication->io = ThreadState::running;
        } else if (what == "io") {
            view.replication->io = thread(value);
        } else if (what == "sql") {
            view.replication->sql = thread(value);
        } else if (what == "log_bin") {
            view.log_bin = value == "on";
        } else if (what == "log_slave_updates") {
            view.log_replica_updates = value == "on";
        } else if (what == "format") {
            view.binlog_format = value;
        } else {
            ADD_FAILURE() << "unknown state: " << what;
        }
        return true;
    }

    void health(ServerView& view, const std::string& what, const std::vector<std::size_t>& nodes) {
        const auto seen_by = [&](std::size_t node) {
            return nodes.empty() || std::find(nodes.begin(), nodes.end(), node) != nodes.end();
        };
        if (seen_by(1)) {
            view.health = what == "alive"    ? Health::alive
                          : what == "gone"   ? Health::gone
                          : what == "silent" ? Health::silent
                                             : Health::denied;
            view.reason = what;
        }
        if (!now_.fact || now_.fact->primary != view.id) return;
        for (std::size_t node = 1; node <= now_.verdicts.size(); ++node) {
            if (!seen_by(node)) continue;
            now_.verdicts[node - 1].verdict =
                what == "gone" ? "dead" : (what == "silent" ? "silent" : "alive");
        }
    }

    void nodes(std::uint64_t count) {
        now_.self = "1";
        now_.leads = true;
        now_.group_size = count;
        now_.verdicts.clear();
        for (std::uint64_t node = 1; node <= count; ++node) {
            now_.verdicts.push_back({std::to_string(node), "alive", ""});
        }
    }

    void fact(const std::string& text) {
        if (text == "none") return now_.fact.reset();
        const Words words = words_of(text);
        now_.fact->primary.reset();
        now_.fact->replicas.clear();
        std::string list;
        for (const std::string& word : words) {
            if (word == "primary" || word == "fenced" || word == "replicas") {
                list = word;
            } else if (list == "primary") {
                now_.fact->primary = id(word);
            } else {
                (list == "fenced" ? now_.fact->fenced : now_.fact->replicas).push_back(id(word));
            }
        }
    }

    void record(const std::string& text) {
        RecoveryRecord record{.id = "r1", .kind = "failover", .state = "running"};
        const Words words = words_of(text);
        for (std::size_t i = 0; i + 1 < words.size(); ++i) {
            if (words[i] == "of") record.failed = id(words[i + 1]).str();
            if (words[i] == "chosen") record.successor = id(words[i + 1]).str();
            if (words[i] != "done") continue;
            while (i + 1 < words.size() && words[i + 1] != "chosen") {
                record.steps.push_back({.name = words[++i], .state = "done"});
            }
        }
        record.kind = words.front();
        (record.kind == "failover" ? now_.unfinished : now_.asking) = record;
    }

    void policy(const std::string& text) {
        if (text == "failover off") now_.policy.failover = false;
        if (text == "allow loss") now_.policy.allow_loss = true;
    }

    void since(const Words& words) {
        for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
            const Millis passed(static_cast<std::int64_t>(number(words[i + 1])));
            (words[i] == "asked" ? now_.since_asked : now_.since_failover) = passed;
        }
    }

    Plan plan() const {
        Plan plan = plan_recovery(now_);
        if (plan.action != Action::none) return plan;
        Plan chore = plan_upkeep(now_);
        return chore.action != Action::none || !chore.why.empty() ? chore : plan;
    }

    void expect_analysis(const std::string& text) {
        std::string found;
        for (const Finding& finding : analyse(now_.view, now_.fact)) {
            found += finding.server.host + " " + finding.code + ";";
        }
        if (text == "nothing") {
            EXPECT_EQ(found, "");
            return;
        }
        each_clause(text, [&](const std::string& clause) {
            EXPECT_THAT(";" + found, testing::HasSubstr(";" + clause + ";"));
        });
    }

    void expect_why(const std::string& text) {
        EXPECT_THAT(plan().why, testing::HasSubstr(named(text)));
    }

    void expect_plan(const std::string& text) {
        const Plan planned = plan();
        std::string found = to_string(planned.action);
        if (planned.action != Action::none) found += " " + planned.server.host;
        EXPECT_EQ(found, text) << planned.why;
    }

    Situation now_{};
    std::string primary_;
    std::uint32_t last_id_ = 0;
};

std::string folder() {
    return (std::filesystem::path(__FILE__).parent_path() / "../../tests/scenarios").string();
}

std::vector<std::string> scenario_files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
        if (entry.path().extension() == ".txt") files.push_back(entry.path().stem().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

class Scenarios : public testing::TestWithParam<std::string> {};

TEST_P(Scenarios, Follows) {
    std::ifstream file(folder() + "/" + GetParam() + ".txt");
    Scenario scenario;
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        SCOPED_TRACE(GetParam() + ".txt:" + std::to_string(++number) + ": " + line);
        if (trim(line).empty() || line[0] == '#') continue;
        scenario.line(line);
    }
}

INSTANTIATE_TEST_SUITE_P(Text, Scenarios, testing::ValuesIn(scenario_files()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace evenkeel::topology
