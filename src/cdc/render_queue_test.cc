#include "cdc/render_queue.h"

#include <gmock/gmock.h>

#include <deque>
#include <numeric>

#include "base/text.h"
#include "cdc/event_maker.h"
#include "wire/table_map.h"

namespace evenkeel::cdc {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kTable = 5;
// Enough bytes for two threads.
constexpr int kTransactions = 400;
constexpr int kRows = 50;

class RenderQueueTest : public testing::Test {
protected:
    RenderQueueTest() {
        const std::string bytes = maker_.table_map(kTable, "shop", "t");
        const auto map = wire::parse_table_map(test::view_event(bytes));
        plan_ = std::make_shared<const TablePlan>(make_table_plan(*map, nullptr).value());
    }

    // Transaction `number` has the rows number * 1000 and so on, and that xid.
    void add(RenderQueue& queue, int number, bool damaged = false) {
        std::vector<std::int32_t> values(kRows);
        std::iota(values.begin(), values.end(), number * 1000);
        std::string& bytes = bytes_.emplace_back(maker_.insert(kTable, values));
        if (damaged) bytes.pop_back();
        TransactionBuffer rows(1u << 20);
        rows.add(view(bytes), plan_, 0);
        const auto sequence = static_cast<std::uint64_t>(number);
        queue.add({.facts = {.id = Gtid{0, 1, sequence}, .xid = sequence}}, rows);
    }

    static wire::Event view(std::string_view bytes) {
        // A damaged one says a length that it does not have.
        wire::Event event;
        event.header.type = wire::EventType::write_rows_v1;
        event.bytes = bytes;
        event.body = bytes.substr(wire::kEventHeaderSize);
        return event;
    }

    Result<> render(RenderQueue& queue) {
        return queue.render(
            "binlog.000001", lines_,
            [this](ByteBuffer& lines) -> Result<> {
                if (++drains_ == failing_drain_) return Error{Errc::conflict, "the disk is full"};
                written_.append(lines.view());
                lines.clear();
                return {};
            },
            [this](const QueuedTransaction& ended) -> Result<> {
                const auto& gtid = std::get<Gtid>(ended.facts.id);
                EXPECT_EQ(gtid.sequence, ended_);
                if (ended_ == failing_end_) return Error{Errc::conflict, "cannot be counted"};
                ++ended_;
                rows_ += ended.rows;
                return {};
            });
    }

    // The xid of each line, in order; every transaction's lines have to be whole.
    std::vector<std::uint64_t> transactions() {
        written_.append(lines_.view());
        lines_.clear();
        std::vector<std::uint64_t> found;
        int row = 0;
        for (const std::string& line : split(written_, '\n')) {
            if (line.empty()) continue;
            const auto at = line.find("\"xid\":");
            const std::uint64_t xid = std::stoull(line.substr(at + 6));
            const bool last = row == kRows - 1;
            const std::string place =
                last ? "\"commit\":true" : "\"xoffset\":" + std::to_string(row) + ",";
            EXPECT_THAT(line, HasSubstr(place));
            EXPECT_THAT(line, HasSubstr("{\"id\":" + std::to_string(xid * 1000 + row) + "}"));
            if (last) found.push_back(xid);
            row = last ? 0 : row + 1;
        }
        EXPECT_EQ(row, 0) << "a transaction is cut";
        written_.clear();
        return found;
    }

    static std::vector<std::uint64_t> first(int count) {
        std::vector<std::uint64_t> all(static_cast<std::size_t>(count));
        std::iota(all.begin(), all.end(), 0);
        return all;
    }

