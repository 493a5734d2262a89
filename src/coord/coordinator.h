// A node's seat in its group: membership, leases with epochs, and the replicated facts.
//
// How a lease works (docs/internals/lease.md): a node renews one key, member/<node>, by
// compare-and-set, for all its duties at once. Whoever sees that key unchanged for its whole ttl,
// on its own monotonic clock, may expel that member, again by compare-and-set, so that a renewal
// which was under way fails. Only then may its duties be taken over, with epoch + 1. The holder
// counts its ttl from the moment before it sent the last confirmed renewal and stops by itself
// before that ends.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "coord/engine.h"
#include "model/lease.h"

namespace evenkeel::coord {

inline constexpr const char* kLeaderDuty = "leader";

// From `from` until `until` this node may act under `grant`, unless a later span of it ends sooner.
struct LeaseSpan {
    Grant grant{};
    Instant from{};
    Instant until{};
};

struct CoordinatorOptions {
    std::string node{};         // This node's id, unique in the group.
    std::string incarnation{};  // Unique for every start of the worker.
    std::string api_address{};  // "host:port" where other nodes reach this node's HTTP API.
    // "host:port" where other nodes reach this node's node-to-node API over TLS; empty: they use
    // api_address.
    std::string peer_address{};
    Millis ttl{1500};        // How long a silent holder keeps its duties.
    Millis call_limit{200};  // One try at the engine; tries repeat until the caller's deadline.
    // For tests: told of each span when it is granted, renewed or cut short. Spans of the two
    // threads that tell of them may come out of order.
    std::function<void(const LeaseSpan&)> on_lease{};
};

struct Member {
    std::string node{};
    std::string incarnation{};
    std::string api_address{};
    std::string peer_address{};  // Empty: api_address.
    std::string version{};       // Of the program.
    bool live = false;           // Not expelled, not certified dead, not left.
};

struct Duty {
    std::string name{};
    std::string holder{};  // Node; empty: free.
    Epoch epoch{};
};

struct GroupView {
    std::string self{};
    bool healthy = false;  // This node confirmed a write within its ttl.
    bool leads = false;    // This node holds the leader's duty, with its lease valid now.
    Epoch leader_epoch{};
    std::optional<Member> leader{};
    std::vector<Member> members{};
    std::vector<Duty> duties{};
};

// Thread-safe. Callbacks run on the coordinator's threads and must not block.
class Coordinator {
public:
    // `engine` must outlive this.
    Coordinator(Engine& engine, CoordinatorOptions options);
    ~Coordinator();
    Coordinator(const Coordinator&) = delete;
    Coordinator& operator=(const Coordinator&) = delete;

    // Joins the group and waits for the first confirmed renewal.
    // Errors: conflict             a live member has this node id (its address is in the text);
    //         unavailable, timed_out  the engine gave no answer until the deadline.
    Result<> start(Deadline deadline);
    // Leaves: gives up all duties and marks the member as gone, so that others need not wait.
    void stop();

    GroupView group() const;
    bool healthy() const;

    // --- duties ---------------------------------------------------------------------------------
    // Campaigns for `duty` from now on, also again after losing it, until drop(). When several
    // nodes want it, one of them gets it; holders keep it while they live.
    void want(const std::string& duty);
    // Stops campaigning and releases the duty when held. End what is done under it before.
    void drop(const std::string& duty);
    // Gives a duty that this node holds to `node`, and waits until it has it. From here holds()
    // says no; the duty is released when the budgets that it has granted are over. Then the others
    // leave it to `node` for a second; after that whoever wants it takes it, this node too.
    // Errors: conflict   this node does not hold it, or another than `node` took it;
    //         not_found  `node` is no live member;
    //         timed_out  given up (or about to be), and nobody took it until the deadline.
    Result<> transfer(const std::string& duty, const std::string& node, Deadline deadline);
    // The grant, when this node holds `duty` and its lease lasts for at least `budget` more.
    // From then on the local copy has everything that former holders wrote under the duty.
    // Cheap: call it before every step that must not be done by two.
    std::optional<Grant> holds(const std::string& duty, Millis budget = Millis{0}) const;

    // --- facts ----------------------------------------------------------------------------------
    // Keys are relative to the group's root. These read the local copy, which follows the engine
    // within milliseconds and stands still without a quorum.
    std::optional<Entry> get(const std::string& key) const;
    std::vector<Entry> list(const std::string& prefix) const;

    // Writes under a duty: refused unless the grant is still the current one, whoever asks when.
    // Unknown outcomes are resolved inside, by repeating; `value`s must differ from the stored ones
    // in something that only this writer could have written (an epoch, a counter, the node).
    // Errors: conflict     the grant is no longer current, or a compared key changed: not written;
    //         timed_out    unknown: still at the deadline, or for good after such a change;
    //         unavailable  no quorum: not written.
    Result<Version> put(const Grant& grant, const std::string& key, const std::string& value,
                        Deadline deadline);
    Result<Version> remove(const Grant& grant, const std::string& key, Deadline deadline);
    Result<Version> commit(const Grant& grant, Txn txn, Deadline deadline);
    // Writes a key that is this node's own by its name (verdict/<cluster>/<node>).
    Result<Version> put_own(const std::string& key, const std::string& value, Deadline deadline);

    // Calls `on_change` after any key under `prefix` changed in the local copy (and once now).
    // The end of the returned handle ends the subscription and waits for a callback that runs; so
    // never end it from within one.
    using Subscription = std::shared_ptr<void>;
    [[nodiscard]] Subscription subscribe(const std::string& prefix,
                                         std::function<void()> on_change);
    // Calls `on_change` when the duties that this node holds change, or its health does.
    [[nodiscard]] Subscription subscribe_duties(std::function<void()> on_change);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The supervisor's death certificate: one transaction, compared with the incarnation, that marks
// the member as dead, so that its duties can be taken at once. Call it only when the worker with
// this incarnation and all its children are dead. True: certified now; false: nothing to certify
// (that incarnation was not live any more).
Result<bool> certify_death(Engine& engine, const std::string& node, const std::string& incarnation,
                           Deadline deadline);

}  // namespace evenkeel::coord
