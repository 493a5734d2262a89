#include "coord/member/formation.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"

namespace evenkeel::coord {
namespace {

using Json = nlohmann::json;
using Answers = std::map<std::string, PeerAnswer>;

std::string address_of_url(const std::string& url) {
    const auto at = url.find("://");
    return at == std::string::npos ? url : url.substr(at + 3);
}

bool is_name_byte(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

const ListedMember* listed_at(const std::vector<ListedMember>& members,
                              const std::string& address) {
    for (const ListedMember& member : members) {
        if (std::count(member.peers.begin(), member.peers.end(), address) > 0) return &member;
    }
    return nullptr;
}

bool anybody_started(const std::vector<ListedMember>& members) {
    return std::any_of(members.begin(), members.end(),
                       [](const ListedMember& member) { return member.started; });
}

std::string group_of(const std::vector<ListedMember>& members) {
    for (const ListedMember& member : members) {
        if (const auto group = group_of_name(member.name)) return *group;
    }
    return {};
}

std::set<std::string> as_set(const std::vector<std::string>& list) {
    return {list.begin(), list.end()};
}

std::set<std::string> addresses_of(const std::vector<ListedMember>& members) {
    std::set<std::string> addresses;
    for (const ListedMember& member : members) {
        addresses.insert(member.peers.begin(), member.peers.end());
    }
    return addresses;
}

// The answers, sorted by what they mean for this node.
class Council {
public:
    Council(const NodeIdentity& self, const Answers& answers) : self_(self) {
        for (const auto& [address, answer] : answers) {
            switch (answer.kind) {
                case PeerAnswer::Kind::silent: silent_.push_back(address); break;
                case PeerAnswer::Kind::other: add_problem(address, answer.text); break;
                case PeerAnswer::Kind::empty: add_empty(address, answer.identity); break;
                case PeerAnswer::Kind::member: add_member(address, answer.members); break;
            }
        }
    }

    Formation decide() const {
        if (!twin_.empty() && twin_ < self_.bind) return refuse_twin();
        if (!group_says_.empty()) return follow_group();
        if (!foreign_.empty()) return refuse(foreign_);
        // The few are wrong when most of the others agree with each other.
        if (different_.size() >= majority()) return refuse(different_.front());
        if (ready_ >= majority() && problems_.empty()) return form();
        return wait(fmt::format("{} of {} nodes answer, {} needed", answering(), self_.nodes.size(),
                                majority()));
    }

private:
    // What one running member says about this node.
    struct Word {
        std::string from{};
        const std::vector<ListedMember>* members = nullptr;
        const ListedMember* about_us = nullptr;  // Null: not listed.

        bool same_as(const Word& other) const {
            if (about_us == nullptr || other.about_us == nullptr) return about_us == other.about_us;
            return about_us->id == other.about_us->id &&
                   about_us->started == other.about_us->started;
        }
    };

    std::size_t majority() const { return self_.nodes.size() / 2 + 1; }
    // Those of `nodes` that answer, this one too.
    std::size_t answering() const {
        std::size_t count = self_.nodes.size();
        for (const std::string& address : silent_) {
            if (std::count(self_.nodes.begin(), self_.nodes.end(), address) > 0) --count;
        }
        return count;
    }

    void add_problem(const std::string& address, const std::string& text) {
        problems_.push_back(fmt::format("{} {}", address, text));
    }

    void add_empty(const std::string& address, const NodeIdentity& other) {
        if (other.group != self_.group) {
            different_.push_back(
                fmt::format("{} is of group \"{}\", this node of group \"{}\": correct `group` in "
                            "[coordination] of the one that is wrong",
                            address, other.group, self_.group));
            add_problem(address, fmt::format("is of group \"{}\"", other.group));
        } else if (as_set(other.nodes) != as_set(self_.nodes)) {
            different_.push_back(fmt::format(
                "{} has other `nodes` ({}) than this node ({}): write the same list, spelled the "
                "same, into every node's file",
                address, join(other.nodes, ", "), join(self_.nodes, ", ")));
            add_problem(address, fmt::format("has other `nodes`: {}", join(other.nodes, ", ")));
        } else if (other.node == self_.node) {
            twin_ = address;
            add_problem(address, fmt::format("has this node's id, \"{}\"", other.node));
        } else {
            ++ready_;
            empty_.push_back(address);
        }
    }

    void add_member(const std::string& address, const std::vector<ListedMember>& members) {
        const std::string group = group_of(members);
        if (group != self_.group) {
            foreign_ = group.empty() ? fmt::format(
                                           "{} is an etcd that evenkeel did not start: correct "
                                           "`nodes`, or end that etcd",
                                           address)
                                     : fmt::format(
                                           "{} runs in group \"{}\", this node is of group \"{}\": "
                                           "correct `group` or `nodes` in [coordination]",
                                           address, group, self_.group);
            add_problem(address, fmt::format("runs in group \"{}\"", group));
        } else if (anybody_started(members)) {
            group_says_.push_back({address, &members, listed_at(members, self_.bind)});
        } else if (addresses_of(members) != as_set(self_.nodes)) {
            const auto theirs = addresses_of(members);
            foreign_ = fmt::format(
                "{} forms a group of {}, the `nodes` of this node are {}: write the same list "
                "into every node's file",
                address, join({theirs.begin(), theirs.end()}, ", "), join(self_.nodes, ", "));
            add_problem(address, "forms a group of other nodes");
        } else {
            // It was started like this node is about to be, and there was no quorum ever since.
            ++ready_;
            forming_.push_back(address);
        }
    }

    // A group runs or ran. One member alone may know less than the group decided, so its word
    // counts when so many say the same that every majority has one of them.
    Formation follow_group() const {
        const Word* word = nullptr;
        std::size_t most = 0;
        for (const Word& each : group_says_) {
            const auto same = static_cast<std::size_t>(
                std::count_if(group_says_.begin(), group_says_.end(),
                              [&](const Word& other) { return other.same_as(each); }));
            if (same <= most) continue;
            most = same;
            word = &each;
        }
        const std::size_t size = word->members->size();
        const std::size_t needed = size - (size / 2 + 1) + 1;
        if (most < needed) {
            return wait(fmt::format("{}: {} of {} members needed that say so, to be sure",
                                    in_words(*word), needed, size));
        }
        if (word->about_us == nullptr) {
            return refuse(fmt::format(
                "group \"{}\" runs and {} is not one of its members: if it should be, say "
                "`evenkeel member add {}` to the group, then start this node again",
                self_.group, self_.bind, self_.bind));
        }
        if (word->about_us->started) {
            return refuse(fmt::format(
                "group \"{}\" knows this node's member, but its data is not in this data_dir: "
                "restore the folder if it was moved; if it is lost, say `evenkeel member replace "
                "{}` to the group, then start this node again",
                self_.group, self_.bind));
        }
        return join_as(*word);
    }

    static std::string in_words(const Word& word) {
        if (word.about_us == nullptr) return word.from + " does not know this node";
        return word.about_us->started ? word.from + " knows this node's lost member"
                                      : word.from + " waits for this node";
    }

    Formation join_as(const Word& word) const {
        Formation result{.step = Formation::Step::join,
                         .text = fmt::format("group \"{}\" waits for this node", self_.group),
                         .cluster = {}};
        for (const ListedMember& member : *word.members) {
            for (const std::string& peer : member.peers) {
                // The names of members do not matter here, but each needs one of its own.
                result.cluster.push_back(member_name(self_.group, member.peers.front()) + "=" +
                                         peer);
            }
        }
        return result;
    }

    Formation form() const {
        if (self_.nodes.size() % 2 == 0) {
            return refuse(fmt::format(
                "{} nodes in `nodes`: an even number survives no more losses than one node less "
                "and stands still when split in halves: form the group with 3 or 5",
                self_.nodes.size()));
        }
        Formation result{.step = Formation::Step::form, .text = {}, .cluster = {}};
        result.text = fmt::format("{} of {} nodes are here and empty: forming group \"{}\"", ready_,
                                  self_.nodes.size(), self_.group);
        for (const std::string& address : self_.nodes) {
            result.cluster.push_back(member_name(self_.group, address) + "=" + address);
        }
        return result;
    }

    Formation refuse(const std::string& text) const {
        return {.step = Formation::Step::refuse, .text = text, .cluster = {}};
    }

    // Of the two one goes on, the same one in the eyes of both.
    Formation refuse_twin() const {
        return refuse(
            fmt::format("{} has this node's id, \"{}\": give each node an `id` of its "
                        "own in [node]",
                        twin_, self_.node));
    }

    Formation wait(const std::string& what) const {
        std::vector<std::string> parts{what};
        if (!empty_.empty()) parts.push_back("empty like this one: " + join(empty_, ", "));
        if (!forming_.empty()) parts.push_back("without a quorum: " + join(forming_, ", "));
        parts.insert(parts.end(), problems_.begin(), problems_.end());
        if (!silent_.empty()) parts.push_back("no answer from " + join(silent_, ", "));
        return {.step = Formation::Step::wait, .text = join(parts, "; "), .cluster = {}};
    }

    const NodeIdentity& self_;
    std::size_t ready_ = 1;  // Nodes that surely have no data of a group, this one too.
    std::vector<std::string> empty_{};
    std::vector<std::string> forming_{};
    std::vector<std::string> silent_{};
    std::vector<std::string> problems_{};
    std::vector<std::string> different_{};
    std::string foreign_{};
    std::string twin_{};
    std::vector<Word> group_says_{};
};

Json parse(std::string_view body) {
    return Json::parse(body.begin(), body.end(), nullptr, false);
}

std::vector<std::string> texts(const Json& list) {
    return list.is_null() ? std::vector<std::string>{} : list.get<std::vector<std::string>>();
}

PeerAnswer from_node(const Json& json) {
    return {.kind = PeerAnswer::Kind::empty,
            .identity = {.group = json.at("group"),
                         .node = json.at("node"),
                         .bind = json.at("bind"),
                         .nodes = texts(json.at("nodes"))},
            .members = {},
            .text = {}};
}

PeerAnswer from_etcd(const Json& json) {
    PeerAnswer answer{.kind = PeerAnswer::Kind::member, .identity = {}, .members = {}, .text = {}};
    for (const Json& each : json) {
        ListedMember member{.id = each.at("id").get<std::uint64_t>(),
                            .name = each.value("name", ""),
                            .peers = texts(each.value("peerURLs", Json())),
                            .started = !each.value("clientURLs", Json::array()).empty(),
                            .learner = each.value("isLearner", false)};
        for (std::string& peer : member.peers) peer = address_of_url(peer);
        answer.members.push_back(std::move(member));
    }
    return answer;
}

}  // namespace

Formation decide_formation(const NodeIdentity& self, const Answers& answers) {
    return Council(self, answers).decide();
}

std::vector<std::string> further_addresses(const NodeIdentity& self, const Answers& answers) {
    std::set<std::string> found;
    for (const auto& [address, answer] : answers) {
        for (const std::string& listed : addresses_of(answer.members)) {
            if (listed != self.bind && !answers.contains(listed)) found.insert(listed);
        }
    }
    return {found.begin(), found.end()};
}

// etcd splits its cluster list at '=' and ','.
std::string member_name(const std::string& group, const std::string& address) {
    std::string name;
    for (const char c : group) {
        name += is_name_byte(c) ? std::string(1, c)
                                : fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
    return name + "@" + address;
}

std::optional<std::string> group_of_name(const std::string& name) {
    const auto end = name.find('@');
    if (end == std::string::npos || end == 0) return {};
    std::string group;
    for (std::size_t i = 0; i < end; ++i) {
        if (name[i] != '%') {
            group += name[i];
            continue;
        }
        const std::string digits = name.substr(i + 1, 2);
        if (i + 2 >= end || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
            return {};
        group += static_cast<char>(std::stoi(digits, nullptr, 16));
        i += 2;
    }
    return group;
}

std::string to_json(const NodeIdentity& identity) {
    return Json{{"evenkeel", "empty"},
                {"group", identity.group},
                {"node", identity.node},
                {"bind", identity.bind},
                {"nodes", identity.nodes}}
               .dump() +
           "\n";
}

PeerAnswer peer_answer_from(int status, std::string_view body) {
    PeerAnswer other{
        .kind = PeerAnswer::Kind::other,
        .identity = {},
        .members = {},
        .text = fmt::format("answers with status {}, but is no node of evenkeel", status)};
    const Json json = parse(body);
    if (status != 200) return other;
    try {
        if (json.is_array() && !json.empty()) return from_etcd(json);
        if (json.is_object() && json.value("evenkeel", "") == "empty") return from_node(json);
    } catch (const Json::exception&) {
        return other;
    }
    return other;
}

}  // namespace evenkeel::coord
