#include "cdc/render/json_patch.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "cdc/event_maker.h"

namespace evenkeel::cdc {
namespace {

// Bytes of MySQL 8.0.31: {"a":[1,7],"b":"x","q\"x y":2} and [true,3,"abc"].
const std::string kObject = test::hex(
    "0003002c00190001001a0001001b0005000220000c2a000502006162712278207902000a000501000507000178");
const std::string kArray = test::hex("02030011000401000503000c0d0003616263");

std::string patched(std::string_view before, std::string_view diffs) {
    ByteBuffer out;
    JsonPatch patch;
    return patch.append(before, diffs, false, out) ? std::string(out.view()) : "refused";
}

std::string sized(std::string_view text) {
    return std::string(1, static_cast<char>(text.size())).append(text);
}
std::string replace(std::string_view path, std::string_view value) {
    return std::string(1, '\0') + sized(path) + sized(value);
}
std::string insert(std::string_view path, std::string_view value) {
    return "\1" + sized(path) + sized(value);
}
std::string remove(std::string_view path) {
    return "\2" + sized(path);
}
std::string int16(std::int16_t value) {
    return "\5" + std::string(reinterpret_cast<const char*>(&value), 2);
}

TEST(JsonPatch, ChangesMembersAndElements) {
    const struct {
        std::string diffs;
        const char* text;
    } cases[] = {
        {"", R"({"a":[1,7],"b":"x","q\"x y":2})"},
        {replace("$.b", int16(5)), R"({"a":[1,7],"b":5,"q\"x y":2})"},
        {replace("$.a[1]", kArray), R"({"a":[1,[true,3,"abc"]],"b":"x","q\"x y":2})"},
        {replace(R"($."q\"x y")", int16(-1)), R"({"a":[1,7],"b":"x","q\"x y":-1})"},
        {remove("$.a"), R"({"b":"x","q\"x y":2})"},
        {remove("$.a[0]"), R"({"a":[7],"b":"x","q\"x y":2})"},
        {insert("$.a[0]", int16(9)), R"({"a":[9,1,7],"b":"x","q\"x y":2})"},
        {insert("$.a[2]", int16(9)), R"({"a":[1,7,9],"b":"x","q\"x y":2})"},
        {insert("$.a[99]", int16(9)), R"({"a":[1,7,9],"b":"x","q\"x y":2})"},
        {insert("$.c", int16(9)), R"({"a":[1,7],"b":"x","c":9,"q\"x y":2})"},
        {insert("$.aa", int16(9)), R"({"a":[1,7],"b":"x","aa":9,"q\"x y":2})"},
        {insert("$.A", int16(9)), R"({"A":9,"a":[1,7],"b":"x","q\"x y":2})"},
        {insert(R"($."\u00e9\uD83D\uDE00\n.[")", int16(9)),
         R"({"a":[1,7],"b":"x","q\"x y":2,"é😀\n.[":9})"},
    };
    for (const auto& c : cases) EXPECT_EQ(patched(kObject, c.diffs), c.text);
}

TEST(JsonPatch, ChangesWhatItChangedBefore) {
    EXPECT_EQ(
        patched(kObject, remove("$.a[0]") + remove("$.a[0]") + insert("$.a[0]", int16(1)) +
                             replace("$.b", kArray) + replace("$.b[0]", int16(2)) +
                             insert("$.c", kObject) + remove("$.c.a") + replace("$.a", int16(0))),
        R"({"a":0,"b":[2,3,"abc"],"c":{"b":"x","q\"x y":2},"q\"x y":2})");
}

TEST(JsonPatch, RefusesWhatDoesNotFit) {
    const std::string cases[] = {
        replace("$", int16(1)),
        replace("$.z", int16(1)),
        replace("$.a[2]", int16(1)),
        replace("$[0]", int16(1)),
        replace("$.a.b", int16(1)),
        replace("$.b.c", int16(1)),
        insert("$.a", int16(1)),
        remove("$.z"),
        remove("$.a[2]"),
        replace("a", int16(1)),
        replace("$.a[x]", int16(1)),
        replace("$.a[", int16(1)),
        replace("$.", int16(1)),
        replace("$.\"a", int16(1)),
        replace("$.\"\\q\"", int16(1)),
        replace("$.a[99999999999]", int16(1)),
        replace("$.a", ""),
        "\3" + sized("$.a"),
        replace("$.a", "\2"),
        replace("$.\"\\u12\"", int16(1)),
    };
    for (const std::string& diffs : cases) EXPECT_EQ(patched(kObject, diffs), "refused") << diffs;
    EXPECT_EQ(patched("", replace("$.a", int16(1))), "refused");
    EXPECT_EQ(patched(int16(1), replace("$.a", int16(1))), "refused");
}

TEST(JsonPatch, SurvivesCutsAndDamage) {
    const std::string diffs = remove("$.a[0]") + insert("$.c", kObject) +
                              replace("$.\"q\\\"x y\"", kArray) + insert("$.c.a[1]", int16(2));
    ASSERT_NE(patched(kObject, diffs), "refused");
    const auto apply = [](std::string_view before, std::string_view bytes) {
        const std::unique_ptr<char[]> memory(new char[bytes.size()]);
        std::memcpy(memory.get(), bytes.data(), bytes.size());
        return patched(before, {memory.get(), bytes.size()});
    };
    for (std::size_t size = 0; size < diffs.size(); ++size) apply(kObject, diffs.substr(0, size));
    std::uint32_t state = 12345;
    const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
    for (int round = 0; round < 5000; ++round) {
        std::string before = kObject;
        std::string damaged = diffs;
        if (round % 2 == 0) before[random() % before.size()] = static_cast<char>(random());
        damaged[random() % damaged.size()] = static_cast<char>(random());
        damaged[random() % damaged.size()] = static_cast<char>(random());
        EXPECT_LE(apply(before, damaged).size(), 4000u);
    }
}

}  // namespace
}  // namespace evenkeel::cdc
