#include "wire/charset.h"

#include <gtest/gtest.h>

namespace evenkeel::wire {
namespace {

std::string utf8_of(const char* charset, std::string_view bytes) {
    const auto found = charset_by_name(charset);
    if (!found) return found.error().what;
    const auto converter = TextConverter::open(*found);
    if (!converter) return converter.error().what;
    std::string out = "replaced";
    converter->to_utf8(bytes, out);
    return out;
}

TEST(Charset, IsFoundByCollation) {
    EXPECT_EQ(charset_of_collation(8)->name, "latin1");
    EXPECT_EQ(charset_of_collation(33)->name, "utf8mb3");
    EXPECT_EQ(charset_of_collation(45)->kind, CharsetKind::utf8);
    EXPECT_EQ(charset_of_collation(63)->kind, CharsetKind::binary);
    EXPECT_EQ(charset_of_collation(1032)->name, "latin1") << "nopad";
    EXPECT_EQ(charset_of_collation(2304)->name, "utf8mb4") << "uca1400";
    EXPECT_EQ(charset_of_collation(2816)->name, "utf16") << "uca1400";
    EXPECT_EQ(charset_of_collation(255)->name, "utf8mb4") << "MySQL 8's default";
    EXPECT_EQ(charset_of_collation(0).error().code, Errc::not_found);
    EXPECT_EQ(charset_of_collation(100000).error().code, Errc::not_found);
}

TEST(Charset, IsFoundByName) {
    EXPECT_EQ(charset_by_name("utf8")->name, "utf8mb3");
    EXPECT_EQ(charset_by_name("ascii")->kind, CharsetKind::utf8);
    EXPECT_TRUE(charset_by_name("koi8r")->ascii_based);
    EXPECT_FALSE(charset_by_name("utf16")->ascii_based);
    EXPECT_FALSE(charset_by_name("swe7")->ascii_based);
    EXPECT_EQ(charset_by_name("klingon").error().code, Errc::not_found);
}

TEST(TextConverter, ReadsLatin1AsWindows1252) {
    EXPECT_EQ(utf8_of("latin1", "a\xE9\x80\x81"), "aé€\u0081");
}

TEST(TextConverter, KnowsEightBitCharsets) {
    EXPECT_EQ(utf8_of("koi8r", "\xF0\xD2\xC9"), "При");
    EXPECT_EQ(utf8_of("greek", "\xE1\xFF"), "α\uFFFD");
    EXPECT_EQ(utf8_of("swe7", "@[x"), "ÉÄx");
}

TEST(TextConverter, KnowsMultiByteCharsets) {
    EXPECT_EQ(utf8_of("sjis", "\\\x93\xFA~"), "\\日~");
    EXPECT_EQ(utf8_of("ujis", "\xC6\xFC\xF5\xA1"), "日\uE000");
    EXPECT_EQ(utf8_of("gbk", "\xD6\xD0"), "中");
    EXPECT_EQ(utf8_of("utf16", std::string_view("\0a\xD8\x3D\xDE\x00", 6)), "a😀");
    EXPECT_EQ(utf8_of("utf16le", std::string_view("a\0", 2)), "a");
    EXPECT_EQ(utf8_of("utf32", std::string_view("\0\0\0a", 4)), "a");
}

TEST(TextConverter, ReplacesWhatMeansNothing) {
    EXPECT_EQ(utf8_of("gbk",
                      "a\xFF"
                      "b"),
              "a\uFFFD"
              "b");
    EXPECT_EQ(utf8_of("gbk", "a\xD6"), "a\uFFFD") << "cut";
    EXPECT_EQ(utf8_of("utf16", std::string_view("\xD8\x00\0a", 4)),
              "\uFFFD"
              "a");
    EXPECT_EQ(utf8_of("ucs2", std::string_view("\0a\0", 3)), "a\uFFFD");
}

}  // namespace
}  // namespace evenkeel::wire
