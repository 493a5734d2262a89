#include "cdc/transaction_buffer.h"

#include <gmock/gmock.h>

#include "cdc/event_maker.h"

namespace evenkeel::cdc {
namespace {

using testing::ElementsAre;

class TransactionBufferTest : public testing::Test {
protected:
    // Adds a row event with `value`; its bytes die with the call when `kept`.
    void add(TransactionBuffer& buffer, std::int32_t value, bool kept = true) {
        bytes_.push_back(std::make_unique<std::string>(maker_.insert(1, {value})));
        buffer.add(test::view_event(*bytes_.back()), plan_, 100u + static_cast<unsigned>(value));
        if (!kept) return;
        ASSERT_TRUE(buffer.keep());
        bytes_.back()->assign(bytes_.back()->size(), 'x');
    }

    // The values in order; the last one with a "!" when it is marked as last.
    std::vector<std::string> replay(const TransactionBuffer& buffer) {
        std::vector<std::string> seen;
        const auto done = buffer.replay([&](const TransactionBuffer::Record& record) -> Result<> {
            std::int32_t value = 0;
            std::memcpy(&value, record.event.body.data() + record.event.body.size() - 4, 4);
            EXPECT_EQ(record.position, 100u + static_cast<unsigned>(value));
            EXPECT_EQ(record.plan, plan_.get());
            seen.push_back(std::to_string(value) + (record.last ? "!" : ""));
            return {};
        });
        EXPECT_TRUE(done) << done.error().what;
        return seen;
    }

    test::EventMaker maker_;
    std::shared_ptr<const TablePlan> plan_ = std::make_shared<TablePlan>();
    std::vector<std::unique_ptr<std::string>> bytes_;
};

TEST_F(TransactionBufferTest, ReplaysInOrderAndMarksTheLast) {
    TransactionBuffer buffer(1 << 20);
    add(buffer, 1);
    add(buffer, 2);
    add(buffer, 3, false);
    EXPECT_THAT(replay(buffer), ElementsAre("1", "2", "3!"));
    EXPECT_EQ(buffer.spilled_bytes(), 0u);
}

TEST_F(TransactionBufferTest, SpillsWhatIsTooLargeForMemory) {
    TransactionBuffer buffer(100);
    for (int i = 0; i < 9; ++i) add(buffer, i);
    add(buffer, 9, false);
    EXPECT_GT(buffer.spilled_bytes(), 0u);
    EXPECT_THAT(replay(buffer), ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9!"));
}

TEST_F(TransactionBufferTest, ReplaysAnEventThatIsLongerThanAPiece) {
    TransactionBuffer buffer(0);
    add(buffer, 1);
    std::string body(3u << 20, '\0');
    const std::int32_t value = 2;
    std::memcpy(body.data() + body.size() - 4, &value, 4);
    const std::string bytes = maker_.event(wire::EventType::write_rows_v1, body);
    buffer.add(test::view_event(bytes), plan_, 102);
    ASSERT_TRUE(buffer.keep());
    add(buffer, 3);
    EXPECT_THAT(replay(buffer), ElementsAre("1", "2", "3!"));
}

TEST_F(TransactionBufferTest, ForgetsWhatWasRolledBackToASavepoint) {
    TransactionBuffer buffer(60);
    add(buffer, 1);
    buffer.savepoint("a");
    add(buffer, 2);
    buffer.savepoint("b");
    add(buffer, 3);
    ASSERT_TRUE(buffer.rollback_to("a"));
    EXPECT_THAT(replay(buffer), ElementsAre("1!"));
    EXPECT_FALSE(buffer.rollback_to("b"));
    add(buffer, 4);
    EXPECT_THAT(replay(buffer), ElementsAre("1", "4!"));
    EXPECT_EQ(buffer.rows_events(), 2u);
}

TEST_F(TransactionBufferTest, IsEmptyAfterClear) {
    TransactionBuffer buffer(60);
    add(buffer, 1);
    add(buffer, 2);
    buffer.clear();
    EXPECT_TRUE(buffer.empty());
    EXPECT_THAT(replay(buffer), ElementsAre());
    add(buffer, 7);
    EXPECT_THAT(replay(buffer), ElementsAre("7!"));
}

TEST_F(TransactionBufferTest, StopsAtAnErrorOfTheVisitor) {
    TransactionBuffer buffer(0);
    add(buffer, 1);
    add(buffer, 2);
    int visits = 0;
    const auto done = buffer.replay([&](const TransactionBuffer::Record&) -> Result<> {
        ++visits;
        return Error{Errc::not_leader, "stop"};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace evenkeel::cdc
