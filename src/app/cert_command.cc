#include "app/cert_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/exit_status.h"
#include "app/table.h"
#include "base/text.h"
#include "io/certificate.h"
#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kPublic = 0644;
constexpr unsigned kSecret = 0600;
// Every node reaches itself there, and a group on one host is the first try of many.
const std::vector<std::string> kLoopback{"127.0.0.1", "::1", "localhost"};

// The files of a group's authority and nodes.
class Folder {
public:
    explicit Folder(std::string path) : path_(std::move(path)) {}

    std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string ca() const { return file("ca.pem"); }
    std::string ca_key() const { return file("ca.key"); }
    std::string cert(const std::string& node) const { return file(node + ".pem"); }
    std::string key(const std::string& node) const { return file(node + ".key"); }

    const std::string& path() const { return path_; }

    Result<io::KeyPair> authority() const {
        for (const std::string& needed : {ca(), ca_key()}) {
            if (io::exists(needed)) continue;
            return Error{Errc::not_found,
                         fmt::format("read {}: it is not there: say with --dir where the group's "
                                     "authority is, or make one with `evenkeel cert init`",
                                     needed)};
        }
        io::KeyPair pair;
        EK_TRY(pair.cert, io::read_file(ca()));
        EK_TRY(pair.key, io::read_file(ca_key()));
        return pair;
    }

    // Every node that has a certificate here.
    Result<std::vector<std::string>> nodes() const {
        EK_TRY(const auto names, io::names_in(path_));
        std::vector<std::string> found;
        for (const std::string& name : names) {
            if (!name.ends_with(".pem") || name == "ca.pem") continue;
            found.push_back(name.substr(0, name.size() - 4));
        }
        return found;
    }

    Result<io::CertificateFacts> facts(const std::string& node) const {
        EK_TRY(const std::string pem, io::read_file(cert(node)));
        const auto facts = io::certificates_in(pem);
        if (!facts) {
            return Error{facts.error().code,
                         fmt::format("read {}: {}", cert(node), facts.error().what)};
        }
        return facts->front();
    }

private:
    std::string path_;
};

std::chrono::seconds life(int days) {
    return days == 0 ? io::kCertificateLife : io::Days(days);
}

// The key first: a crash in between leaves a pair that does not fit, which every node refuses and
// `cert renew` or `cert add --force` repairs.
Result<> write_pair(const io::KeyPair& pair, const std::string& cert, const std::string& key) {
    EK_TRY_VOID(io::replace_file(key, pair.key, kSecret));
    return io::replace_file(cert, pair.cert, kPublic);
}

Result<> keep_what_is_there(const std::vector<std::string>& files, bool force,
                            std::string_view instead) {
    for (const std::string& file : files) {
        if (force || !io::exists(file)) continue;
        return Error{Errc::conflict,
                     fmt::format("write {}: it is there already: {}", file, instead)};
    }
    return {};
}

Result<std::vector<CertNode>> parse_nodes(const std::vector<std::string>& texts) {
    std::vector<CertNode> nodes;
    for (const std::string& text : texts) {
        EK_TRY(const CertNode node, parse_cert_node(text));
        if (std::any_of(nodes.begin(), nodes.end(),
                        [&](const CertNode& other) { return other.name == node.name; })) {
            return Error{Errc::invalid,
                         fmt::format("--node {}: {} is given twice: write all its addresses in "
                                     "one, with commas",
                                     text, node.name)};
        }
        nodes.push_back(node);
    }
    return nodes;
}

// For all nodes before any is written: a wrong address leaves nothing half done.
Result<std::vector<io::KeyPair>> make_pairs(const io::KeyPair& authority,
                                            const std::vector<CertNode>& nodes, int days) {
    std::vector<io::KeyPair> pairs;
    for (const CertNode& node : nodes) {
        std::vector<std::string> hosts = node.hosts;
        for (const std::string& host : kLoopback) {
            if (std::count(hosts.begin(), hosts.end(), host) == 0) hosts.push_back(host);
        }
        auto pair = io::make_certificate(authority,
                                         {.name = node.name, .hosts = hosts, .valid = life(days)});
        if (!pair) {
            return Error{pair.error().code,
                         fmt::format("make certificate of {}: {}", node.name, pair.error().what)};
        }
        pairs.push_back(*std::move(pair));
    }
    return pairs;
}

