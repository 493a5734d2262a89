#include "cdc/render/json_binary.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "cdc/event_maker.h"

namespace evenkeel::cdc {
namespace {

using test::hex;

std::string text_of(std::string_view document, bool quirks = false) {
    ByteBuffer out;
    return append_json_binary(document, quirks, out) ? std::string(out.view()) : "refused";
}

template <typename T>
std::string number(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string type(int type) {
    return std::string(1, static_cast<char>(type));
}
std::string opaque(int what, std::string_view data) {
    return type(15) + type(what) + type(static_cast<int>(data.size())) + std::string(data);
}
std::string moment(int what, std::int64_t packed) {
    return opaque(what, number(packed));
}
constexpr std::int64_t packed(std::int64_t year, std::int64_t month, std::int64_t day,
                              std::int64_t hour = 0, std::int64_t minute = 0,
                              std::int64_t second = 0, std::int64_t micros = 0) {
    return (((year * 13 + month) << 5 | day) << 17 | hour << 12 | minute << 6 | second) << 24 |
           micros;
}

struct Case {
    std::string document;
    const char* text;
};

TEST(JsonBinary, WritesScalars) {
    const Case cases[] = {
        {hex("0400"), "null"},
        {hex("0401"), "true"},
        {hex("0402"), "false"},
        {type(5) + number<std::int16_t>(-32768), "-32768"},
        {type(6) + number<std::uint16_t>(65535), "65535"},
        {type(7) + number<std::int32_t>(INT32_MIN), "-2147483648"},
        {type(8) + number<std::uint32_t>(UINT32_MAX), "4294967295"},
        {type(9) + number<std::int64_t>(INT64_MIN), "-9223372036854775808"},
        {type(10) + number<std::uint64_t>(UINT64_MAX), "18446744073709551615"},
        {type(12) + "\x03" + "a\"b", R"("a\"b")"},
        {type(12) + hex("8001") + std::string(128, 'x'), nullptr},
        {hex("0403"), "refused"},
        {hex("0c05") + "abc", "refused"},
        {hex("05ff"), "refused"},
        {hex("0d00"), "refused"},
        {"", "refused"},
    };
    for (const Case& c : cases) {
        const std::string expected =
            c.text != nullptr ? c.text : "\"" + std::string(128, 'x') + "\"";
        EXPECT_EQ(text_of(c.document), expected);
    }
}

TEST(JsonBinary, WritesDoublesAsJsonReadersLikeThem) {
    const struct {
        double value;
        const char* text;
        const char* quirk;
    } cases[] = {
        {0, "0.0", "0.0"},
        {-0.25, "-0.25", "-0.25"},
        {11, "11.0", "11.0"},
        {1e10, "10000000000", "10000000000"},
        {-1e20, "-100000000000000000000", "-100000000000000000000"},
        {1e21, "1.0E21", "1000000000000000000000"},
        {1e23, "1.0E23", "99999999999999991611392"},
        {1e300, "1.0E300", nullptr},
        {12345678.9, "12345678.9", "12345678.90000000037252902984619140625"},
        {0.0005, "0.0005", "0.0005000000000000000104083408558608425664715468883514404296875"},
        {1e-7, "1.0E-7", nullptr},
        {5e-324, "5.0E-324", nullptr},
    };
    for (const auto& c : cases) {
        const std::string document = type(11) + number(c.value);
        EXPECT_EQ(text_of(document), c.text);
        if (c.quirk != nullptr) {
            EXPECT_EQ(text_of(document, true), c.quirk);
        }
        EXPECT_EQ(std::strtod(text_of(document, true).c_str(), nullptr), c.value);
    }
}

TEST(JsonBinary, WritesWhatJsonDoesNotKnow) {
    const Case cases[] = {
        {moment(10, packed(2024, 2, 29)), "\"2024-02-29\""},
        {moment(12, packed(2024, 2, 29, 1, 2, 3, 120000)), "\"2024-02-29 01:02:03.12\""},
        {moment(7, packed(2024, 2, 29, 23, 59, 59)), "\"2024-02-29 23:59:59\""},
        {moment(11, (838ll << 12 | 59 << 6 | 59) << 24), "\"838:59:59\""},
        {moment(11, -((1ll << 24) | 500000)), "\"-00:00:01.5\""},
        {opaque(246, hex("0402") + hex("8c32")), "\"12.50\""},
        {opaque(16, hex("05")), "\"BQ==\""},
        {opaque(252, ""), "\"\""},
        {opaque(10, "short"), "refused"},
        {moment(12, packed(12000, 1, 1)), "refused"},
        {moment(12, packed(2024, 1, 1, 25)), "refused"},
        {opaque(246, hex("0005")), "refused"},
        {opaque(246, hex("4102")), "refused"},
    };
    for (const Case& c : cases) {
        // A DECIMAL is a number.
        const std::string expected = std::string(c.text) == "\"12.50\"" ? "12.50" : c.text;
        EXPECT_EQ(text_of(c.document), expected);
    }
}

// Bytes of MySQL 8.0.31.
constexpr const char* kObject =
    "0003002c00190001001a0001001b0005000220000c2a000502006162712278207902000a000501000507000178";

TEST(JsonBinary, WritesContainersOfTheServer) {
    EXPECT_EQ(text_of(hex("00010016000b000100020c006102000a000501000502000000")), R"({"a":[1,2]})");
    EXPECT_EQ(text_of(hex("0201000700050100")), "[1]");
    EXPECT_EQ(text_of(hex(kObject)), R"({"a":[1,7],"b":"x","q\"x y":2})");
    EXPECT_EQ(text_of(hex("00000004000000")), "{}");
    EXPECT_EQ(text_of(hex("0200000400")), "[]");
    EXPECT_EQ(text_of(hex("03010000000d00000007ffffffff")), "[-1]") << "large: int32 in its entry";
}

// An array that holds `inner`.
std::string nested(const std::string& inner) {
    return type(2) + number<std::uint16_t>(1) +
           number<std::uint16_t>(static_cast<std::uint16_t>(inner.size() + 6)) + inner[0] +
           number<std::uint16_t>(7) + inner.substr(1);
}

TEST(JsonBinary, NestsAsDeepAsTheServerDoes) {
    std::string document = hex("0200000400");
    for (int depth = 1; depth < 100; ++depth) document = nested(document);
    EXPECT_EQ(text_of(document), std::string(100, '[') + std::string(100, ']'));
    EXPECT_EQ(text_of(nested(document)), "refused");
}

TEST(JsonBinary, ValuesThatOverlapAreRefused) {
    // All elements of each array are the next array: two to the power of 60 texts.
    std::string document = type(12) + "\x40" + std::string(64, 'x');
    for (int depth = 0; depth < 60; ++depth) {
        const auto size = static_cast<std::uint16_t>(document.size() - 1 + 10);
        document = type(2) + number<std::uint16_t>(2) + number(size) + document[0] +
                   number<std::uint16_t>(10) + document[0] + number<std::uint16_t>(10) +
                   document.substr(1);
    }
    EXPECT_EQ(text_of(document), "refused");
}

TEST(JsonBinary, SurvivesCutsAndDamage) {
    const std::string documents[] = {
        hex(kObject), hex("00010016000b000100020c006102000a00050100050200"),
        nested(opaque(246, hex("0402") + hex("8c32"))), nested(moment(12, packed(2024, 2, 29)))};
    std::uint32_t state = 12345;
    const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
    const auto read = [](std::string_view bytes) {
        const std::unique_ptr<char[]> memory(new char[bytes.size()]);
        std::memcpy(memory.get(), bytes.data(), bytes.size());
        return text_of({memory.get(), bytes.size()});
    };
    for (const std::string& document : documents) {
        for (std::size_t size = 0; size < document.size(); ++size) {
            EXPECT_EQ(read(document.substr(0, size)), "refused") << size;
        }
        for (int round = 0; round < 3000; ++round) {
            std::string damaged = document;
            damaged[random() % damaged.size()] = static_cast<char>(random());
            damaged[random() % damaged.size()] = static_cast<char>(random());
            EXPECT_LE(read(damaged).size(), 4000u);
        }
    }
}

}  // namespace
}  // namespace evenkeel::cdc
