#include "tests/chaos/fact_writers.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/text.h"
#include "io/clock.h"
#include "tests/support/eventually.h"

namespace evenkeel::test {
namespace {

using Json = nlohmann::json;

constexpr Millis kPause{40};
constexpr Millis kWriteLimit{400};
constexpr Millis kPageLimit{5'000};
constexpr Millis kReadLimit{30'000};
constexpr std::size_t kPage = 2'000;

// Ordered by number.
std::string key_of(std::size_t writer, std::uint64_t number) {
    return fmt::format("/chaos/{}/{:010}", writer, number);
}

std::uint64_t number_at(const Json& object, const char* name) {
    return parse_number(object.value(name, "0")).value_or(0);
}

// Every key from one number to another with its version; nothing when the member cannot tell.
std::optional<std::map<std::string, std::uint64_t>> versions(const EvenkeelGroup& group,
                                                             std::size_t reader, std::string from,
                                                             const std::string& end) {
    std::map<std::string, std::uint64_t> found;
    const auto client = group.member_client(reader);
    while (true) {
        const Json body{{"key", base64_encode(from)},
                        {"range_end", base64_encode(end)},
                        {"limit", std::to_string(kPage)},
                        {"keys_only", true}};
        const auto answer =
            group.ask_member(*client, reader, "/v3/kv/range", body.dump(), kPageLimit);
        if (!answer || answer->status != 200) return {};
        const Json page = Json::parse(answer->body, nullptr, false);
        if (!page.is_object()) return {};
        const Json pairs = page.value("kvs", Json::array());
        for (const Json& pair : pairs) {
            from = base64_decode(pair.value("key", "")).value_or("");
            found[from] = number_at(pair, "mod_revision");
        }
        if (pairs.size() < kPage) return found;
        from += '\0';
    }
}

}  // namespace

FactWriters::FactWriters(const EvenkeelGroup& group) : group_(group), checked_(group.size()) {
    {
        Lock lock(mutex_);
        facts_.resize(group.size());
    }
    for (std::size_t node = 0; node < group.size(); ++node) {
        writers_.emplace_back("fact-writer",
                              [this, node](io::StopToken& stop) { write(node, stop); });
    }
}

void FactWriters::write(std::size_t node, io::StopToken& stop) {
    const auto client = group_.member_client(node);
    for (std::uint64_t number = 1; !stop.wait_for(kPause); ++number) {
        const Instant sent = io::now();
        const Json body{{"key", base64_encode(key_of(node, number))},
                        {"value", base64_encode(std::to_string(number))}};
        const auto answer =
            group_.ask_member(*client, node, "/v3/kv/put", body.dump(), kWriteLimit);
        if (!answer || answer->status != 200) continue;
        const Json json = Json::parse(answer->body, nullptr, false);
        if (!json.is_object() || !json.contains("header")) continue;
        Lock lock(mutex_);
        facts_[node].push_back(
            {.number = number, .revision = number_at(json["header"], "revision"), .sent = sent});
    }
}

std::size_t FactWriters::acknowledged(std::size_t node, Instant after) const {
    Lock lock(mutex_);
    const auto& facts = facts_[node];
    return static_cast<std::size_t>(std::count_if(
        facts.begin(), facts.end(), [&](const Acknowledged& fact) { return fact.sent >= after; }));
}

std::size_t FactWriters::acknowledged() const {
    Lock lock(mutex_);
    std::size_t count = 0;
    for (const auto& facts : facts_) count += facts.size();
    return count;
}

std::vector<std::string> FactWriters::lost(std::size_t node, bool everything) {
    std::vector<std::string> all;
    for (std::size_t writer = 0; writer < group_.size(); ++writer) {
        const std::size_t start = everything ? 0 : checked_[writer];
        std::vector<Acknowledged> expected;
        {
            Lock lock(mutex_);
            const auto& facts = facts_[writer];
            expected.assign(facts.begin() + static_cast<std::ptrdiff_t>(start), facts.end());
        }
        checked_[writer] = start + expected.size();
        for (std::string& text : compare(node, writer, expected)) all.push_back(std::move(text));
    }
    return all;
}

std::vector<std::string> FactWriters::compare(std::size_t reader, std::size_t writer,
                                              const std::vector<Acknowledged>& expected) const {
    if (expected.empty()) return {};
    const auto found = versions(group_, reader, key_of(writer, expected.front().number),
                                key_of(writer, expected.back().number + 1));
    if (!found) return {fmt::format("facts of writer {} cannot be read", writer + 1)};
    std::vector<std::string> lost;
    for (const Acknowledged& fact : expected) {
        const auto it = found->find(key_of(writer, fact.number));
        if (it != found->end() && it->second == fact.revision) continue;
        lost.push_back(fmt::format(
            "{} acknowledged as revision {} is {}", key_of(writer, fact.number), fact.revision,
            it == found->end() ? "lost" : fmt::format("now of {}", it->second)));
    }
    return lost;
}

}  // namespace evenkeel::test
