#include "app/demo_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace evenkeel::app {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

void add_steps(const Json& recovery, std::vector<DemoEvent>& events) {
    const Json steps = recovery.value("steps", Json::array());
    for (const Json& step : steps) {
        const std::int64_t started = number_of(step, "started_ms");
        const std::int64_t finished = number_of(step, "finished_ms");
        const std::string text = text_of(step, "text");
        events.push_back(
            {started, fmt::format("  {} {}{}{}", text_of(step, "name"),
                                  finished == 0 ? text_of(step, "state")
                                                : fmt::format("{} ms", finished - started),
                                  text.empty() ? "" : ": ", text)});
    }
}

Millis median(std::vector<Millis> values) {
    if (values.empty()) return Millis{0};
    std::sort(values.begin(), values.end());
    return values[(values.size() - 1) / 2];
}

Millis maximum(const std::vector<Millis>& values) {
    return values.empty() ? Millis{0} : *std::max_element(values.begin(), values.end());
}

}  // namespace

DemoTally count(const std::vector<WriterRecord>& writers, const std::set<RowKey>& table,
                const std::vector<RowKey>& stream) {
    DemoTally tally;
    std::set<RowKey> streamed;
    for (const RowKey& row : stream) {
        ++tally.stream_rows;
        if (!streamed.insert(row).second) {
            ++tally.stream_duplicates;
        } else if (!table.contains(row)) {
            ++tally.stream_phantoms;
        }
    }
    std::set<RowKey> expected = table;
    for (const WriterRecord& writer : writers) {
        tally.writes_in_doubt += writer.in_doubt.size();
        for (const Ack& ack : writer.acks) {
            ++tally.writes_acknowledged;
            if (!table.contains(ack.row)) ++tally.writes_lost;
            expected.insert(ack.row);
        }
    }
    for (const RowKey& row : expected) {
        if (!streamed.contains(row)) ++tally.stream_missing;
    }
    return tally;
}

Result<std::vector<RowKey>> parse_stream(std::string_view content) {
    std::vector<RowKey> rows;
    std::size_t number = 0;
    while (true) {
        const std::size_t end = content.find('\n');
        if (end == std::string_view::npos) return rows;
        ++number;
        const Json line = Json::parse(content.substr(0, end), nullptr, false);
        content.remove_prefix(end + 1);
        if (line.is_discarded() || !line.is_object()) {
            return Error{Errc::corrupt,
                         fmt::format("read the stream: line {} is not JSON", number)};
        }
        if (text_of(line, "table") != "writes" || text_of(line, "type") != "insert") continue;
        const Json data = line.value("data", Json::object());
        rows.push_back({static_cast<std::uint32_t>(number_of(data, "writer")),
                        static_cast<std::uint64_t>(number_of(data, "seq"))});
    }
}

std::vector<Silence> silences(const std::vector<WriterRecord>& writers, Millis least) {
    std::vector<Instant> acks;
    for (const WriterRecord& writer : writers) {
        for (const Ack& ack : writer.acks) acks.push_back(ack.at);
    }
    std::sort(acks.begin(), acks.end());
    std::vector<Silence> found;
    for (std::size_t i = 1; i < acks.size(); ++i) {
        const Millis length = std::chrono::ceil<Millis>(acks[i] - acks[i - 1]);
        if (length >= least) found.push_back({acks[i - 1], length});
    }
    return found;
}

Millis longest_gap(const std::vector<WriterRecord>& writers, Instant from, Instant to) {
    Millis longest{0};
    for (const Silence& silence : silences(writers, Millis(1))) {
        const Instant end = silence.from + silence.length;
        if (end >= from && end <= to) longest = std::max(longest, silence.length);
    }
    return longest;
}

const Ack* first_ack(const std::vector<WriterRecord>& writers, Instant from) {
    const Ack* first = nullptr;
    for (const WriterRecord& writer : writers) {
        for (const Ack& ack : writer.acks) {
            if (ack.at >= from && (first == nullptr || ack.at < first->at)) first = &ack;
        }
    }
    return first;
}

std::vector<DemoEvent> recovery_events(const std::string& recoveries_json) {
    std::vector<DemoEvent> events;
    const Json json = Json::parse(recoveries_json, nullptr, false);
    if (!json.is_object()) return events;
    for (const Json& recovery : json.value("recoveries", Json::array())) {
        const std::int64_t started = number_of(recovery, "started_ms");
        const std::int64_t finished = number_of(recovery, "finished_ms");
        events.push_back(
            {started, fmt::format("{} of {} starts under epoch {}", text_of(recovery, "kind"),
                                  text_of(recovery, "failed"), number_of(recovery, "epoch"))});
        add_steps(recovery, events);
        if (finished == 0) continue;
        events.push_back(
            {finished, fmt::format("{} {}: {}", text_of(recovery, "kind"),
                                   text_of(recovery, "state"), text_of(recovery, "text"))});
    }
    return events;
}

