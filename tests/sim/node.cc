#include "tests/sim/node.h"

#include "coord/death_certificate.h"
#include "tests/sim/engine_call.h"

namespace evenkeel::sim {

using namespace std::chrono_literals;

namespace {

// As in app/supervisor.cc and coordinator.cc.
constexpr Millis kCertifyLimit{2000};
constexpr Millis kCallLimit{250};
constexpr Millis kRetryPause{20};
constexpr Millis kLeaveLimit{1000};

}  // namespace

Node::Node(World& world, ModelEngine& engine, std::size_t index, Millis ttl,
           const std::uint64_t& incidents)
    : world_(world), engine_(engine), machine_(world, index), ttl_(ttl), incidents_(incidents) {}

void Node::boot() {
    if (up()) return;
    world_.say("{}: boots", name());
    supervisor_ = std::make_shared<int>(0);
    stopping_ = false;
    start_worker();
}

void Node::start_worker() {
    incarnation_ = name() + "-" + std::to_string(++starts_);
    world_.say("{}: worker {} starts", name(), incarnation_);
    worker_ = std::make_unique<Worker>(world_, engine_, machine_, incarnation_, ttl_, incidents_);
    errand_ = std::make_shared<int>(0);
    for (const std::string& duty : all_duties()) worker_->seat.want(duty);
    worker_->seat.start();
    worker_->work.start();
}

void Node::crash_worker() {
    if (!worker_) return;
    world_.say("{}: worker {} crashes", name(), incarnation_);
    ++world_.tally.crashes;
    worker_.reset();
    errand_.reset();
    machine_.post(supervisor_, world_.random.between(100us, 5ms), [this] { worker_died(); });
}

void Node::worker_died() {
    const Deadline deadline{machine_.clock() + kCertifyLimit};
    if (world_.mutant(Mutant::certifies_too_early)) return certify(deadline);
    // The children are killed, and waited for.
    machine_.post(supervisor_, world_.delay(10ms, 0.1, 300ms), [this, deadline] {
        machine_.kill_acts();
        certify(deadline);
    });
}

void Node::certify(Deadline deadline) {
    if (deadline.passed(machine_.clock())) {
        world_.say("{}: the death of {} could not be certified", name(), incarnation_);
        return restart_soon();
    }
    const std::string key = coord::kMemberPrefix + name();
    const auto certificate_sent = [this, deadline](const ModelEngine::Answer& answer) {
        if (answer.error || !answer.outcome.applied) return certify_again(deadline);
        world_.say("{}: the death of {} is certified", name(), incarnation_);
        restart_soon();
    };
    const auto record_read = [=, this](const ModelEngine::Answer& answer) {
        if (answer.error) return certify_again(deadline);
        const auto certificate = coord::certificate_for(answer.entry, incarnation_);
        if (!certificate.txn) return restart_soon();
        call_engine(world_, engine_, machine_, supervisor_, {.txn = certificate.txn, .key = {}},
                    kCallLimit, certificate_sent);
    };
    call_engine(world_, engine_, machine_, supervisor_, {.txn = {}, .key = key}, kCallLimit,
                record_read);
}

void Node::certify_again(Deadline deadline) {
    machine_.timer(supervisor_, machine_.clock() + kRetryPause, [=, this] { certify(deadline); });
}

void Node::restart_soon() {
    machine_.post(supervisor_, world_.random.between(1ms, 400ms), [this] { start_worker(); });
}

void Node::crash_supervisor() {
    if (!up()) return;
    world_.say("{}: supervisor crashes", name());
    ++world_.tally.crashes;
    worker_.reset();
    errand_.reset();
    supervisor_.reset();
}

void Node::lose_host() {
    crash_supervisor();
    machine_.kill_acts();
    machine_.wake();
}

void Node::want(const std::string& duty) {
    if (!running()) return;
    worker_->work.go_on(duty);
    worker_->seat.want(duty);
}

void Node::drop(const std::string& duty) {
    if (!running()) return;
    world_.say("{}: wants {} no more", name(), duty);
    worker_->work.pause(duty);
    when_idle(duty, [this, duty] {
        if (worker_->work.paused(duty)) worker_->seat.drop(duty);  // Not wanted again meanwhile.
    });
}

bool Node::transfer(const std::string& duty, const std::string& node) {
    if (!running() || machine_.frozen() || !worker_->seat.transfer(duty, node)) return false;
    world_.say("{}: gives {} to {}", name(), duty, node);
    ++world_.tally.transfers;
    return true;
}

void Node::stop() {
    if (!running()) return;
    world_.say("{}: stops", name());
    stopping_ = true;
    for (const std::string& duty : all_duties()) worker_->work.pause(duty);
    leave_when_idle();
}

void Node::when_idle(const std::string& duty, std::function<void()> then) {
    if (worker_->work.idle(duty)) return then();
    machine_.timer(errand_, machine_.clock() + 5ms, [=, this] { when_idle(duty, then); });
}

void Node::leave_when_idle() {
    for (const std::string& duty : all_duties()) {
        if (worker_->work.idle(duty)) continue;
        return machine_.timer(errand_, machine_.clock() + 5ms, [this] { leave_when_idle(); });
    }
    worker_->seat.leave();
    wait_until_left({machine_.clock() + kLeaveLimit});
}

void Node::wait_until_left(Deadline deadline) {
    if (!worker_->seat.left() && !deadline.passed(machine_.clock())) {
        return machine_.timer(errand_, machine_.clock() + 5ms,
                              [=, this] { wait_until_left(deadline); });
    }
    world_.say("{}: worker {} has {}", name(), incarnation_,
               worker_->seat.left() ? "left" : "ended without a confirmed leave");
    // From outside of the worker, which this is a part of.
    world_.after(0ns, [this, life = Life(errand_)] {
        if (life.expired()) return;
        worker_.reset();
        errand_.reset();
        supervisor_.reset();
    });
}

}  // namespace evenkeel::sim
