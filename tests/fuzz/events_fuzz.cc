// A connection's bytes: packets, events cut out of them, and every parser of an event's body.
#include <string>

#include "tests/fuzz/target.h"
#include "wire/binlog_event.h"
#include "wire/mysql_gtid.h"
#include "wire/packet_reader.h"
#include "wire/payload.h"
#include "wire/rows_event.h"
#include "wire/table_map.h"

namespace evenkeel::fuzz {
namespace {

void parse_plain(const wire::Event& event) {
    static std::string scratch;
    use(wire::parse_format_description(event));
    use(wire::parse_rotate(event));
    use(wire::parse_heartbeat(event));
    use(wire::parse_gtid_event(event));
    use(wire::parse_gtid_list(event));
    use(wire::parse_annotate_rows(event));
    use(wire::parse_query(event, scratch));
    use(wire::parse_xid(event));
    use(wire::parse_xa_prepare(event));
    use(wire::parse_binlog_checkpoint(event));
    use(wire::parse_incident(event));
    use(wire::parse_table_map(event));
    use(wire::parse_rows(event, scratch));
    use(wire::handling_of(event.header));
    use(wire::parse_mysql_gtid(event));
    use(wire::parse_previous_gtids(event));
}

void parse_body(const wire::Event& event) {
    parse_plain(event);
    if (event.header.type != wire::EventType::transaction_payload) return;
    wire::PayloadReader payload;
    if (!payload.open(event)) return;
    while (true) {
        const auto inner = payload.next();
        if (!inner) return;
        if (*inner) {
            parse_plain(**inner);
        } else if (payload.done() || !payload.refill()) {
            return;
        }
    }
}

void read_events(std::string_view bytes, bool checksums) {
    wire::EventReader reader(checksums, false);
    while (!bytes.empty()) {
        const auto event = reader.read_front(bytes);
        if (!event || !*event) return;
        parse_body(**event);
        bytes.remove_prefix((*event)->bytes.size());
    }
}

void read_packets(std::string_view bytes) {
    wire::PacketReader packets;
    wire::EventReader events(true, true);
    while (const auto packet = packets.next(bytes)) {
        if (packet->kind == wire::PacketKind::error) use(wire::parse_server_error(packet->payload));
        if (packet->payload.empty()) continue;
        const auto event = events.read(packet->payload.substr(1));
        if (event) parse_body(*event);
    }
}

}  // namespace
}  // namespace evenkeel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace evenkeel::fuzz;
    if (size == 0) return 0;
    const std::string_view bytes = view(data + 1, size - 1);
    switch (data[0] % 3) {
        case 0: read_events(bytes, false); break;
        case 1: read_events(bytes, true); break;
        default: read_packets(bytes);
    }
    return 0;
}
