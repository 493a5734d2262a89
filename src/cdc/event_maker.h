// Makes binlog events for tests, without checksums. Only tests include this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "model/gtid.h"
#include "model/gtid_set.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc::test {

template <typename T>
void put(std::string& to, T value, std::size_t size = sizeof(T)) {
    to.append(reinterpret_cast<const char*>(&value), size);
}

// Owns nothing: the event looks into `bytes`.
inline wire::Event view_event(std::string_view bytes) {
    const auto event = wire::EventReader(false, false).read(bytes);
    EK_CHECK(event, "a test made an impossible event");
    return *event;
}

// The bytes of hexadecimal digits.
inline std::string hex(std::string_view digits) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes += static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1]));
    }
    return bytes;
}

// Numbers the events of a file as a server does.
class EventMaker {
public:
    std::string event(wire::EventType type, std::string_view body) {
        const auto size = static_cast<std::uint32_t>(wire::kEventHeaderSize + body.size());
        position_ += size;
        std::string bytes;
        put(bytes, std::uint32_t{1'700'000'000});
        put(bytes, static_cast<std::uint8_t>(type));
        put(bytes, std::uint32_t{1});
        put(bytes, size);
        put(bytes, position_);
        put(bytes, std::uint16_t{0});
        return bytes.append(body);
    }

    std::string gtid(const Gtid& gtid, std::uint8_t flags = 4, std::string_view xa = {}) {
        std::string body;
        put(body, gtid.sequence);
        put(body, gtid.domain);
        put(body, flags);
        if (xa.empty()) {
            body.append(6, '\0');
        } else {
            put(body, std::uint32_t{1});
            put(body, static_cast<std::uint8_t>(xa.size()));
            put(body, std::uint8_t{0});
            body.append(xa);
        }
        return event(wire::EventType::gtid, body);
    }

    // What opens a transaction of MySQL.
    std::string mysql_gtid(const MysqlGtid& gtid) {
        std::string body(1, '\0');
        body.append(reinterpret_cast<const char*>(gtid.source.uuid.bytes.data()), 16);
        put(body, gtid.sequence);
        return event(wire::EventType::mysql_gtid, body);
    }

    std::string anonymous_gtid() { return event(wire::EventType::anonymous_gtid, {}); }

    std::string rotate(std::string_view file, std::uint64_t position) {
        std::string body;
        put(body, position);
        std::string bytes = event(wire::EventType::rotate, body.append(file));
        position_ = static_cast<std::uint32_t>(position);
        return bytes;
    }

    // A table with the one column `id INT`, with its name in the metadata.
    std::string table_map(std::uint64_t id, std::string_view database, std::string_view table) {
        std::string body;
        put(body, id, 6);
        put(body, std::uint16_t{1});
        for (const std::string_view name : {database, table}) {
            put(body, static_cast<std::uint8_t>(name.size()));
            body.append(name).append(1, '\0');
        }
        body.append({1, 3, 0, 1});  // Columns, INT, no type metadata, nullable.
        body.append({1, 1, 0}).append({4, 3, 2, 'i', 'd'});  // Signs; names.
        return event(wire::EventType::table_map, body);
    }

    std::string insert(std::uint64_t id, const std::vector<std::int32_t>& values) {
        std::string body;
        put(body, id, 6);
        put(body, std::uint16_t{1});
        body.append({1, 1});
        for (const std::int32_t value : values) {
            body.append(1, '\0');
            put(body, value);
        }
        return event(wire::EventType::write_rows_v1, body);
    }

    std::string query(std::string_view database, std::string_view statement) {
        std::string body(8, '\0');
        put(body, static_cast<std::uint8_t>(database.size()));
        body.append(4, '\0').append(database).append(1, '\0').append(statement);
        return event(wire::EventType::query, body);
    }

    std::string xid(std::uint64_t number) {
        std::string body;
        put(body, number);
        return event(wire::EventType::xid, body);
    }

    std::string xa_prepare(std::string_view xa) {
        std::string body(1, '\0');
        put(body, std::uint32_t{1});
        put(body, static_cast<std::uint32_t>(xa.size()));
        put(body, std::uint32_t{0});
        return event(wire::EventType::xa_prepare, body.append(xa));
    }

private:
    std::uint32_t position_ = 4;
};

}  // namespace evenkeel::cdc::test
