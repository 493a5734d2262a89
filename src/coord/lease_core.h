// Decides what a node writes to keep its seat and its duties, and until when it may act. Pure: no
// I/O, no clock, no locks; the coordinator sends the transactions and says how they ended.
//
// docs/internals/lease.md has the protocol and why two nodes never hold a duty at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coord/engine.h"
#include "coord/lease_records.h"
#include "model/lease.h"

namespace evenkeel::coord {

struct LeaseOptions {
    std::string node{};
    std::string incarnation{};
    std::string api_address{};
    std::string peer_address{};
    std::string version{};
    Millis ttl{1500};
};

class LeaseCore {
public:
    explicit LeaseCore(LeaseOptions options);

    // --- what happened --------------------------------------------------------------------------
    // A key under member/ or duty/ as of `version`; nothing: it was removed then. What is older
    // than what is known already has no effect.
    void observe(const std::string& key, const std::optional<std::string>& value, Version version,
                 Instant now);
    void want(const std::string& duty) { wanted_.insert(duty); }
    // No longer held from here, released with the next transaction.
    void drop(const std::string& duty);
    // Give `duty` up, for `node` to take: the others, this node too, wait for a second before they
    // claim it. No longer held from here, and released once every budget that holds() has granted
    // is over. False: it is not held.
    bool transfer(const std::string& duty, const std::string& node);
    // Give up every duty and the seat.
    void leave() { leaving_ = true; }

    // --- what to do -----------------------------------------------------------------------------
    struct Next {
        std::optional<Txn> txn{};  // Send this now; then call exactly one of the three below.
        Instant wake{};            // Without one: ask again then, or when something happened.
    };
    // `now` also becomes the instant from which the lease counts if the transaction is applied.
    Next next(Instant now);
    void finished(const TxnOutcome& outcome, Instant now);
    // The transaction may have been applied: next() repeats it until its fate is known.
    void unknown();
    // This try was not applied and will not be.
    void not_sent();

    // --- what holds -----------------------------------------------------------------------------
    // The grant, when this node may act under it until `now` + `budget`. `watched`: up to where the
    // local copy is complete; below the grant's fence something that a former holder wrote may be
    // missing in it.
    std::optional<Grant> holds(const std::string& duty, Instant now, Millis budget,
                               Version watched);
    // This node's duties, and nothing else, may be acted on before this instant.
    Instant valid_until() const { return joined_ ? valid_until_ : Instant{}; }
    const std::map<std::string, Grant>& grants() const { return grants_; }
    bool joined() const { return joined_; }
    bool left() const { return left_; }
    // A live member with this node's id that is not this process.
    std::optional<MemberRecord> seat_taken_by() const;

private:
    struct Seen {
        MemberRecord record{};
        Version version = 0;  // 0: there is no such key.
        Version as_of = 0;    // Known up to here; above `version` only when the key was removed.
        Instant since{};      // When this version was first seen here.
    };
    struct SeenDuty {
        DutyRecord record{};
        Version version = 0;
        Version as_of = 0;
        std::optional<Instant> free_since{};
    };
    struct Release {
        Grant grant{};
        std::string preferred{};
        Instant not_before{};
    };
    struct Pending {
        Txn txn{};
        Instant sent{};  // Of the first try: it may have been that one that was applied.
        MemberRecord own{};
        std::map<std::string, Epoch> claims{};
        std::set<std::string> releases{};
        bool maybe_applied = false;  // The fate of an earlier try is unknown.
    };

    Next join(Instant now);
    Next renew(Instant now);
    Next send_leave(Instant now);
    Next send(Pending pending);
    Pending start_pending(MemberState state, Instant now) const;
    bool give_up(const std::string& duty, const std::string& preferred, Instant not_before);
    void add_releases(Pending& pending, Instant now);
    void add_expulsion(Pending& pending, Instant now);
    void add_claims(Pending& pending, Instant now);
    bool claimable(const std::string& duty, Instant now);
    Millis patience(const std::string& duty, const SeenDuty& seen) const;
    Millis turn(const std::string& duty) const;
    void applied(const Pending& pending, Version version);
    void observe_member(const std::string& node, const std::optional<std::string>& value,
                        Version version, Instant now);
    void observe_duty(const std::string& duty, const std::optional<std::string>& value,
                      Version version);
    Version version_of(const std::string& key) const;
    void lose_seat();
    bool live(const std::string& node) const;
    bool live(const std::string& node, const std::string& incarnation) const;
    Instant silent_from(const Seen& member) const;

    LeaseOptions options_;
    std::string incarnation_;  // options_.incarnation, with a number after each expulsion.
    std::uint64_t rejoins_ = 0;
    std::map<std::string, Seen> members_;
    std::map<std::string, SeenDuty> duties_;
    std::set<std::string> wanted_;
    std::map<std::string, Grant> grants_;
    std::map<std::string, Instant> budgeted_;   // Until when acts may go on that have begun.
    std::map<std::string, Release> releasing_;  // Not acted on any more, still ours by record.
    std::optional<Pending> pending_;
    bool joined_ = false;
    bool leaving_ = false;
    bool left_ = false;
    bool only_renew_ = false;  // The last transaction met a foreign change: secure the lease first.
    std::uint64_t beat_ = 0;
    Version own_version_ = 0;
    Instant valid_until_{};
    Instant renewed_at_{};
};

}  // namespace evenkeel::coord
