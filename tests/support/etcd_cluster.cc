#include "tests/support/etcd_cluster.h"

#include <fmt/core.h>
#include <signal.h>

#include "base/bytes.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::test {
namespace {

constexpr Millis kOpensslLimit{20'000};
constexpr Millis kAskLimit{500};
constexpr const char* kRootPassword = "root of the test";

Result<> openssl(const std::string& folder, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    EK_TRY(auto process,
           io::Process::start({.argv = arguments, .output = folder + "/openssl.log"}));
    const auto exit = process.wait(io::within(kOpensslLimit));
    if (exit && exit->code == 0 && exit->signal == 0) return {};
    const auto log = io::read_file(folder + "/openssl.log");
    return Error{Errc::unavailable, "openssl " + arguments[1] + ": " + log.value_or("no output")};
}

// The value of a text field of a flat JSON object.
std::string text_field(const std::string& json, const std::string& name) {
    const std::string before = "\"" + name + "\":\"";
    const auto at = json.find(before);
    if (at == std::string::npos) return {};
    const auto begin = at + before.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

}  // namespace

Result<> make_authority(const std::string& folder) {
    EK_TRY_VOID(io::make_folders(folder));
    return openssl(folder,
                   {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "30", "-subj", "/CN=test authority", "-keyout",
                    folder + "/ca.key", "-out", folder + "/ca.crt"});
}

Result<> make_certificate(const std::string& folder, const std::string& name) {
    const std::string path = folder + "/" + name;
    // Servers need clientAuth as well: etcd's gateway dials its own server with its certificate.
    EK_TRY_VOID(io::replace_file(path + ".ext",
                                 "subjectAltName=IP:127.0.0.1,DNS:localhost\n"
                                 "extendedKeyUsage=serverAuth,clientAuth\n"));
    // No CN: with passwords on, the gateway refuses clients whose certificate has one.
    EK_TRY_VOID(openssl(
        folder, {"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-subj", "/O=" + name, "-keyout", path + ".key", "-out", path + ".csr"}));
    return openssl(folder, {"x509", "-req", "-in", path + ".csr", "-CA", folder + "/ca.crt",
                            "-CAkey", folder + "/ca.key", "-CAcreateserial", "-days", "30",
                            "-extfile", path + ".ext", "-out", path + ".crt"});
}

Result<EtcdCluster> EtcdCluster::create(const std::string& folder) {
    EtcdCluster cluster;
    cluster.folder_ = folder;
    EK_TRY_VOID(make_authority(folder));
    EK_TRY_VOID(make_certificate(folder, "server"));
    EK_TRY_VOID(make_certificate(folder, "client"));
    cluster.client_tls_ = {
        .ca = folder + "/ca.crt", .cert = folder + "/client.crt", .key = folder + "/client.key"};
    for (int i = 0; i < 3; ++i) {
        cluster.members_.push_back(
            {.client_port = io::free_port(), .peer_port = io::free_port(), .process = {}});
    }
    return cluster;
}

Result<> EtcdCluster::start(std::size_t member) {
    std::vector<std::string> peers;
    for (std::size_t i = 0; i < size(); ++i) {
        peers.push_back(fmt::format("m{}=http://127.0.0.1:{}", i, members_[i].peer_port));
    }
    const std::string peer = fmt::format("http://127.0.0.1:{}", members_[member].peer_port);
    const io::Command command{
        .argv = {"etcd", fmt::format("--name=m{}", member),
                 fmt::format("--data-dir={}/m{}", folder_, member),
                 "--listen-client-urls=" + url(member), "--advertise-client-urls=" + url(member),
                 "--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
                 "--initial-cluster=" + join(peers, ","), "--initial-cluster-token=" + folder_,
                 "--heartbeat-interval=50", "--election-timeout=500", "--pre-vote",
                 "--client-cert-auth", "--trusted-ca-file=" + folder_ + "/ca.crt",
                 "--cert-file=" + folder_ + "/server.crt", "--key-file=" + folder_ + "/server.key",
                 // The least: only the login becomes slower with more.
                 "--bcrypt-cost=4", "--log-level=warn"},
        .output = fmt::format("{}/m{}.log", folder_, member),
        .own_group = true};
    EK_TRY(members_[member].process, io::Process::start(command));
    return {};
}

std::string EtcdCluster::url(std::size_t member) const {
    return fmt::format("https://127.0.0.1:{}", members_[member].client_port);
}

Result<std::string> EtcdCluster::call(std::size_t member, const std::string& path,
                                      const std::string& body, Deadline deadline) const {
    io::HttpClient client(client_tls_);
    io::HttpRequest request{.method = "POST", .url = url(member) + path, .body = body};
    if (passwords_) {
        EK_TRY(const auto login,
               client.post(url(member) + "/v3/auth/authenticate",
                           fmt::format(R"({{"name":"root","password":"{}"}})", kRootPassword),
                           deadline));
        request.headers.push_back("Authorization: " + text_field(login.body, "token"));
    }
    EK_TRY(const auto answer, client.send(request, deadline));
    if (answer.status == 200) return answer.body;
    return Error{Errc::unavailable, path + ": " + answer.body};
}

Result<> EtcdCluster::require_passwords(const std::string& prefix, Deadline deadline) {
    std::string end = prefix;
    end.back() = static_cast<char>(end.back() + 1);
    const auto add_user = [](const std::string& name, const std::string& password) {
        return fmt::format(R"({{"name":"{}","password":"{}"}})", name, password);
    };
    const std::pair<std::string, std::string> calls[] = {
        {"/v3/auth/user/add", add_user("root", kRootPassword)},
        {"/v3/auth/user/grant", R"({"user":"root","role":"root"})"},
        {"/v3/auth/user/add", add_user(user(), password())},
        {"/v3/auth/role/add", R"({"name":"evenkeel"})"},
        {"/v3/auth/role/grant",
         fmt::format(R"({{"name":"evenkeel","perm":{{"permType":"READWRITE","key":"{}",)"
                     R"("range_end":"{}"}}}})",
                     base64_encode(prefix), base64_encode(end))},
        {"/v3/auth/user/grant", fmt::format(R"({{"user":"{}","role":"evenkeel"}})", user())},
        {"/v3/auth/enable", "{}"}};
    for (const auto& [path, body] : calls) EK_TRY_VOID(call(0, path, body, deadline));
    passwords_ = true;
    return {};
}

void EtcdCluster::kill(std::size_t member) {
    members_[member].process.signal(SIGKILL);
    members_[member].process.wait(io::within(Millis(10'000)));
}

void EtcdCluster::suspend(std::size_t member) {
    members_[member].process.signal(SIGSTOP);
}

void EtcdCluster::resume(std::size_t member) {
    members_[member].process.signal(SIGCONT);
}

bool EtcdCluster::serves(std::size_t member) const {
    const auto answer =
        io::HttpClient(client_tls_).get(url(member) + "/health", io::within(kAskLimit));
    return answer && answer->status == 200;
}

std::optional<std::size_t> EtcdCluster::leader() const {
    for (std::size_t i = 0; i < size(); ++i) {
        const auto status = call(i, "/v3/maintenance/status", "{}", io::within(kAskLimit));
        if (!status) continue;
        const std::string leads = text_field(*status, "leader");
        if (!leads.empty() && leads == text_field(*status, "member_id")) return i;
    }
    return {};
}

Result<> EtcdCluster::compact(Deadline deadline) {
    EK_TRY(const std::string status, call(0, "/v3/maintenance/status", "{}", deadline));
    EK_TRY_VOID(
        call(0, "/v3/kv/compaction",
             fmt::format(R"({{"revision":"{}","physical":true}})", text_field(status, "revision")),
             deadline));
    return {};
}

}  // namespace evenkeel::test
