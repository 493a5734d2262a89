// What goes over TCP ports on loopback, captured by tcpdump and put together into streams. Needs
// root. Not thread-safe; the capture ends with the thread that started it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/process.h"

namespace evenkeel::test {

// One direction of one connection.
struct TcpStream {
    int from = 0;  // Ports.
    int to = 0;
    bool from_start = false;  // The connection's beginning was seen.
    std::string bytes{};      // In order, up to the first that the capture missed.
};

class PacketCapture {
public:
    // Returns when it captures. Errors: not_found  tcpdump is not installed; unavailable  it does
    // not start; the text has its own words.
    static Result<PacketCapture> start(const std::string& folder, const std::vector<int>& ports);
    // Ends the capture. Errors: unavailable  tcpdump has lost packets; corrupt  its file.
    Result<std::vector<TcpStream>> streams();

private:
    io::Process tcpdump_;
    std::string file_;
    std::string log_;
};

// Whether the stream consists of TLS records and nothing else; the last may be cut off.
bool is_tls(const std::string& bytes);

}  // namespace evenkeel::test
