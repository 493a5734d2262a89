// A gate between a client and a server on loopback: lets bytes through, holds them, swallows the
// answers, damages them, or cuts. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/instant.h"

namespace evenkeel::lab {

class TcpGate {
public:
    // Listens on a free port and leads to `server_port`.
    explicit TcpGate(int server_port);
    ~TcpGate();
    TcpGate(const TcpGate&) = delete;
    TcpGate& operator=(const TcpGate&) = delete;

    int port() const;
    std::string address() const;  // "127.0.0.1:<port>"

    // Everything passes; what was held goes on its way. Connections that missed bytes are cut.
    void open();
    // Nothing passes in either direction; connections stay, and new ones are taken.
    void hold();
    // Connections end, and new ones are ended at once.
    void cut();
    // Requests pass, answers are dropped, once a request contained `pattern` (empty: from now on).
    void swallow_answers_after(const std::string& pattern);
    // Whether that has come.
    bool swallows() const;
    // In the next answer that contains `pattern`, in one piece, its first byte becomes another.
    void damage_answer(const std::string& pattern);
    // How many answers were damaged.
    int damaged() const;
    // Bytes pass so much later in each direction.
    void delay(Millis by);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::lab
