#include "cdc/source/dump_command.h"

namespace evenkeel::cdc {
namespace {

constexpr char kDump = 0x12;
constexpr char kDumpGtid = 0x1e;

template <typename T>
void put(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

std::string dump_by_file(const FileDump& dump) {
    std::string command(1, kDump);
    put(command, dump.offset);
    put(command, dump.flags);
    put(command, dump.server_id);
    return command + dump.file;
}

std::string dump_by_gtids(const GtidSet& excluded, std::uint32_t server_id) {
    constexpr std::uint16_t kThroughGtid = 4;
    const std::string set = excluded.encode();
    std::string command(1, kDumpGtid);
    put(command, kThroughGtid);
    put(command, server_id);
    put(command, std::uint32_t{0});  // Size of a file name.
    put(command, std::uint64_t{4});
    put(command, static_cast<std::uint32_t>(set.size()));
    return command + set;
}

}  // namespace evenkeel::cdc
