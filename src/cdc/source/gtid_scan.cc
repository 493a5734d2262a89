#include "cdc/source/gtid_scan.h"

#include <fmt/core.h>

#include <algorithm>

#include "cdc/source/source.h"
#include "wire/mysql_gtid.h"

namespace evenkeel::cdc {
namespace {

using wire::EventType;

// Collects what comes before `place`; its error ends the reading.
class Collector : public EventHandler {
public:
    explicit Collector(const FilePosition& place) : place_(place) {}

    Result<> on_event(const wire::Event& event) override {
        const wire::EventHeader& header = event.header;
        if (header.type == EventType::rotate) return on_rotate(event);
        // A heartbeat comes only at the end of the binlog.
        const bool behind = header.type == EventType::heartbeat || begins_behind(header);
        if (behind) return finish();
        if (header.type == EventType::previous_gtids) {
            EK_TRY(set_, wire::parse_previous_gtids(event));
        } else if (wire::is_mysql_gtid_event(header.type)) {
            EK_TRY(const wire::MysqlGtidEvent named, wire::parse_mysql_gtid(event));
            if (!named.gtid) return nameless();
            set_.add(*named.gtid);
        }
        return {};
    }
    Result<> before_reuse() override { return {}; }

    bool finished() const { return finished_; }
    const GtidSet& set() const { return set_; }

private:
    bool begins_behind(const wire::EventHeader& header) const {
        return !header.artificial() && header.next_position != 0 &&
               header.next_position - std::min(header.next_position, header.size) >= place_.offset;
    }

    // The server made one up at the start; the next one is the end of the file.
    Result<> on_rotate(const wire::Event& event) {
        return event.header.artificial() && rotates_++ == 0 ? Result<>{} : finish();
    }

    Result<> finish() {
        finished_ = true;
        return Error{Errc::conflict, "all that was asked for has been read"};
    }

    Result<> nameless() const {
        return Error{Errc::invalid,
                     fmt::format("find the GTIDs before {}: a transaction there has none; start "
                                 "the stream by init_gtid",
                                 place_.str())};
    }

    const FilePosition place_;
    GtidSet set_{};
    int rotates_ = 0;
    bool finished_ = false;
};

}  // namespace

Result<BinlogPosition> scan_gtids(const StreamConfig& config, const ServerId& server,
                                  const FilePosition& place, Deadline deadline) {
    EK_TRY(Source source, Source::connect(config, server, deadline));
    FilePosition front = place;
    front.offset = 4;
    EK_TRY_VOID(source.start(front, deadline));
    Collector collector(place);
    for (;;) {
        const auto got = source.read(collector, deadline);
        if (collector.finished()) return BinlogPosition(collector.set());
        if (!got) return got.error();
    }
}

}  // namespace evenkeel::cdc
