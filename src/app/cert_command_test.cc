#include "app/cert_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CertNode, HasANameAndAddresses) {
    const auto node = parse_cert_node("node1=10.0.0.1, node1.example.com,fd00::1");
    ASSERT_TRUE(node) << node.error().what;
    EXPECT_EQ(node->name, "node1");
    EXPECT_THAT(node->hosts, ElementsAre("10.0.0.1", "node1.example.com", "fd00::1"));
}

TEST(CertNode, WithoutAnAddressTheFormIsShown) {
    for (const char* text : {"node1", "node1=", ""}) {
        const auto node = parse_cert_node(text);
        ASSERT_FALSE(node) << text;
        EXPECT_THAT(node.error().what, HasSubstr("NAME=ADDRESS"));
    }
}

TEST(CertNode, ItsNameIsAFilesNameInTheFolder) {
    for (const char* text : {"=a", "ca=a", "../x=a", "a/b=a", "-x=a", ".x=a", "a b=a"}) {
        EXPECT_FALSE(parse_cert_node(text)) << text;
    }
}

}  // namespace
}  // namespace evenkeel::app
