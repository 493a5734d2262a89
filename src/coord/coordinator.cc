#include "coord/coordinator.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/mutex.h"
#include "coord/death_certificate.h"
#include "coord/fact_write.h"
#include "coord/lease_core.h"
#include "coord/listeners.h"
#include "coord/mirror.h"
#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::coord {
namespace {

constexpr Millis kRetryPause{20};
constexpr Millis kLeaveLimit{1000};
constexpr Millis kSleepMax{1000};

Member member_of(const MemberRecord& record) {
    return {.node = record.node,
            .incarnation = record.incarnation,
            .api_address = record.api_address,
            .peer_address = record.peer_address,
            .version = record.version,
            .live = record.state == MemberState::live};
}

}  // namespace

struct Coordinator::Impl {
    Impl(Engine& used, CoordinatorOptions chosen)
        : engine(used),
          options(std::move(chosen)),
          core({.node = options.node,
                .incarnation = options.incarnation,
                .api_address = options.api_address,
                .peer_address = options.peer_address,
                .version = EVENKEEL_VERSION,
                .ttl = options.ttl}) {}

    Engine& engine;
    const CoordinatorOptions options;

    mutable Mutex mutex;
    CondVar changed;  // Something the lease thread or a waiter looks at.
    LeaseCore core EK_GUARDED_BY(mutex);
    Mirror mirror EK_GUARDED_BY(mutex);
    bool poked EK_GUARDED_BY(mutex) = false;  // The lease thread has something to look at.
    std::string last_error EK_GUARDED_BY(mutex);
    std::map<std::string, LeaseSpan> spans EK_GUARDED_BY(mutex);  // As last noted, per duty.
    std::vector<LeaseSpan> span_news EK_GUARDED_BY(mutex);        // To be told to on_lease.

    Listeners listeners;
    Listeners duty_listeners;

    io::Worker watcher;
    io::Worker renewer;

    void start_threads() {
        watcher = io::Worker("coord-watch", [this](io::StopToken& stop) {
            engine.watch(
                "", [this](const WatchBatch& batch) { take(batch); }, stop);
        });
        renewer = io::Worker("coord-lease", [this](io::StopToken& stop) { keep_lease(stop); });
    }

    Result<> wait_until_joined(Deadline deadline) {
        std::optional<Instant> taken_since;
        std::string taken_by;
        while (!deadline.passed(io::now())) {
            Lock lock(mutex);
            if (core.joined()) return {};
            if (const auto other = core.seat_taken_by()) {
                // Longer than a dead predecessor's record can keep us out: it is alive.
                const Instant now = io::now();
                if (taken_by != other->incarnation) taken_since = now;
                taken_by = other->incarnation;
                if (now - *taken_since > other->ttl * 3 / 2 + Millis(500)) {
                    return Error{
                        Errc::conflict,
                        fmt::format("join the group: another live node has the id \"{}\" (its API "
                                    "is at {}): give each node an id of its own",
                                    other->node, other->api_address)};
                }
            }
            changed.wait_for(mutex, Millis(50));
        }
        Lock lock(mutex);
        return Error{Errc::unavailable,
                     fmt::format("join the group: no quorum answers at {}{}", engine.describe(),
                                 last_error.empty() ? "" : " (" + last_error + ")")};
    }

    void stop_threads() {
        renewer.request_stop();
        watcher.request_stop();
        poke();
        renewer.stop();
        watcher.stop();
    }

    // --- watch thread ---------------------------------------------------------------------------
    void take(const WatchBatch& batch) {
        std::vector<std::string> keys;
        const Instant now = io::now();
        bool usable = false;  // A duty became so.
        {
            Lock lock(mutex);
            const Version before = mirror.watched();
            keys = tell_core(mirror.take(batch), now);
            for (const auto& [duty, grant] : core.grants()) {
                usable = usable || (grant.fence > before && grant.fence <= mirror.watched());
            }
            poked = true;
            note_spans();
        }
        changed.notify_all();
        tell_spans();
        listeners.notify(keys);
        if (usable) duty_listeners.notify({""});
    }

    // Returns the keys that changed.
    std::vector<std::string> tell_core(const std::vector<Change>& news, Instant now)
        EK_REQUIRES(mutex) {
        std::vector<std::string> keys;
        for (const Change& change : news) {
            core.observe(change.key, change.value, change.version, now);
            keys.push_back(change.key);
        }
        return keys;
    }

