#include "cdc/render/geometry_text.h"

#include <gtest/gtest.h>

#include <cstring>

namespace evenkeel::cdc {
namespace {

std::string u32(std::uint32_t value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string coordinates(double x, double y) {
    std::string bytes(16, '\0');
    std::memcpy(bytes.data(), &x, 8);
    std::memcpy(bytes.data() + 8, &y, 8);
    return bytes;
}
std::string wkb(std::uint32_t shape, const std::string& content) {
    return "\x01" + u32(shape) + content;
}
std::string srid() {
    return u32(4326);
}

std::string text_of(const std::string& value) {
    std::string out;
    return append_geometry(value, out) ? out : "refused";
}

TEST(GeometryText, WritesPointsAndLines) {
    EXPECT_EQ(text_of(srid() + wkb(1, coordinates(3, 2))), "POINT (3 2)");
    EXPECT_EQ(text_of(srid() + wkb(2, u32(2) + coordinates(0, 0) + coordinates(-0.5, 1e21))),
              "LINESTRING (0 0, -0.5 1000000000000000000000)");
}

TEST(GeometryText, WritesRings) {
    const std::string ring = u32(2) + coordinates(0, 0) + coordinates(1, 1);
    EXPECT_EQ(text_of(srid() + wkb(3, u32(2) + ring + ring)), "POLYGON ((0 0, 1 1), (0 0, 1 1))");
    EXPECT_EQ(text_of(srid() + wkb(6, u32(1) + wkb(3, u32(1) + ring))),
              "MULTIPOLYGON (((0 0, 1 1)))");
}

TEST(GeometryText, WritesCollections) {
    const std::string point = wkb(1, coordinates(1, 2));
    const std::string line = wkb(2, u32(1) + coordinates(3, 4));
    EXPECT_EQ(text_of(srid() + wkb(4, u32(2) + point + point)), "MULTIPOINT ((1 2), (1 2))");
    EXPECT_EQ(text_of(srid() + wkb(5, u32(1) + line)), "MULTILINESTRING ((3 4))");
    EXPECT_EQ(text_of(srid() + wkb(7, u32(2) + point + line)),
              "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (3 4))");
    EXPECT_EQ(text_of(srid() + wkb(7, u32(0))), "GEOMETRYCOLLECTION EMPTY");
}

TEST(GeometryText, RefusesWhatIsNoGeometry) {
    const std::string good = srid() + wkb(7, u32(1) + wkb(1, coordinates(1, 2)));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_EQ(text_of(good.substr(0, size)), "refused") << size;
    }
    EXPECT_EQ(text_of(good + "x"), "refused");
    EXPECT_EQ(text_of(srid() + wkb(9, coordinates(1, 2))), "refused");
    EXPECT_EQ(text_of(srid() + wkb(2, u32(0xFFFFFFFF))), "refused");
}

TEST(GeometryText, HasALimitOfDepth) {
    std::string nested = wkb(1, coordinates(1, 2));
    for (int depth = 0; depth < 40; ++depth) nested = wkb(7, u32(1) + nested);
    EXPECT_EQ(text_of(srid() + nested), "refused");
}

}  // namespace
}  // namespace evenkeel::cdc
