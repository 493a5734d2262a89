#include "cdc/render/json_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace evenkeel::cdc {
namespace {

TEST(JsonString, EscapesAsJacksonDoes) {
    EXPECT_EQ(json_string(""), "\"\"");
    EXPECT_EQ(json_string("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    EXPECT_EQ(json_string("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    EXPECT_EQ(json_string(std::string("\0\x1F\x7F", 3)), "\"\\u0000\\u001F\x7F\"");
    EXPECT_EQ(json_string("ünïcödé € 😀"), "\"ünïcödé € 😀\"");
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ(json_string("a\xFF"
                          "b"),
              "\"a\uFFFD"
              "b\"");
    EXPECT_EQ(json_string("\xC3"), "\"\uFFFD\"") << "cut";
    EXPECT_EQ(json_string("\xE2\x82"), "\"\uFFFD\uFFFD\"") << "cut";
    EXPECT_EQ(json_string("\xC0\x80"), "\"\uFFFD\uFFFD\"") << "overlong";
    EXPECT_EQ(json_string("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"") << "surrogate";
    EXPECT_EQ(json_string("\xF4\x90\x80\x80"), "\"\uFFFD\uFFFD\uFFFD\uFFFD\"") << "too large";
    EXPECT_EQ(json_string("\xF4\x8F\xBF\xBF"), "\"\xF4\x8F\xBF\xBF\"");
}

TEST(JsonString, IsTheSameWhereverTheSpecialCharacterIs) {
    for (std::size_t size = 0; size < 70; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'x');
            text[at] = '"';
            std::string expected = "\"" + text + "\"";
            expected.insert(at + 1, "\\");
            EXPECT_EQ(json_string(text), expected);
        }
    }
}

TEST(JsonString, IsTheSameWithReadableMemoryBehindIt) {
    const std::string memory = "hello\"wörld and something behind it that is long enough";
    for (std::size_t size = 0; size < memory.size(); ++size) {
        const auto text = std::string_view(memory).substr(0, size);
        char room[1000];
        const char* end = put_json_string(room, text, memory.data() + memory.size());
        EXPECT_EQ(std::string_view(room, static_cast<std::size_t>(end - room)), json_string(text));
    }
}

// Blocks of a long text take another way than those near the end of what is readable.
TEST(JsonString, OfAMixtureIsTheSameWithReadableMemoryBehindIt) {
    const std::string_view pieces[] = {"x", "plain text", "\"", "\n", "\x01", "é", "\xFF", "€"};
    std::uint32_t state = 1;
    for (int round = 0; round < 3000; ++round) {
        std::string memory;
        // Few kinds of pieces in some rounds, so that there are blocks without the others.
        const std::size_t kinds = 2 + static_cast<std::size_t>(round) % 7;
        while (memory.size() < static_cast<std::size_t>(round) % 250) {
            state = state * 1664525u + 1013904223u;
            memory += pieces[(state >> 16) % kinds];
        }
        const std::size_t size = memory.size();
        memory.resize(size + 2 * kCopyBlock, '"');
        const auto text = std::string_view(memory).substr(0, size);
        std::string room(json_string_room(size), '\0');
        const char* end = put_json_string(room.data(), text, memory.data() + memory.size());
        EXPECT_EQ(room.substr(0, static_cast<std::size_t>(end - room.data())), json_string(text));
    }
}

TEST(Base64, IsPaddedAndQuoted) {
    std::string bytes;
    for (int size = 0; size < 40; ++size) {
        for (std::size_t zeros = 0; zeros < 4; ++zeros) {
            char room[200];
            const char* end = put_base64(room, bytes, zeros);
            EXPECT_EQ(std::string(room, static_cast<std::size_t>(end - room)),
                      "\"" + base64_encode(bytes + std::string(zeros, '\0')) + "\"");
        }
        bytes += static_cast<char>(size * 37 + 200);
    }
}

TEST(IsAscii, LooksAtEveryByte) {
    for (std::size_t size = 1; size < 30; ++size) {
        std::string text(size, 'a');
        EXPECT_TRUE(is_ascii(text));
        text.back() = '\x80';
        EXPECT_FALSE(is_ascii(text));
    }
    EXPECT_TRUE(is_ascii(""));
}

TEST(IsJson, AcceptsWhatIsJson) {
    for (const char* text :
         {"{}", "[]", " { } ", "{\"a\":1}", "[1,2,[3,{\"b\":null}]]", "\"x\"", "0", "-1.5e+10",
          "true", "false", "null", "{\"a\" : [ ] , \"b\":\"\\u00E9\\n\"}", "\n[1]\t", "\"é\""}) {
        EXPECT_TRUE(is_json(text)) << text;
    }
}

TEST(IsJson, RefusesWhatIsNot) {
    for (const char* text :
         {"",         " ",     "{",     "}",   "[1,]",   "{\"a\"}",    "{\"a\":}", "{a:1}",
          "01",       "1.",    ".5",    "+1",  "1e",     "\"x",        "\"\\x\"",  "\"\\u12G4\"",
          "tru",      "nulll", "[1 2]", "1 2", "\"\n\"", "{\"a\":1,}", "[}",       "{]",
          "\"\xFF\"", "'a'",   "[1],",  "--1", "NaN"}) {
        EXPECT_FALSE(is_json(text)) << text;
    }
}

TEST(IsJson, HasALimitOfDepth) {
    EXPECT_TRUE(is_json(std::string(100, '[') + std::string(100, ']')));
    EXPECT_FALSE(is_json(std::string(101, '[') + std::string(101, ']')));
}

TEST(Literal, IsCopiedWhole) {
    for (std::size_t size = 0; size < 50; ++size) {
        const std::string text(size, 'k');
        const Literal literal(text);
        char room[100];
        const char* end = literal.put(room);
        EXPECT_EQ(std::string(room, static_cast<std::size_t>(end - room)), text);
        EXPECT_EQ(literal.view(), text);
    }
}

}  // namespace
}  // namespace evenkeel::cdc