// --- tables --------------------------------------------------------------------------------------

Cell expiry_cell(const io::CertificateFacts& facts) {
    const std::int64_t left = facts.not_after - io::wall_ms() / 1000;
    if (left <= 0) return {fmt::format("expired {}", io::utc_date(facts.not_after)), kBad};
    const auto days = std::chrono::round<io::Days>(std::chrono::seconds(left));
    return {fmt::format("{} ({})", io::utc_date(facts.not_after),
                        days.count() > 0 ? fmt::format("{} days", days.count())
                                         : human_duration(static_cast<std::uint64_t>(left) * 1000)),
            days < io::kExpiryNotice ? kNotice : kGood};
}

std::vector<Cell> row_of(const std::string& file, const io::CertificateFacts& facts) {
    const std::string hosts = facts.hosts.empty() ? "-" : join(facts.hosts, ", ");
    return {{file, {}},
            {facts.name.empty() ? "-" : facts.name, {}},
            {facts.authority ? "(authority)" : hosts, {}},
            {facts.issuer.empty() ? "-" : facts.issuer, {}},
            expiry_cell(facts)};
}

// Appends a row for each certificate of `file`.
Result<> add_rows(const std::string& file, std::vector<std::vector<Cell>>& rows) {
    EK_TRY(const std::string pem, io::read_file(file));
    const auto all = io::certificates_in(pem);
    if (!all) return Error{all.error().code, fmt::format("read {}: {}", file, all.error().what)};
    for (const io::CertificateFacts& facts : *all) rows.push_back(row_of(file, facts));
    return {};
}

Result<> print_files(const std::vector<std::string>& files) {
    std::vector<std::vector<Cell>> rows;
    for (const std::string& file : files) EK_TRY_VOID(add_rows(file, rows));
    print_table({"FILE", "NAME", "NAMES AND ADDRESSES", "ISSUER", "EXPIRES"}, rows);
    return {};
}

Json to_json(const std::string& file, const io::CertificateFacts& facts) {
    return {{"file", file},
            {"name", facts.name},
            {"organization", facts.organization},
            {"issuer", facts.issuer},
            {"serial", facts.serial},
            {"hosts", facts.hosts},
            {"authority", facts.authority},
            {"for_server", facts.for_server},
            {"for_client", facts.for_client},
            {"not_before", facts.not_before},
            {"not_after", facts.not_after},
            {"seconds_left", facts.not_after - io::wall_ms() / 1000}};
}

// --- the verbs -----------------------------------------------------------------------------------

void print_how_to_copy(const Folder& folder, const std::vector<CertNode>& nodes) {
    fmt::print("\n{}\n", painted("Copy three files to each node, and nothing else:", kTitle));
    for (const CertNode& node : nodes) {
        fmt::print("  scp {} {} {} {}:/etc/evenkeel/\n", folder.ca(), folder.cert(node.name),
                   folder.key(node.name), node.hosts.front());
    }
    const std::string& first = nodes.front().name;
    fmt::print(
        "There the key must be readable by the user that runs evenkeel, and by nobody else:\n"
        "  chown evenkeel: /etc/evenkeel/*.key && chmod 600 /etc/evenkeel/*.key\n"
        "Name them in each node's configuration; {0}'s is:\n"
        "  [tls]\n"
        "  ca   = \"/etc/evenkeel/ca.pem\"\n"
        "  cert = \"/etc/evenkeel/{0}.pem\"\n"
        "  key  = \"/etc/evenkeel/{0}.key\"\n",
        first);
}

// Writes what make_pairs() made, and shows it with the authority.
Result<> write_nodes(const Folder& folder, const std::vector<CertNode>& nodes,
                     const std::vector<io::KeyPair>& pairs) {
    std::vector<std::string> files{folder.ca()};
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const std::string& name = nodes[i].name;
        EK_TRY_VOID(write_pair(pairs[i], folder.cert(name), folder.key(name)));
        files.push_back(folder.cert(name));
    }
    return print_files(files);
}

