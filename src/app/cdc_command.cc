#include "app/cdc_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <memory>
#include <set>

#include "api/http_listener.h"
#include "api/stream_routes.h"
#include "app/exit_status.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "cdc/stream_service.h"
#include "coord/coordinator.h"
#include "coord/lease_records.h"
#include "coord/open_engine.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/resolve.h"
#include "io/thread.h"

namespace evenkeel::app {
namespace {

constexpr Millis kJoinLimit{10'000};
constexpr Millis kSignalSlice{100};
constexpr Millis kRetryPause{100};
constexpr Millis kSetFilterLimit{5'000};
constexpr std::size_t kHttpThreads = 8;

// Where the checkpoint is kept, and who else runs this stream.
struct State {
    io::Fd lock{};
    std::unique_ptr<coord::Engine> engine{};
    std::unique_ptr<coord::Coordinator> coordinator{};
};

std::string new_incarnation() {
    return fmt::format("{:x}-{}", io::wall_ms(), ::getpid());
}

// Of a stream that runs alone.
Result<State> open_folder(const std::string& folder) {
    State state;
    EK_TRY_VOID(io::make_folders(folder));
    EK_TRY(state.lock, io::lock_file(folder + "/lock"));
    coord::Config config;
    config.data_dir = folder;
    config.node = "cdc";
    EK_TRY(state.engine, coord::open_engine(config));
    state.coordinator = std::make_unique<coord::Coordinator>(
        *state.engine,
        coord::CoordinatorOptions{
            .node = config.node, .incarnation = new_incarnation(), .api_address = {}});
    EK_TRY_VOID(state.coordinator->start(io::within(kJoinLimit)));
    return state;
}

// At a host's start the engine may come up later than this does.
Result<coord::Snapshot> read_members(coord::Engine& engine, Deadline deadline) {
    io::StopToken pause;
    for (;;) {
        auto members = engine.read(coord::kMemberPrefix, deadline);
        // The last try's own words say more than "no time left".
        const bool last = deadline.left(io::now()) <= 2 * kRetryPause;
        if (members || members.error().code != Errc::unavailable || last) return members;
        pause.wait_for(kRetryPause);
    }
}

// Names of processes that do not say their own: "db1", then "db1-2", … Whoever was killed leaves
// its name to a later one, so that the group does not gather names.
Result<std::string> free_member_id(coord::Engine& engine, const std::string& host,
                                   Deadline deadline) {
    EK_TRY(const coord::Snapshot members, read_members(engine, deadline));
    std::set<std::string> live;
    for (const coord::Entry& entry : members.entries) {
        const auto record = coord::member_from_json(entry.value);
        if (record && record->state == coord::MemberState::live) live.insert(record->node);
    }
    std::string id = host;
    for (int number = 2; live.contains(id); ++number) id = fmt::format("{}-{}", host, number);
    return id;
}

// Of one of several processes.
Result<State> open_group(const HaConfig& ha) {
    State state;
    const Deadline deadline = io::within(ha.join_limit);
    const std::string host = io::host_name();
    EK_TRY(state.engine, coord::open_engine(ha.group));
    log::info("cdc", "joining {}", state.engine->describe());
    for (;;) {
        std::string id = ha.member_id;
        if (id.empty()) {
            EK_TRY(id, free_member_id(*state.engine, host, deadline));
        }
        state.coordinator = std::make_unique<coord::Coordinator>(
            *state.engine,
            coord::CoordinatorOptions{.node = id,
                                      .incarnation = new_incarnation(),
                                      .api_address = host,
                                      .ttl = ha.group.ttl,
                                      .call_limit = coord::call_limit(ha.group.ttl)});
        const auto joined = state.coordinator->start(deadline);
        if (joined) {
            log::info("cdc", "joined as {}; who has the stream and is silent for {} loses it", id,
                      human_duration(static_cast<std::uint64_t>(ha.group.ttl.count())));
            return state;
        }
        // Another process of this host took the name in between.
        const bool again = joined.error().code == Errc::conflict && ha.member_id.empty();
        if (!again || deadline.passed(io::now())) return joined.error();
    }
}

Result<State> open_state(const CdcArgs& args) {
    if (args.ha.kind != HaKind::none) return open_group(args.ha);
    if (!args.data_dir.empty()) return open_folder(args.data_dir);
    return State{};
}

int status_of(const Error& error) {
    const bool retry = error.code == Errc::unavailable || error.code == Errc::timed_out;
    return retry ? kCannotJoin : kNeedsPerson;
}

// Maxwell's HTTP server, when it is asked for.
Result<std::unique_ptr<api::HttpListener>> open_http(const CdcHttp& http,
                                                     cdc::StreamService& stream) {
    if (!http.on) return std::unique_ptr<api::HttpListener>();
    const api::StreamRoutes routes{.prefix = http.prefix,
                                   .metrics_prefix = http.metrics_prefix,
                                   .config = http.config,
                                   .user = http.user,
                                   .password = http.password,
                                   .report = [&stream] { return stream.report(); },
                                   .filter = [&stream]() -> Result<std::string> {
                                       EK_TRY(const cdc::Filter filter, stream.filter());
                                       return filter.text();
                                   },
                                   .set_filter =
                                       [&stream](const std::optional<std::string>& text) {
                                           return stream.set_filter(text,
                                                                    io::within(kSetFilterLimit));
                                       }};
    const ServerId listen{.host = http.bind, .port = http.port};
    auto listener = std::make_unique<api::HttpListener>(
        api::HttpListenerOptions{.listen = listen, .tls = {}, .threads = kHttpThreads},
        [routes](const api::HttpCall& call) { return api::answer_stream_call(routes, call); });
    auto started = listener->start();
    if (!started) {
        started.error().what += "; correct http_bind_address or http_port";
        return started.error();
    }
    log::info("cdc", "HTTP on {}", listen.str());
    return listener;
}

int run_stream(cdc::StreamService& stream, Signals& signals) {
    stream.start();
    while (true) {
        if (const auto signal = signals.wait(io::within(kSignalSlice))) {
            log::info("cdc", "signal {}: stopping", *signal);
            stream.stop();
            return kOk;
        }
        const auto ended = stream.wait(io::within(Millis(0)));
        if (ended) return kOk;
        if (ended.error().code == Errc::timed_out) continue;
        return kFailed;  // The stream has said why.
    }
}

}  // namespace

int run_cdc(const CdcArgs& args) {
    log::set_level(args.log_level);
    for (const std::string& note : args.notes) log::warn("cdc", "{}", note);
    Signals signals;
    auto state = open_state(args);
    if (!state) {
        log::error("cdc", "{}", state.error().what);
        return status_of(state.error());
    }
    int status = kOk;
    {
        cdc::StreamService stream(args.stream, state->coordinator.get());
        const auto http = open_http(args.http, stream);
        if (http) {
            status = run_stream(stream, signals);
        } else {
            log::error("cdc", "{}", http.error().what);
            status = status_of(http.error());
        }
    }
    if (state->coordinator) state->coordinator->stop();
    return status;
}

}  // namespace evenkeel::app
