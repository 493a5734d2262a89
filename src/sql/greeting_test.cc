#include "sql/greeting.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::sql {
namespace {

std::string greeting(unsigned capabilities) {
    std::string bytes("\x4a\0\0\0\x0a", 5);
    bytes += std::string("8.0.31\0", 7) + std::string(4, 'i') + std::string(8, 'c') + '\0';
    bytes += static_cast<char>(capabilities & 0xff);
    bytes += static_cast<char>(capabilities >> 8);
    return bytes;
}

TEST(Greeting, SaysWhetherTheServerOffersTls) {
    EXPECT_EQ(look_at_greeting(greeting(0xffff)), Greeting::tls);
    EXPECT_EQ(look_at_greeting(greeting(0xffff & ~0x0800u)), Greeting::plain);
    EXPECT_EQ(look_at_greeting(greeting(0x0800) + "rest"), Greeting::tls);
}

TEST(Greeting, WaitsForAllOfIt) {
    const std::string whole = greeting(0xffff);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(look_at_greeting(whole.substr(0, size)), Greeting::incomplete) << size;
    }
}

TEST(Greeting, LeavesOthersToTheLibrary) {
    EXPECT_EQ(look_at_greeting(std::string("\x17\0\0\0\xff\x10\x04Too many", 15)), Greeting::other);
    EXPECT_EQ(look_at_greeting("HTTP/1.1 400 Bad Request"), Greeting::other);
    EXPECT_EQ(look_at_greeting(std::string(4, 'x') + "\x0a" + std::string(300, 'v')),
              Greeting::other);
}

}  // namespace
}  // namespace evenkeel::sql