std::vector<std::string> files_of(const Folder& folder, const std::vector<CertNode>& nodes) {
    std::vector<std::string> files;
    for (const CertNode& node : nodes) {
        files.push_back(folder.cert(node.name));
        files.push_back(folder.key(node.name));
    }
    return files;
}

Result<> run(const CertInitArgs& args) {
    const Folder folder(args.dir);
    EK_TRY(const auto nodes, parse_nodes(args.nodes));
    auto files = files_of(folder, nodes);
    files.insert(files.begin(), {folder.ca(), folder.ca_key()});
    EK_TRY_VOID(keep_what_is_there(
        files, args.force,
        "`evenkeel cert add` makes a certificate for one more node; with --force everything is "
        "made anew, and the certificates that nodes have now are worth nothing"));
    const auto authority = io::make_authority(args.group, io::kAuthorityLife);
    if (!authority) {
        return Error{authority.error().code,
                     fmt::format("make authority: {}", authority.error().what)};
    }
    EK_TRY(const auto pairs, make_pairs(*authority, nodes, args.days));
    EK_TRY_VOID(io::make_folders(args.dir));
    EK_TRY_VOID(write_pair(*authority, folder.ca(), folder.ca_key()));
    EK_TRY_VOID(write_nodes(folder, nodes, pairs));
    print_how_to_copy(folder, nodes);
    fmt::print(
        "\nKeep {} off the nodes, at a safe place: who has it can make a node of this group.\n",
        folder.ca_key());
    return {};
}

Result<> run(const CertAddArgs& args) {
    const Folder folder(args.dir);
    EK_TRY(const auto nodes, parse_nodes(args.nodes));
    EK_TRY_VOID(keep_what_is_there(
        files_of(folder, nodes), args.force,
        "`evenkeel cert renew` makes a new one with the same names; --force replaces it"));
    EK_TRY(const io::KeyPair authority, folder.authority());
    EK_TRY(const auto pairs, make_pairs(authority, nodes, args.days));
    EK_TRY_VOID(write_nodes(folder, nodes, pairs));
    print_how_to_copy(folder, nodes);
    return {};
}

Result<> run(const CertRenewArgs& args) {
    const Folder folder(args.dir);
    EK_TRY(const io::KeyPair authority, folder.authority());
    std::vector<std::string> names = args.nodes;
    if (names.empty()) {
        EK_TRY(names, folder.nodes());
    }
    std::vector<CertNode> nodes;
    for (const std::string& name : names) {
        EK_TRY(const io::CertificateFacts old, folder.facts(name));
        nodes.push_back({.name = name, .hosts = old.hosts});
    }
    EK_TRY(const auto pairs, make_pairs(authority, nodes, args.days));
    EK_TRY_VOID(write_nodes(folder, nodes, pairs));
    fmt::print(
        "\nCopy each node's .pem and .key over its old ones. Nothing has to be restarted: every "
        "new\n"
        "connection reads them anew.\n");
    return {};
}

// `cert`: that one of ca.pem whose key ca.key should be.
Result<> check_key_of(const Folder& folder, const std::string& cert, const std::string& key) {
    if (io::check_fits({.cert = cert, .key = key})) return {};
    return Error{Errc::invalid, fmt::format("read {}: it is not the key of {}: take both from one "
                                            "backup, or replace them with `cert init --force`",
                                            folder.ca_key(), folder.ca())};
}