    // --- lease thread ---------------------------------------------------------------------------
    void keep_lease(io::StopToken& stop) {
        bool healthy = false;
        std::map<std::string, Grant> held;
        while (!stop.requested()) {
            const auto next = wait_for_work(stop);
            tell_spans();
            if (next.txn) send(*next.txn, stop);
            bool told = false;
            {
                Lock lock(mutex);
                const bool now_healthy = io::now() < core.valid_until();
                told = now_healthy != healthy || core.grants() != held;
                healthy = now_healthy;
                held = core.grants();
            }
            changed.notify_all();
            tell_spans();
            if (told) duty_listeners.notify({""});
        }
    }

    // Sleeps until the core has a transaction to send, or its lease ran out, or something happened.
    LeaseCore::Next wait_for_work(io::StopToken& stop) {
        Lock lock(mutex);
        if (!mirror.complete()) {
            changed.wait_for(mutex, Millis(50));
            return {};
        }
        const Instant now = io::now();
        auto next = core.next(now);
        note_spans();
        if (next.txn || stop.requested()) return next;
        Instant wake = std::min(next.wake, now + kSleepMax);
        if (core.valid_until() > now) wake = std::min(wake, core.valid_until());
        if (!poked) changed.wait_for(mutex, Deadline{wake}.left(now));
        poked = false;
        return {};
    }

    void send(const Txn& txn, io::StopToken& stop) {
        const auto outcome = engine.txn(txn, io::within(options.call_limit));
        const Instant now = io::now();
        {
            Lock lock(mutex);
            if (outcome) {
                core.finished(*outcome, now);
                last_error.clear();
            } else if (outcome.error().code == Errc::unavailable) {
                core.not_sent();
                last_error = outcome.error().what;
            } else {
                core.unknown();
                last_error = outcome.error().what;
            }
            note_spans();
        }
        if (!outcome) stop.wait_for(kRetryPause);
    }

    void poke() {
        {
            Lock lock(mutex);
            poked = true;
        }
        changed.notify_all();
    }

    // Empty: none until the deadline.
    std::string wait_for_next_holder(const Grant& former, Deadline deadline) {
        Lock lock(mutex);
        while (!deadline.passed(io::now())) {
            const auto entry = mirror.get(kDutyPrefix + former.duty);
            const auto record = entry ? duty_from_json(entry->value) : std::nullopt;
            if (record && record->epoch > former.epoch && !record->holder.empty()) {
                return record->holder;
            }
            changed.wait_for(mutex, std::min(Millis(50), deadline.left(io::now())));
        }
        return {};
    }

    // --- spans, for on_lease --------------------------------------------------------------------
    // Under the very lock that changed what holds() answers.
    void note_spans() EK_REQUIRES(mutex) {
        if (!options.on_lease) return;
        const Instant now = io::now();
        std::map<std::string, LeaseSpan> current;
        for (const auto& [duty, grant] : core.grants()) {
            if (mirror.watched() < grant.fence || now >= core.valid_until()) continue;
            current[duty] = {.grant = grant, .from = now, .until = core.valid_until()};
        }
        for (const auto& [duty, span] : spans) {
            const auto it = current.find(duty);
            const bool goes_on = it != current.end() && it->second.grant == span.grant;
            if (!goes_on && now < span.until) span_news.push_back({span.grant, now, now});
        }
        for (const auto& [duty, span] : current) {
            const auto it = spans.find(duty);
            const bool known = it != spans.end() && it->second.grant == span.grant &&
                               it->second.until == span.until;
            if (!known) span_news.push_back(span);
        }
        spans = std::move(current);
    }

    void tell_spans() {
        if (!options.on_lease) return;
        std::vector<LeaseSpan> news;
        {
            Lock lock(mutex);
            news.swap(span_news);
        }
        for (const LeaseSpan& span : news) options.on_lease(span);
    }

    // --- facts ----------------------------------------------------------------------------------
    Version known_version(const std::string& key) const {
        Lock lock(mutex);
        return mirror.version_of(key);
    }

