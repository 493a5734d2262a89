// What came of a round of the demo: counts, gaps, a timeline, a verdict. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/demo_load.h"
#include "base/result.h"

namespace evenkeel::app {

struct DemoTally {
    std::uint64_t writes_acknowledged = 0;
    std::uint64_t writes_in_doubt = 0;  // The client was not told; either outcome is right.
    std::uint64_t writes_lost = 0;      // Acknowledged, and not in the primary's table.
    std::uint64_t stream_rows = 0;
    std::uint64_t stream_missing = 0;     // Acknowledged or in the table, and not in the stream.
    std::uint64_t stream_duplicates = 0;  // In the stream again.
    std::uint64_t stream_phantoms = 0;    // In the stream, and not in the table.
};

DemoTally count(const std::vector<WriterRecord>& writers, const std::set<RowKey>& table,
                const std::vector<RowKey>& stream);

// The inserts into demo.writes of a stream's file. A last line without an end is still being
// written. Errors: corrupt  a line is not JSON.
Result<std::vector<RowKey>> parse_stream(std::string_view content);

// The longest time between two acknowledgements next to each other, the second of them within
// [from, to].
Millis longest_gap(const std::vector<WriterRecord>& writers, Instant from, Instant to);

struct Silence {
    Instant from{};  // The last acknowledgement before it.
    Millis length{0};
};
// Every time of at least `least` between two acknowledgements next to each other.
std::vector<Silence> silences(const std::vector<WriterRecord>& writers, Millis least);

// The first acknowledgement at or after `from`; null: none.
const Ack* first_ack(const std::vector<WriterRecord>& writers, Instant from);

struct DemoEvent {
    std::int64_t at_ms = 0;  // Wall clock.
    std::string text{};
};

// What /api/v1/recoveries says, as events.
std::vector<DemoEvent> recovery_events(const std::string& recoveries_json);
// The cluster's answer says that `server` replicates from `source`.
bool replicates(const std::string& cluster_json, const std::string& server,
                const std::string& source);

struct DemoRound {
    DemoTally tally{};
    Millis write_gap{0};              // Around the primary's death.
    Millis write_gap_leader_kill{0};  // Around the leading node's death.
    Millis leader_gap{0};
    std::string new_primary{};
    bool old_primary_rejoined = false;
    bool servers_identical = false;
    std::string problem{};  // What kept the round from its end; empty: nothing.
    std::vector<DemoEvent> events{};
    std::int64_t killed_ms = 0;  // Wall clock of the primary's death: the timeline's zero.

    bool ok() const;
};

std::string timeline(const DemoRound& round, bool colour);
std::string verdict(const DemoRound& round);
// One line, one object: sums of the counts over all rounds, medians and maxima of the gaps.
std::string summary_json(const std::vector<DemoRound>& rounds);

}  // namespace evenkeel::app
