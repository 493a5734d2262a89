#include "bench/cdc/readers.h"

#include <fmt/core.h>

#include <cstring>
#include <memory>

#include "cdc/stream_service.h"
#include "io/byte_socket.h"
#include "io/clock.h"
#include "io/thread.h"
#include "wire/packet_reader.h"

namespace evenkeel::bench {
namespace {

constexpr Millis kLimit{600'000};
constexpr std::size_t kReceiveBytes = 1u << 20;

template <typename T>
void put(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// COM_BINLOG_DUMP.
std::string dump_command(Dump kind) {
    std::string packet;
    put(packet, std::uint32_t{11});
    packet += '\x12';
    put(packet, std::uint32_t{4});
    put(packet, static_cast<std::uint16_t>(kind));
    // Another number for each kind: the server ends the older one of two with the same.
    put(packet, 0x7f000001u + static_cast<std::uint32_t>(kind));
    return packet;
}

}  // namespace

Result<std::uint64_t> read_as_stream(const ReadTask& task, Millis pause) {
    cdc::StreamConfig config;
    config.name = "bench";
    config.server = task.server;
    config.credentials = task.who;
    config.producer = cdc::Producer::file;
    config.output_file = "/dev/null";
    config.init_gtid = task.begin;
    config.recapture_schema = !task.first_start;
    // Not ended: the caller's process ends in a moment, and joining a thread is not what is
    // measured.
    auto& stream = *new cdc::StreamService(config, nullptr);
    stream.start();
    const Deadline deadline = io::within(kLimit);
    while (stream.report().gtid != task.end) {
        const auto ended = stream.wait(io::within(pause));
        if (ended || ended.error().code != Errc::timed_out) {
            return Error{Errc::unavailable, "stream: " + stream.report().text};
        }
        if (deadline.passed(io::now())) return Error{Errc::timed_out, "stream: too slow"};
    }
    return stream.report().rows;
}

Result<io::Fd> open_dump(const ReadTask& task, Dump kind, Deadline deadline) {
    EK_TRY(auto connection, sql::Connection::open(task.server, task.who, deadline));
    EK_TRY_VOID(connection.execute(
        "SET @master_binlog_checksum = @@global.binlog_checksum, @mariadb_slave_capability = 4, "
        "@slave_connect_state = " +
            sql::quote(task.begin),
        deadline));
    io::Fd socket(connection.release_socket());
    EK_TRY_VOID(io::send_all(socket.get(), dump_command(kind), deadline));
    return socket;
}

Result<std::uint64_t> read_and_count(const ReadTask& task) {
    const Deadline deadline = io::within(kLimit);
    EK_TRY(const io::Fd socket, open_dump(task, Dump::to_the_end, deadline));
    // Room for the longest part of a packet, never touched unless one comes.
    const auto buffer = std::make_unique_for_overwrite<char[]>(kReceiveBytes + (17u << 20));
    wire::PacketReader packets;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    for (std::size_t kept = 0;;) {
        EK_TRY(const std::size_t got,
               io::receive(socket.get(), buffer.get() + kept, kReceiveBytes, deadline));
        std::string_view unread(buffer.get(), kept + got);
        while (const auto packet = packets.next(unread)) {
            if (packet->kind != wire::PacketKind::data) return events;
            // Status byte, time, type, server, size.
            std::uint32_t size = 0;
            std::memcpy(&size, packet->payload.data() + 10, sizeof size);
            bytes += size;
            ++events;
        }
        kept = unread.size();
        std::memmove(buffer.get(), unread.data(), kept);
    }
}

}  // namespace evenkeel::bench