    Result<Version> write(Txn wanted, Deadline deadline) {
        FactWrite write(std::move(wanted),
                        [this](const std::string& key) { return known_version(key); });
        const std::string& first = write.ops().front().key;
        std::string cause = "no time";
        io::StopToken pause;
        while (!deadline.passed(io::now())) {
            const auto outcome =
                engine.txn(write.txn(), io::within(options.call_limit).sooner(deadline));
            if (!outcome) {
                if (outcome.error().code != Errc::unavailable) write.unknown();
                cause = outcome.error().what;
                pause.wait_for(kRetryPause);
                continue;
            }
            const auto [fate, version] = write.judge(*outcome);
            if (fate == FactWrite::Fate::applied) return remember(write, version);
            if (fate == FactWrite::Fate::again) continue;
            const bool conflict = fate == FactWrite::Fate::conflict;
            return Error{
                conflict ? Errc::conflict : Errc::timed_out,
                fmt::format("write {}: the duty has another holder, or the key changed{}", first,
                            conflict ? "" : "; whether it was written before is unknown")};
        }
        return Error{write.maybe_applied() ? Errc::timed_out : Errc::unavailable,
                     fmt::format("write {}: {}", first, cause)};
    }

    // Our own writes are seen at once, not only when the watch brings them.
    Version remember(const FactWrite& write, Version version) {
        std::vector<std::string> keys;
        {
            Lock lock(mutex);
            keys = tell_core(mirror.remember(write.ops(), version), io::now());
        }
        listeners.notify(keys);
        return version;
    }
};

Coordinator::Coordinator(Engine& engine, CoordinatorOptions options)
    : impl_(std::make_unique<Impl>(engine, std::move(options))) {}

Coordinator::~Coordinator() {
    stop();
}

Result<> Coordinator::start(Deadline deadline) {
    impl_->start_threads();
    auto joined = impl_->wait_until_joined(deadline);
    if (!joined) impl_->stop_threads();
    return joined;
}

void Coordinator::stop() {
    if (!impl_->renewer.running()) return;
    {
        Lock lock(impl_->mutex);
        impl_->core.leave();
        impl_->poked = true;
    }
    impl_->changed.notify_all();
    const Deadline deadline = io::within(kLeaveLimit);
    while (!deadline.passed(io::now())) {
        Lock lock(impl_->mutex);
        if (impl_->core.left()) break;
        impl_->changed.wait_for(impl_->mutex, Millis(50));
    }
    impl_->stop_threads();
}

GroupView Coordinator::group() const {
    GroupView view;
    view.self = impl_->options.node;
    const auto lead = holds(kLeaderDuty);
    view.leads = lead.has_value();
    Lock lock(impl_->mutex);
    view.healthy = io::now() < impl_->core.valid_until();
    const auto text_after = [](const std::string& key, const char* prefix) {
        return key.substr(std::string(prefix).size());
    };
    for (const Entry& entry : impl_->mirror.list(kMemberPrefix)) {
        if (const auto record = member_from_json(entry.value)) {
            view.members.push_back(member_of(*record));
        }
    }
    for (const Entry& entry : impl_->mirror.list(kDutyPrefix)) {
        const auto record = duty_from_json(entry.value);
        if (!record) continue;
        Duty duty{.name = text_after(entry.key, kDutyPrefix), .holder = {}, .epoch = record->epoch};
        const auto holder =
            std::find_if(view.members.begin(), view.members.end(), [&](const Member& member) {
                return member.live && member.node == record->holder &&
                       member.incarnation == record->incarnation;
            });
        if (holder != view.members.end()) {
            duty.holder = holder->node;
            if (duty.name == kLeaderDuty) {
                view.leader = *holder;
                view.leader_epoch = record->epoch;
            }
        }
        view.duties.push_back(std::move(duty));
    }
    return view;
}

bool Coordinator::healthy() const {
    Lock lock(impl_->mutex);
    return io::now() < impl_->core.valid_until();
}

void Coordinator::want(const std::string& duty) {
    {
        Lock lock(impl_->mutex);
        impl_->core.want(duty);
    }
    impl_->poke();
}

void Coordinator::drop(const std::string& duty) {
    {
        Lock lock(impl_->mutex);
        impl_->core.drop(duty);
    }
    impl_->poke();
}

