#include "bench/cdc/report.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "bench/cdc/machine.h"

namespace evenkeel::bench {
namespace {

// "0.83", "17.2", "2278": three digits are what such a measurement is good for.
std::string short_number(double value) {
    if (value >= 100 || value <= -100) return fmt::format("{:.0f}", value);
    return fmt::format("{:.{}f}", value, value >= 10 ? 1 : 2);
}

std::string number_or_null(std::optional<double> value) {
    return value ? fmt::format("{:.4f}", *value) : "null";
}

std::string json_of(const Line& line) {
    if (!line.missing.empty()) {
        return fmt::format(R"({}:{{"skipped":{}}})", json_quote(line.name),
                           json_quote(line.missing));
    }
    return fmt::format(
        R"({}:{{"rows":{},"bytes":{},"wall_s":{:.4f},"start_s":{:.4f},"mb_per_s":{:.2f},)"
        R"("rows_per_s":{:.0f},"cpu_us_per_row":{:.4f},"rss_mib":{:.1f}}})",
        json_quote(line.name), line.rows, line.bytes, line.cost.wall_s, line.start_s(),
        line.mb_per_s(), line.rows_per_s(), line.cpu_us_per_row(), line.cost.rss_mib);
}

std::string json_of(const SetResult& set) {
    std::vector<std::string> readers;
    for (const Line& line : set.lines) readers.push_back(json_of(line));
    return fmt::format(
        R"({{"set":{},"bytes":{},"rows":{},"foreign_cores":{:.3f},"readers":{{{}}}}})",
        json_quote(set.set.name), set.bytes, set.rows, set.foreign_cores, join(readers, ","));
}

std::string json_of(const Latency& one) {
    return fmt::format(R"({{"commits_per_s":{:.0f},"commits":{},"count_p50_us":{:.1f},)"
                       R"("count_p99_us":{:.1f},"p50_us":{:.1f},"p99_us":{:.1f}}})",
                       one.commits_per_s, one.commits, one.count.p50_us, one.count.p99_us,
                       one.ours.p50_us, one.ours.p99_us);
}

std::string json_of(const Ratio& one) {
    return fmt::format(
        R"({{"id":{},"what":{},"of":{},"value":{},"floor":{},"goal":{},"verdict":{}}})",
        json_quote(one.id), json_quote(one.what), json_quote(one.of), number_or_null(one.value),
        one.floor, one.goal, json_quote(one.verdict()));
}

template <typename T>
std::string json_list(const std::vector<T>& items) {
    std::vector<std::string> texts;
    for (const T& item : items) texts.push_back(json_of(item));
    return "[" + join(texts, ",") + "]";
}

}  // namespace

void print_set(const SetResult& set) {
    fmt::print("\n{}: {}; {:.0f} MB of binlog, {} rows; others used {:.2f} cores\n", set.set.name,
               set.set.shape, static_cast<double>(set.bytes) / 1e6, set.rows, set.foreign_cores);
    fmt::print("  {:<25}{:>9}{:>9}{:>9}{:>8}{:>12}{:>12}{:>9}\n", "reader", "rows", "wall s",
               "start s", "MB/s", "rows/s", "CPU us/row", "RSS MiB");
    for (const Line& line : set.lines) {
        if (!line.missing.empty()) {
            fmt::print("  {:<25} skipped: {}\n", line.name, line.missing);
            continue;
        }
        fmt::print("  {:<25}{:>9}{:>9.3f}{:>9}{:>8}{:>12.0f}{:>12.3f}{:>9.1f}\n", line.name,
                   line.rows, line.cost.wall_s,
                   line.times_itself() ? fmt::format("{:.2f}", line.start_s()) : "",
                   short_number(line.mb_per_s()), line.rows_per_s(), line.cpu_us_per_row(),
                   line.cost.rss_mib);
    }
}

void print_latencies(const std::vector<Latency>& latencies) {
    if (latencies.empty()) return;
    fmt::print("\nfrom a commit's OK to its line behind a pipe, us\n");
    fmt::print("  {:<12}{:>9}{:>16}{:>16}{:>14}{:>14}\n", "commits/s", "commits", "count only p50",
               "count only p99", "evenkeel p50", "evenkeel p99");
    for (const Latency& one : latencies) {
        fmt::print("  {:<12.0f}{:>9}{:>16.0f}{:>16.0f}{:>14.0f}{:>14.0f}\n", one.commits_per_s,
                   one.commits, one.count.p50_us, one.count.p99_us, one.ours.p50_us,
                   one.ours.p99_us);
    }
}

std::string circumstances(const std::vector<SetResult>& sets) {
    double most = 0;
    for (const SetResult& set : sets) most = std::max(most, set.foreign_cores);
    return fmt::format("{}; other programs used {:.1f} of its cores meanwhile", machine_name(),
                       most);
}

void print_ratios(const Results& results) {
    fmt::print("\n  {:<5}{:<33}{:<9}{:>9}{:>9}{:>9}\n", "", "", "of", "value", "floor", "goal");
    for (const Ratio& one : ratios(results)) {
        fmt::print("  {:<5}{:<33}{:<9}{:>9}{:>9}{:>9}  {}\n", one.id, one.what, one.of,
                   one.value ? short_number(*one.value) : "-", short_number(one.floor),
                   short_number(one.goal), one.verdict());
    }
    fmt::print("\n{}\n", circumstances(results.sets));
}

void print_json(const Results& results) {
    fmt::print(R"({{"machine":{},"sets":{},"latencies":{},"ratios":{}}})"
               "\n",
               json_quote(machine_name()), json_list(results.sets), json_list(results.latencies),
               json_list(ratios(results)));
}

}  // namespace evenkeel::bench
