// One call of the engine with a limit on the caller's clock, as io::HttpClient makes it: the answer
// or the limit, whatever comes first.
#pragma once

#include <memory>

#include "tests/sim/model_engine.h"

namespace evenkeel::sim {

inline void call_engine(World& world, ModelEngine& engine, Machine& machine, const Life& life,
                        ModelEngine::Request request, Millis limit, ModelEngine::Back back) {
    struct Waiting {
        bool over = false;
        ModelEngine::Back back;
    };
    const auto waiting = std::make_shared<Waiting>(Waiting{false, std::move(back)});
    const auto once = [waiting](const ModelEngine::Answer& answer) {
        if (waiting->over) return;
        waiting->over = true;
        waiting->back(answer);
    };
    machine.timer(life, machine.clock() + limit, [&world, waiting, once] {
        if (!waiting->over) ++world.tally.unknown;
        once({.error = Errc::timed_out, .outcome = {}, .entry = {}});
    });
    engine.call(machine, life, std::move(request), once);
}

}  // namespace evenkeel::sim
