// An Ethernet in user space: a switch between hosts, each a network namespace with one interface,
// and faults per direction of each pair. Nothing of it exists outside of the test's process, and
// nothing is left of it afterwards.
//
// The observer is one more host, on which the test asks the others. Faults of pairs leave it alone
// unless they name it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "tests/support/network_namespace.h"

namespace evenkeel::test {

// What the switch took in and passed on, or lost to a fault.
struct Frame {
    std::size_t from = 0;
    std::size_t to = 0;
    Instant at{};
    bool lost = false;
    std::string_view bytes{};  // From the Ethernet header on.
};

// Thread-safe. A fault is in effect when its call returns, also for frames that are under way.
class Lan {
public:
    // Why there can be no LAN here (no root, no /dev/net/tun); nothing: there can.
    static std::optional<std::string> why_not();

    // Hosts are 0 to hosts-1.
    explicit Lan(std::size_t hosts);
    ~Lan();
    Lan(const Lan&) = delete;
    Lan& operator=(const Lan&) = delete;

    std::size_t hosts() const;
    std::size_t observer() const { return hosts(); }
    const NetworkNamespace& network(std::size_t host) const;
    // 10.77.0.1 for host 0, and so on.
    static std::string address(std::size_t host);

    // --- faults ---------------------------------------------------------------------------------
    void cut(std::size_t from, std::size_t to);  // One way.
    void cut_both(std::size_t a, std::size_t b);
    void isolate(std::size_t host);  // From every other host, both ways.
    // Each way, so that a round trip takes twice that.
    void delay(std::size_t a, std::size_t b, Millis delay);
    void delay_all(Millis delay);
    // Takes every fault away.
    void heal();

    // --- what travels ---------------------------------------------------------------------------
    // Of frames between hosts, not of the observer's.
    // Called on the switch's thread for every frame from now on; it must not call this object.
    void on_frame(std::function<void(const Frame&)> callback);
    // Keeps the latest frames, up to `bytes_max` of them in bytes, from now on.
    void capture(std::size_t bytes_max);
    // What is kept, for tcpdump and wireshark; lost frames too.
    Result<> write_pcap(const std::string& path) const;
    // What the kept TCP segments from one host to another carried, one after the other.
    std::string tcp_payload(std::size_t from, std::size_t to) const;

private:
    struct Switch;
    std::unique_ptr<Switch> switch_;
};

}  // namespace evenkeel::test