    const OutputConfig output_;
    test::EventMaker maker_;
    std::shared_ptr<const TablePlan> plan_;
    std::deque<std::string> bytes_;
    TransactionRenderer renderer_{output_};
    RenderQueue queue_{output_, renderer_, false};
    ByteBuffer lines_;
    std::string written_;
    int drains_ = 0;
    int failing_drain_ = 0;
    std::uint64_t ended_ = 0;
    std::uint64_t failing_end_ = UINT64_MAX;
    std::uint64_t rows_ = 0;
};

TEST_F(RenderQueueTest, KeepsTheOrderWithTwoThreads) {
    for (int round = 0; round < 30; ++round) {
        bytes_.clear();
        ended_ = rows_ = 0;
        for (int i = 0; i < kTransactions; ++i) add(queue_, i);
        ASSERT_TRUE(render(queue_));
        EXPECT_TRUE(queue_.empty());
        EXPECT_EQ(ended_, kTransactions);
        EXPECT_EQ(rows_, kTransactions * kRows);
        ASSERT_EQ(transactions(), first(kTransactions));
    }
    EXPECT_GT(drains_, 30) << "it was never shared";
}

TEST_F(RenderQueueTest, WorksAloneOnLittle) {
    for (int i = 0; i < 3; ++i) add(queue_, i);
    ASSERT_TRUE(render(queue_));
    EXPECT_EQ(drains_, 0);
    EXPECT_EQ(transactions(), first(3));
}

TEST_F(RenderQueueTest, WorksAloneWithDeadLetters) {
    RenderQueue alone(output_, renderer_, true);
    for (int i = 0; i < kTransactions; ++i) add(alone, i);
    ASSERT_TRUE(render(alone));
    EXPECT_EQ(drains_, 0);
    EXPECT_EQ(transactions(), first(kTransactions));
}

TEST_F(RenderQueueTest, CountsATransactionWithoutRows) {
    add(queue_, 0);
    queue_.add({.facts = {.id = Gtid{0, 1, 1}}});
    add(queue_, 2);
    ASSERT_TRUE(render(queue_));
    EXPECT_EQ(ended_, 3u);
    EXPECT_THAT(transactions(), testing::ElementsAre(0, 2));
}

TEST_F(RenderQueueTest, StopsAtATransactionThatCannotBeRendered) {
    for (const int bad : {0, 1, 17, 250, kTransactions - 1}) {
        bytes_.clear();
        ended_ = 0;
        for (int i = 0; i < kTransactions; ++i) add(queue_, i, i == bad);
        const auto done = render(queue_);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, Errc::corrupt);
        EXPECT_TRUE(queue_.empty());
        EXPECT_EQ(ended_, static_cast<std::uint64_t>(bad));
        ASSERT_EQ(transactions(), first(bad));
    }
}

TEST_F(RenderQueueTest, StopsWhereATransactionCannotBeCounted) {
    for (const int bad : {0, 17, 399}) {
        bytes_.clear();
        ended_ = 0;
        failing_end_ = static_cast<std::uint64_t>(bad);
        for (int i = 0; i < kTransactions; ++i) add(queue_, i);
        ASSERT_FALSE(render(queue_));
        ASSERT_EQ(transactions(), first(bad));
    }
}

TEST_F(RenderQueueTest, StopsWhenTheLinesCannotBeWritten) {
    for (int i = 0; i < kTransactions; ++i) add(queue_, i);
    failing_drain_ = 2;
    const auto done = render(queue_);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().what, "the disk is full");
    // What has ended was written or still waits; nothing else was.
    EXPECT_EQ(transactions(), first(static_cast<int>(ended_)));
    EXPECT_LT(ended_, kTransactions);
    EXPECT_GT(ended_, 0u);
}

TEST_F(RenderQueueTest, OutlivesThePlansOfItsTransactions) {
    add(queue_, 0);
    plan_.reset();
    ASSERT_TRUE(render(queue_));
    EXPECT_EQ(transactions(), first(1));
}

TEST_F(RenderQueueTest, ForgetsWhatIsCleared) {
    add(queue_, 7);
    queue_.clear();
    ASSERT_TRUE(render(queue_));
    EXPECT_THAT(transactions(), IsEmpty());
}

}  // namespace
}  // namespace evenkeel::cdc
