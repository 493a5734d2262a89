#include "cdc/render/geometry_text.h"

#include <bit>
#include <cstdint>

#include "cdc/render/number_text.h"
#include "wire/cursor.h"

namespace evenkeel::cdc {
namespace {

enum Shape : std::uint32_t {
    point = 1,
    line_string = 2,
    polygon = 3,
    multi_point = 4,
    multi_line_string = 5,
    multi_polygon = 6,
    collection = 7,
};

constexpr const char* kNames[] = {
    "",           "POINT",           "LINESTRING",   "POLYGON",
    "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};

class WktWriter {
public:
    WktWriter(std::string_view wkb, std::string& out) : in_(wkb), out_(out) {}

    bool write() { return geometry(0) && in_.ok() && in_.left() == 0; }

private:
    static constexpr int kDepthMax = 32;

    // Reads the head of a WKB; 0 when it is none.
    std::uint32_t head() {
        if (in_.u8() != 1) in_.fail();  // Little-endian: the server stores nothing else.
        const std::uint32_t shape = in_.u32();
        return in_.ok() && shape >= point && shape <= collection ? shape : 0;
    }

    bool geometry(int depth) {
        const std::uint32_t shape = head();
        if (shape == 0 || depth > kDepthMax) return false;
        out_ += kNames[shape];
        out_ += ' ';
        if (shape == point) return in_parentheses([&] { return coordinates(); });
        return content(shape, depth);
    }

    // What stands in the outer parentheses of anything but a point.
    bool content(std::uint32_t shape, int depth) {
        switch (shape) {
            case line_string: return list([&] { return coordinates(); });
            case polygon: return list([&] { return content(line_string, depth); });
            case multi_point:
                return list([&] {
                    return head() == point && in_parentheses([&] { return coordinates(); });
                });
            case multi_line_string:
                return list([&] { return head() == line_string && content(line_string, depth); });
            case multi_polygon:
                return list([&] { return head() == polygon && content(polygon, depth); });
            default: return list([&] { return geometry(depth + 1); });
        }
    }

    bool coordinates() {
        const double x = std::bit_cast<double>(in_.u64());
        const double y = std::bit_cast<double>(in_.u64());
        number(x);
        out_ += ' ';
        number(y);
        return in_.ok();
    }

    void number(double value) {
        char text[360];
        const char* end = put_plain_double(text, value);
        out_.append(text, static_cast<std::size_t>(end - text));
    }

    template <typename Write>
    bool in_parentheses(Write write) {
        out_ += '(';
        const bool good = write();
        out_ += ')';
        return good;
    }

    template <typename Item>
    bool list(Item item) {
        const std::uint32_t count = in_.u32();
        if (count == 0 && in_.ok()) {
            out_ += "EMPTY";
            return true;
        }
        return in_parentheses([&] {
            for (std::uint32_t i = 0; i < count; ++i) {
                if (i > 0) out_ += ", ";
                if (!item() || !in_.ok()) return false;
            }
            return in_.ok();
        });
    }

    wire::Cursor in_;
    std::string& out_;
};

}  // namespace

bool append_geometry(std::string_view value, std::string& out) {
    constexpr std::size_t kSridSize = 4;
    if (value.size() < kSridSize) return false;
    return WktWriter(value.substr(kSridSize), out).write();
}

}  // namespace evenkeel::cdc
