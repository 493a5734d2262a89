#include "cdc/bootstrap/touched_keys.h"

#include <gtest/gtest.h>

#include "cdc/bootstrap/row_image.h"

namespace evenkeel::cdc {
namespace {

// A table (k VARCHAR key, n INT) as the chunk reads it and as the stream's table map has it.
class TouchedKeysTest : public testing::Test {
protected:
    TouchedKeysTest() {
        const TableDefinition definition{
            .database = "d",
            .table = "t",
            .columns = {{.name = "k", .column_type = "varchar(20)", .charset = "utf8mb4"},
                        {.name = "n", .column_type = "int(11)"}}};
        layout_ = *lay_out(definition, KeyDefinition{.index = "PRIMARY", .columns = {"k"}});
        // The stream has a shorter length in front of its text.
        streamed_ = layout_.rows;
        streamed_.columns[0].length_bytes = 1;
        keys_.open(layout_);
    }

    std::string image(const TablePlan& plan, std::string_view k, std::string_view n) {
        TableLayout layout = layout_;
        layout.rows = plan;
        std::string bytes;
        EXPECT_TRUE(append_image(layout, {k, n}, bytes));
        return bytes;
    }
    std::string streamed(std::string_view k, std::string_view n) { return image(streamed_, k, n); }
    // Only the key, as binlog_row_image=MINIMAL has it before a change.
    static std::string key_alone(std::string_view k) {
        return std::string(1, '\0') + static_cast<char>(k.size()) + std::string(k);
    }

    void add(wire::EventType type, const std::string& bitmaps, const std::string& rows) {
        std::string body(8, '\0');
        body += '\2';
        body += bitmaps + rows;
        wire::Event event;
        event.header.type = type;
        event.body = body;
        keys_.add(streamed_, event);
    }
    void insert(const std::string& rows) { add(wire::EventType::write_rows_v1, "\x03", rows); }
    void remove(const std::string& rows) { add(wire::EventType::delete_rows_v1, "\x03", rows); }
    void update(const std::string& rows) { add(wire::EventType::update_rows_v1, "\x03\x03", rows); }
    // The key before, and n behind it.
    void update_minimal(std::string_view k) {
        add(wire::EventType::update_rows_v1, "\x01\x02",
            key_alone(k) + std::string(1, '\0') + std::string("\5\0\0\0", 4));
    }

    KeyVerdict judge(std::string_view k) {
        const std::string bytes = image(layout_.rows, k, "1");
        const char* end = nullptr;
        return keys_.judge(bytes.data(), bytes.data() + bytes.size(), end);
    }

    TableLayout layout_;
    TablePlan streamed_;
    TouchedKeys keys_;
};

TEST_F(TouchedKeysTest, WhatTheStreamPrintedIsDropped) {
    insert(streamed("a", "1") + streamed("b", "2"));
    remove(streamed("c", "3"));
    update(streamed("d", "4") + streamed("d", "5"));
    for (const char* key : {"a", "b", "c", "d"}) EXPECT_EQ(judge(key), KeyVerdict::printed) << key;
    EXPECT_EQ(judge("e"), KeyVerdict::untouched);
    EXPECT_EQ(judge("A"), KeyVerdict::untouched) << "another printed key, whatever the collation";
}

TEST_F(TouchedKeysTest, AChangedKeyTouchesBoth) {
    update(streamed("old", "1") + streamed("new", "1"));
    EXPECT_EQ(judge("old"), KeyVerdict::printed);
    EXPECT_EQ(judge("new"), KeyVerdict::printed);
}

TEST_F(TouchedKeysTest, PartsOfARowAreNotEnough) {
    update_minimal("a");
    EXPECT_EQ(judge("a"), KeyVerdict::doubtful);
    // Printed whole before: the part changes what is there.
    insert(streamed("b", "1"));
    update_minimal("b");
    EXPECT_EQ(judge("b"), KeyVerdict::printed);
    // A new row of which a part was printed, where an old one was deleted.
    remove(streamed("c", "1"));
    EXPECT_EQ(judge("c"), KeyVerdict::printed);
    add(wire::EventType::write_rows_v1, "\x01", key_alone("c"));
    EXPECT_EQ(judge("c"), KeyVerdict::doubtful);
    EXPECT_FALSE(keys_.all_doubtful());
}

TEST_F(TouchedKeysTest, AnUnknownKeyMakesAllDoubtful) {
    add(wire::EventType::update_rows_v1, "\x02\x02",
        std::string("\0\1\0\0\0", 5) + std::string("\0\2\0\0\0", 5));
    EXPECT_TRUE(keys_.all_doubtful());
}

TEST_F(TouchedKeysTest, DamagedAndForeignRowsMakeAllDoubtful) {
    insert(std::string(1, '\0'));
    EXPECT_TRUE(keys_.all_doubtful());
    keys_.open(layout_);
    EXPECT_FALSE(keys_.any());
    streamed_.columns[0].name = "renamed";
    insert(streamed("a", "1"));
    EXPECT_TRUE(keys_.all_doubtful());
}

TEST_F(TouchedKeysTest, KeysThatPrintAlikeAreDoubtful) {
    insert(streamed("\xFF", "1"));
    EXPECT_EQ(judge("\xFE"), KeyVerdict::doubtful);
}

TEST_F(TouchedKeysTest, OtherTablesAndAClosedWindowAreLeftAlone) {
    streamed_.table = "other";
    insert(streamed("a", "1"));
    EXPECT_FALSE(keys_.any());
    streamed_.table = "t";
    keys_.close();
    insert(streamed("a", "1"));
    EXPECT_FALSE(keys_.any());
}

}  // namespace
}  // namespace evenkeel::cdc
