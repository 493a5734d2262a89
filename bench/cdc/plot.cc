#include "bench/cdc/plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace evenkeel::bench {
namespace {

constexpr double kWidth = 860;
constexpr double kBarsAt = 196;   // Names are left of it.
constexpr double kBarsEnd = 770;  // Room for the longest bar's number behind it.
constexpr double kTop = 78;
constexpr double kRow = 22;
constexpr double kBar = 15;
constexpr double kHead = 34;  // A group's heading with the space above it.
constexpr int kMostDecade = 7;

constexpr const char* kStyle = R"(<style>
  text { font: 13px Helvetica, Arial, sans-serif; fill: #1e293b }
  .title { font-size: 17px; font-weight: bold }
  .head, .ours-text { font-weight: bold }
  .small { font-size: 12px; fill: #64748b }
  .name, .value { fill: #334155 }
  .name { text-anchor: end }
  .grid { stroke: #cbd5e1; stroke-width: 1 }
  .ours { fill: #2563eb }
  .limit { fill: none; stroke: #64748b; stroke-dasharray: 4 3 }
  .other { fill: #a8b3c2 }
  .ours-text { fill: #2563eb }
  @media (prefers-color-scheme: dark) {
    text { fill: #e2e8f0 }
    .small { fill: #94a3b8 }
    .name, .value { fill: #cbd5e1 }
    .grid { stroke: #334155 }
    .ours { fill: #60a5fa }
    .limit { stroke: #94a3b8 }
    .other { fill: #64748b }
    .ours-text { fill: #60a5fa }
  }
</style>
)";

std::string xml(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else {
            out += c;
        }
    }
    return out;
}

std::string text_at(double x, double y, const char* style, const std::string& text) {
    return fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, style,
                       xml(text));
}

// "4.39 M", "549 k", "15.8 k"
std::string short_rate(double rows_per_s) {
    const bool millions = rows_per_s >= 1e6;
    const double value = rows_per_s / (millions ? 1e6 : 1e3);
    const int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return fmt::format("{:.{}f} {}", value, digits, millions ? "M" : "k");
}

class Plot {
public:
    explicit Plot(const std::vector<SetResult>& sets) {
        double least = 1e6;
        for (const SetResult& set : sets) {
            for (const Line& line : set.lines) {
                if (line.missing.empty()) least = std::min(least, line.rows_per_s());
            }
        }
        // A decade below the shortest bar would be drawn as nothing.
        least_decade_ = static_cast<int>(std::floor(std::log10(std::max(1.0, least))));
    }

    void add(const SetResult& set) {
        y_ += kHead;
        body_ += text_at(kBarsAt, y_ - 10, "head", set.set.name + ": " + set.set.shape);
        std::vector<const Line*> order;
        for (const Line& line : set.lines) {
            if (line.missing.empty()) order.push_back(&line);
        }
        std::stable_sort(order.begin(), order.end(), [](const Line* a, const Line* b) {
            return a->rows_per_s() > b->rows_per_s();
        });
        for (const Line* line : order) add_bar(*line);
    }

    std::string finish(const std::string& caption) const {
        std::string svg = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" "
            "aria-label=\"Rows per second of binlog readers\">\n",
            kWidth, y_ + 44);
        svg += kStyle;
        svg += text_at(16, 28, "title", "Rows per second over one binlog connection");
        svg +=
            text_at(16, 48, "small",
                    "log scale; dashed: a reader that looks at event headers only, the most that "
                    "one connection gives");
        for (int decade = least_decade_; decade <= kMostDecade; ++decade) svg += grid(decade);
        return svg + body_ + text_at(16, y_ + 28, "small", caption) + "</svg>\n";
    }

private:
    double x_of(double rows_per_s) const {
        const double share = (std::log10(rows_per_s) - least_decade_) /
                             static_cast<double>(kMostDecade - least_decade_);
        return kBarsAt + (kBarsEnd - kBarsAt) * std::clamp(share, 0.002, 1.0);
    }

    std::string grid(int decade) const {
        const double x = x_of(std::pow(10.0, decade));
        const double rate = std::pow(10.0, decade);
        const std::string label = rate >= 1e6   ? fmt::format("{:.0f} M", rate / 1e6)
                                  : rate >= 1e3 ? fmt::format("{:.0f} k", rate / 1e3)
                                                : fmt::format("{:.0f}", rate);
        return fmt::format("<path class=\"grid\" d=\"M{0:.1f} {1}V{2:.0f}\"/>\n", x, kTop, y_ + 6) +
               fmt::format(
                   "<text x=\"{:.1f}\" y=\"{}\" class=\"small\" text-anchor=\"middle\">"
                   "{}</text>\n",
                   x, kTop - 6, label);
    }

    void add_bar(const Line& line) {
        const bool is_ours = line.who <= Who::ours_first;
        const char* style = is_ours ? "ours" : line.who == Who::count ? "limit" : "other";
        const double end = x_of(line.rows_per_s());
        body_ +=
            text_at(kBarsAt - 8, y_ + kBar - 3, is_ours ? "name ours-text" : "name", line.name);
        body_ += fmt::format(
            "<rect x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"2\" "
            "class=\"{}\"/>\n",
            kBarsAt, y_, end - kBarsAt, kBar, style);
        body_ += text_at(end + 6, y_ + kBar - 3, is_ours ? "ours-text" : "value",
                         short_rate(line.rows_per_s()));
        y_ += kRow;
    }

    int least_decade_ = 3;
    double y_ = kTop;
    std::string body_;
};

}  // namespace

std::string draw(const std::vector<SetResult>& sets, const std::string& caption) {
    Plot plot(sets);
    for (const SetResult& set : sets) plot.add(set);
    return plot.finish(caption);
}

}  // namespace evenkeel::bench