Result<> Coordinator::transfer(const std::string& duty, const std::string& node,
                               Deadline deadline) {
    const std::string what = fmt::format("transfer {} to {}: ", duty, node);
    const auto grant = holds(duty);
    if (!grant) {
        return Error{Errc::conflict, what + "this node does not hold it: ask its holder"};
    }
    if (node == impl_->options.node) return {};
    const auto view = group();
    const bool live =
        std::any_of(view.members.begin(), view.members.end(),
                    [&](const Member& member) { return member.node == node && member.live; });
    if (!live) {
        return Error{Errc::not_found, what + "no live member of the group has that id"};
    }
    {
        Lock lock(impl_->mutex);
        if (!impl_->core.transfer(duty, node)) {
            return Error{Errc::conflict, what + "this node has lost it meanwhile"};
        }
    }
    impl_->poke();
    impl_->duty_listeners.notify({""});
    const std::string taker = impl_->wait_for_next_holder(*grant, deadline);
    if (taker == node) return {};
    if (taker.empty()) {
        return Error{Errc::timed_out, what + "given up here, and nobody has taken it yet"};
    }
    return Error{Errc::conflict, what + taker + " took it instead: does " + node + " want it?"};
}

std::optional<Grant> Coordinator::holds(const std::string& duty, Millis budget) const {
    Lock lock(impl_->mutex);
    return impl_->core.holds(duty, io::now(), budget, impl_->mirror.watched());
}

std::optional<Entry> Coordinator::get(const std::string& key) const {
    Lock lock(impl_->mutex);
    return impl_->mirror.get(key);
}

std::vector<Entry> Coordinator::list(const std::string& prefix) const {
    Lock lock(impl_->mutex);
    return impl_->mirror.list(prefix);
}

Result<Version> Coordinator::commit(const Grant& grant, Txn txn, Deadline deadline) {
    txn.compares.push_back({kDutyPrefix + grant.duty, grant.fence});
    return impl_->write(std::move(txn), deadline);
}

Result<Version> Coordinator::put(const Grant& grant, const std::string& key,
                                 const std::string& value, Deadline deadline) {
    return commit(grant, {.compares = {}, .ops = {{key, value}}}, deadline);
}

Result<Version> Coordinator::remove(const Grant& grant, const std::string& key, Deadline deadline) {
    return commit(grant, {.compares = {}, .ops = {{key, std::nullopt}}}, deadline);
}

Result<Version> Coordinator::put_own(const std::string& key, const std::string& value,
                                     Deadline deadline) {
    return impl_->write({.compares = {}, .ops = {{key, value}}}, deadline);
}

Coordinator::Subscription Coordinator::subscribe(const std::string& prefix,
                                                 std::function<void()> on_change) {
    auto subscription = impl_->listeners.add(prefix, on_change);
    on_change();
    return subscription;
}

Coordinator::Subscription Coordinator::subscribe_duties(std::function<void()> on_change) {
    return impl_->duty_listeners.add("", std::move(on_change));
}

Result<bool> certify_death(Engine& engine, const std::string& node, const std::string& incarnation,
                           Deadline deadline) {
    const std::string key = kMemberPrefix + node;
    Error last{Errc::unavailable, "certify death of " + node + ": no time"};
    io::StopToken pause;
    bool unknown = false;  // The fate of an earlier try.
    for (bool first = true; !deadline.passed(io::now()); first = false) {
        if (!first) pause.wait_for(kRetryPause);
        const auto snapshot = engine.read(key, io::within(Millis(250)).sooner(deadline));
        if (!snapshot) {
            last = snapshot.error();
            continue;
        }
        const auto entry = std::find_if(snapshot->entries.begin(), snapshot->entries.end(),
                                        [&](const Entry& e) { return e.key == key; });
        const auto certificate = certificate_for(
            entry == snapshot->entries.end() ? std::nullopt : std::optional(*entry), incarnation);
        if (!certificate.txn) return unknown && certificate.certified;
        const auto outcome = engine.txn(*certificate.txn, io::within(Millis(250)).sooner(deadline));
        if (outcome && outcome->applied) return true;
        if (outcome) continue;
        unknown = unknown || outcome.error().code != Errc::unavailable;
        last = outcome.error();
    }
    return last;
}

}  // namespace evenkeel::coord