Result<> begin_rotation(const Folder& folder) {
    EK_TRY(const io::KeyPair old, folder.authority());
    EK_TRY(const auto bundle, io::split_bundle(old.cert));
    const bool key_is_of_first = bool(io::check_fits(old));
    if (bundle.size() > 1 && key_is_of_first) {
        return Error{Errc::conflict,
                     fmt::format("replace the authority: {} already has a new one beside the old: "
                                 "go on with the steps, or end them with --finish",
                                 folder.ca())};
    }
    // What a crash left in front of the authority whose key is here has never signed anything.
    const std::string& current = bundle.back();
    EK_TRY_VOID(check_key_of(folder, current, old.key));
    EK_TRY(const auto facts, io::certificates_in(current));
    EK_TRY(const io::KeyPair made,
           io::make_authority(facts.front().organization, io::kAuthorityLife));
    // Its certificate before its key: without the key the old authority still works.
    EK_TRY_VOID(io::replace_file(folder.ca(), made.cert + current, kPublic));
    EK_TRY_VOID(io::replace_file(folder.ca_key(), made.key, kSecret));
    EK_TRY_VOID(print_files({folder.ca()}));
    fmt::print(
        "\n{0} now has the new authority and the old one. Go on, and never skip a step:\n"
        "  1. Copy {0} to every node, and restart one node after the other, each when the one\n"
        "     before is healthy again (evenkeel status).\n"
        "  2. evenkeel cert renew --dir {1}\n"
        "     Copy each node's .pem and .key over its old ones; no restart.\n"
        "  3. evenkeel cert rotate-ca --finish --dir {1}\n"
        "     Then step 1 once more.\n",
        folder.ca(), folder.path());
    return {};
}

Result<> finish_rotation(const Folder& folder) {
    EK_TRY(const io::KeyPair pair, folder.authority());
    EK_TRY(const auto bundle, io::split_bundle(pair.cert));
    if (bundle.size() < 2) {
        return Error{
            Errc::conflict,
            fmt::format("finish: {} has one authority: there is nothing to finish", folder.ca())};
    }
    EK_TRY_VOID(check_key_of(folder, bundle.front(), pair.key));
    EK_TRY(const auto authorities, io::certificates_in(bundle.front()));
    EK_TRY(const auto nodes, folder.nodes());
    for (const std::string& node : nodes) {
        EK_TRY(const io::CertificateFacts facts, folder.facts(node));
        if (facts.issuer == authorities.front().name) continue;
        return Error{Errc::conflict,
                     fmt::format("finish: {} is still of the old authority ({}): first `evenkeel "
                                 "cert renew`, and copy the new files to the nodes",
                                 folder.cert(node), facts.issuer)};
    }
    EK_TRY_VOID(io::replace_file(folder.ca(), bundle.front(), kPublic));
    EK_TRY_VOID(print_files({folder.ca()}));
    fmt::print(
        "\nThe old authority is gone from {0}. Copy it to every node, and restart one node after "
        "the\nother: until then they still trust the old authority.\n",
        folder.ca());
    return {};
}

Result<> run(const CertRotateArgs& args) {
    const Folder folder(args.dir);
    return args.finish ? finish_rotation(folder) : begin_rotation(folder);
}

Result<> run(const CertShowArgs& args) {
    if (!args.json) return print_files(args.files);
    Json all = Json::array();
    for (const std::string& file : args.files) {
        EK_TRY(const std::string pem, io::read_file(file));
        const auto found = io::certificates_in(pem);
        if (!found) {
            return Error{found.error().code, fmt::format("read {}: {}", file, found.error().what)};
        }
        for (const auto& facts : *found) all.push_back(to_json(file, facts));
    }
    fmt::print("{}\n", all.dump(2));
    return {};
}

bool is_file_name(const std::string& name) {
    return !name.empty() && name != "ca" && !name.starts_with('.') && !name.starts_with('-') &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
           });
}

}  // namespace

Result<CertNode> parse_cert_node(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size()) {
        return Error{Errc::invalid,
                     fmt::format("--node {}: write NAME=ADDRESS[,ADDRESS…] with all names and "
                                 "addresses under which others reach the node, for example "
                                 "node1=10.0.0.1,node1.example.com",
                                 text)};
    }
    CertNode node{.name = text.substr(0, equals)};
    if (!is_file_name(node.name)) {
        return Error{Errc::invalid,
                     fmt::format("--node {}: {} cannot be a file's name: use letters, digits, "
                                 "\"-\", \"_\" and \".\" (and not \"ca\")",
                                 text, json_quote(node.name))};
    }
    for (const std::string& host : split(text.substr(equals + 1), ',')) {
        node.hosts.emplace_back(trim(host));
    }
    return node;
}

int run_cert(const CertArgs& args) {
    const auto done = std::visit([](const auto& each) { return run(each); }, args);
    if (done) return kOk;
    fmt::print(stderr, "evenkeel cert: {}\n", done.error().what);
    return kFailed;
}

}  // namespace evenkeel::app