bool replicates(const std::string& cluster_json, const std::string& server,
                const std::string& source) {
    const Json json = Json::parse(cluster_json, nullptr, false);
    if (!json.is_object()) return false;
    for (const Json& each : json.value("servers", Json::array())) {
        if (text_of(each, "server") != server || text_of(each, "role") != "replica") continue;
        const Json replication = each.value("replication", Json());
        return replication.is_object() && text_of(replication, "source") == source &&
               text_of(replication, "io") == "running" && text_of(replication, "sql") == "running";
    }
    return false;
}

bool DemoRound::ok() const {
    return problem.empty() && old_primary_rejoined && servers_identical &&
           tally.writes_acknowledged > 0 && tally.writes_lost == 0 && tally.stream_missing == 0 &&
           tally.stream_duplicates == 0 && tally.stream_phantoms == 0;
}

std::string timeline(const DemoRound& round, bool colour) {
    std::vector<DemoEvent> events = round.events;
    std::stable_sort(events.begin(), events.end(),
                     [](const DemoEvent& a, const DemoEvent& b) { return a.at_ms < b.at_ms; });
    std::string text;
    for (const DemoEvent& event : events) {
        const std::string at = fmt::format("t{:+} ms", event.at_ms - round.killed_ms);
        const bool step = event.text.starts_with(' ');
        text += fmt::format("{:>14}  {}{}{}\n", at, colour && !step ? "\x1b[1m" : "", event.text,
                            colour && !step ? "\x1b[0m" : "");
    }
    return text;
}

std::string verdict(const DemoRound& round) {
    const DemoTally& tally = round.tally;
    std::string text = fmt::format(
        "{:>14}  writes acknowledged, {} lost ({} in doubt when their connection ended)\n"
        "{:>14}  rows in the change stream: {} missing, {} repeated, {} that never happened\n"
        "{:>14}  without an acknowledged write when the primary died; {} when the leading node "
        "did\n"
        "{:>14}  without a leader when its node died\n",
        tally.writes_acknowledged, tally.writes_lost, tally.writes_in_doubt, tally.stream_rows,
        tally.stream_missing, tally.stream_duplicates, tally.stream_phantoms,
        fmt::format("{} ms", round.write_gap.count()),
        fmt::format("{} ms", round.write_gap_leader_kill.count()),
        fmt::format("{} ms", round.leader_gap.count()));
    if (!round.problem.empty()) text += fmt::format("FAILED: {}\n", round.problem);
    if (!round.old_primary_rejoined) text += "FAILED: the old primary did not come back\n";
    if (!round.servers_identical) text += "FAILED: the servers do not hold the same rows\n";
    text += round.ok() ? "Nothing was lost, nothing was repeated.\n" : "NOT GOOD: see above.\n";
    return text;
}

std::string summary_json(const std::vector<DemoRound>& rounds) {
    DemoTally sum;
    std::vector<Millis> write_gaps;
    std::vector<Millis> write_gaps_leader;
    std::vector<Millis> leader_gaps;
    std::size_t good = 0;
    bool rejoined = !rounds.empty();
    std::string problem;
    for (const DemoRound& round : rounds) {
        sum.writes_acknowledged += round.tally.writes_acknowledged;
        sum.writes_in_doubt += round.tally.writes_in_doubt;
        sum.writes_lost += round.tally.writes_lost;
        sum.stream_rows += round.tally.stream_rows;
        sum.stream_missing += round.tally.stream_missing;
        sum.stream_duplicates += round.tally.stream_duplicates;
        sum.stream_phantoms += round.tally.stream_phantoms;
        write_gaps.push_back(round.write_gap);
        write_gaps_leader.push_back(round.write_gap_leader_kill);
        leader_gaps.push_back(round.leader_gap);
        rejoined = rejoined && round.old_primary_rejoined;
        if (round.ok()) ++good;
        if (problem.empty()) problem = round.problem;
    }
    const bool ok = good == rounds.size() && good > 0;
    return fmt::format(
        R"({{"writes_acknowledged":{},"writes_lost":{},"stream_missing":{},"stream_duplicates":{},)"
        R"("write_gap_ms":{},"leader_gap_ms":{},"new_primary":{},"old_primary_rejoined":{},)"
        R"("ok":{},"rounds":{},"rounds_ok":{},"write_gap_ms_p50":{},"write_gap_ms_max":{},)"
        R"("leader_gap_ms_p50":{},"leader_gap_ms_max":{},"write_gap_leader_kill_ms_max":{},)"
        R"("writes_in_doubt":{},"stream_rows":{},"stream_phantoms":{},"problem":{}}})",
        sum.writes_acknowledged, sum.writes_lost, sum.stream_missing, sum.stream_duplicates,
        median(write_gaps).count(), median(leader_gaps).count(),
        json_quote(rounds.empty() ? "" : rounds.back().new_primary), rejoined, ok, rounds.size(),
        good, median(write_gaps).count(), maximum(write_gaps).count(), median(leader_gaps).count(),
        maximum(leader_gaps).count(), maximum(write_gaps_leader).count(), sum.writes_in_doubt,
        sum.stream_rows, sum.stream_phantoms, problem.empty() ? "null" : json_quote(problem));
}

}  // namespace evenkeel::app
