#include "app/cdc_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <memory>

#include "app/exit_status.h"
#include "app/signals.h"
#include "base/log.h"
#include "cdc/stream_service.h"
#include "coord/coordinator.h"
#include "coord/open_engine.h"
#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::app {
namespace {

constexpr Millis kJoinLimit{10'000};
constexpr Millis kSignalSlice{100};

// The state folder of a stream that runs alone.
struct State {
    io::Fd lock{};
    std::unique_ptr<coord::Engine> engine{};
    std::unique_ptr<coord::Coordinator> coordinator{};
};

Result<State> open_state(const std::string& folder) {
    State state;
    EK_TRY_VOID(io::make_folders(folder));
    EK_TRY(state.lock, io::lock_file(folder + "/lock"));
    coord::Config config;
    config.data_dir = folder;
    config.node = "cdc";
    EK_TRY(state.engine, coord::open_engine(config));
    state.coordinator = std::make_unique<coord::Coordinator>(
        *state.engine,
        coord::CoordinatorOptions{.node = config.node,
                                  .incarnation = fmt::format("{:x}-{}", io::wall_ms(), ::getpid()),
                                  .api_address = {}});
    EK_TRY_VOID(state.coordinator->start(io::within(kJoinLimit)));
    return state;
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
    Signals signals;
    State state;
    if (!args.data_dir.empty()) {
        auto opened = open_state(args.data_dir);
        if (!opened) {
            log::error("cdc", "{}", opened.error().what);
            return kNeedsPerson;
        }
        state = *std::move(opened);
    }
    int status = kOk;
    {
        cdc::StreamService stream(args.stream, state.coordinator.get());
        status = run_stream(stream, signals);
    }
    if (state.coordinator) state.coordinator->stop();
    return status;
}

}  // namespace evenkeel::app
