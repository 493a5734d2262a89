#include "base/bytes.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
    EXPECT_EQ(base64_encode(""), "");
    EXPECT_EQ(base64_encode("f"), "Zg==");
    EXPECT_EQ(base64_encode("fo"), "Zm8=");
    EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, GivesBackEveryByte) {
    std::string bytes;
    for (int value = 0; value < 256; ++value) {
        bytes += static_cast<char>(value);
        EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    }
}

TEST(Base64, RefusesWhatIsNotBase64) {
    for (const char* text : {"Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9 ", "Zm9\xFF"}) {
        EXPECT_FALSE(base64_decode(text)) << text;
    }
}

TEST(Hex, IsLowerCase) {
    EXPECT_EQ(hex_encode(std::string("\0\xAB\x7f", 3)), "00ab7f");
}

}  // namespace
}  // namespace evenkeel
