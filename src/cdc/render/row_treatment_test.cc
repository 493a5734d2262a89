// What options make of rows: recorded events, rendered with columns hidden and masked, names
// changed, rows dropped, lines encrypted.
#include "cdc/render/row_treatment.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <regex>

#include "base/bytes.h"
#include "base/text.h"
#include "cdc/message_key.h"
#include "cdc/render/row_renderer.h"
#include "wire/rows_event.h"
#include "wire/testdata/shop_binlog.h"

namespace evenkeel::cdc {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Rows of shop.item (id, name, qty, price, note, kind, tags), with the primary key id.
class TreatedRows : public testing::Test {
protected:
    static constexpr std::size_t kInsertTwo = 0;  // id 7 (bolt, 3), id 8 (nut, NULL)
    static constexpr std::size_t kUpdate = 1;     // id 7: qty 3 to 2
    static constexpr std::size_t kDelete = 2;     // id 8
    static constexpr std::size_t kMinimalUpdate = 4;

    void SetUp() override {
        wire::EventReader reader(false, true);
        for (std::string_view rest = bytes_; !rest.empty();) {
            const wire::Event event = reader.read_front(rest).value().value();
            rest.remove_prefix(event.bytes.size());
            if (event.header.type == wire::EventType::table_map) map_event_ = event;
            if (!wire::is_rows_event(event.header.type)) continue;
            plans_.push_back(
                make_table_plan(wire::parse_table_map(map_event_).value(), nullptr).value());
            events_.push_back(event);
        }
    }

    TablePlan treated(std::size_t index, const OutputConfig& options,
                      const std::string& filter = {}) const {
        TablePlan plan = plans_[index];
        treat(plan, options, Filter::parse(filter).value());
        return plan;
    }

    std::vector<std::string> render(std::size_t index, const OutputConfig& options,
                                    const std::string& filter = {}, bool last = false) {
        RowRenderer renderer(options);
        ByteBuffer out;
        const auto count = renderer.append_rows(treated(index, options, filter), events_[index],
                                                {.last_event = last, .gtid = "0-1-5"}, out);
        EXPECT_TRUE(count) << count.error().what;
        count_ = count.value_or(0);
        return split(trim(out.view()), '\n');
    }

    static std::string data_of(const std::string& line) {
        return line.substr(line.find("\"data\":"));
    }

    std::string bytes_ = wire::testdata::shop_events();
    wire::Event map_event_{};
    std::vector<TablePlan> plans_{};
    std::vector<wire::Event> events_{};
    std::uint64_t count_ = 0;
};

OutputConfig masked(const std::string& masks) {
    return {.mask_columns = MaskRules::parse(masks).value(), .mask_secret = "s3cret"};
}

std::string hmac(std::string_view text) {
    unsigned char digest[32];
    unsigned size = 0;
    HMAC(EVP_sha256(), "s3cret", 6, reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), digest, &size);
    return "\"" + hex_encode({reinterpret_cast<const char*>(digest), size}) + "\"";
}

TEST_F(TreatedRows, WithoutOptionsNothingIsToBeDone) {
    EXPECT_EQ(treated(kInsertTwo, {}).treatment, nullptr);
    EXPECT_EQ(treated(kInsertTwo, {}, "exclude: *.*, include: shop.*").treatment, nullptr);
    EXPECT_EQ(treated(kInsertTwo, masked("other.*.*=hash")).treatment, nullptr);
}

TEST_F(TreatedRows, ColumnsAreLeftOutButNotOfTheKey) {
    OutputConfig options{.primary_keys = true,
                         .exclude_columns = ColumnList::parse("id,/n.*/,tags,kind").value()};
    EXPECT_THAT(render(kInsertTwo, options),
                ElementsAre(EndsWith(R"("primary_key":[7],"data":{"qty":3,"price":0.25}})"),
                            EndsWith(R"("primary_key":[8],"data":{"qty":null,"price":12.50}})")));
    EXPECT_EQ(data_of(render(kUpdate, options)[0]),
              R"("data":{"qty":2,"price":0.25},"old":{"qty":3}})");
    options.exclude_columns = ColumnList::parse("qty").value();
    EXPECT_THAT(render(kUpdate, options)[0], EndsWith(R"("tags":["x","y"]}})"));
    EXPECT_THAT(render(kUpdate, options)[0], Not(HasSubstr("old")));
    options.exclude_columns = ColumnList::parse("/.*/").value();
    EXPECT_EQ(data_of(render(kUpdate, options)[0]), R"("data":{}})");
}

TEST_F(TreatedRows, AreMaskedEverywhere) {
    OutputConfig options = masked(
        "shop.item.id=hash, *.*.name=redact, *.*./pri/=null, *.*.qty=hash, "
        "*.*.note=hash");
    options.primary_keys = true;
    EXPECT_THAT(
        render(kInsertTwo, options),
        ElementsAre(EndsWith(R"("primary_key":[)" + hmac("7") + R"(],"data":{"id":)" + hmac("7") +
                             R"(,"name":"***","qty":)" + hmac("3") + R"(,"price":null,"note":)" +
                             hmac("\xc3\xa9 \"x\"") + R"(,"kind":"b","tags":["x","y"]}})"),
                    EndsWith(R"("data":{"id":)" + hmac("8") +
                             R"(,"name":"***","qty":null,"price":null,"note":null,)" +
                             R"("kind":"a","tags":[]}})")));
    EXPECT_THAT(render(kUpdate, options)[0], EndsWith(R"(,"old":{"qty":)" + hmac("3") + "}}"));
    options.nulls = false;
    EXPECT_EQ(data_of(render(kDelete, options)[0]),
              R"("data":{"id":)" + hmac("8") + R"(,"name":"***","kind":"a","tags":[]}})");
    // What is shown alike has not changed.
    EXPECT_THAT(render(kUpdate, masked("*.*.qty=redact"))[0], Not(HasSubstr("old")));
}

TEST_F(TreatedRows, HaveCamelCase) {
    EXPECT_EQ(camel_case("user_id"), "userId");
    EXPECT_EQ(camel_case("_user__id_"), "User_id_");
    EXPECT_EQ(camel_case("plain"), "plain");
    EXPECT_EQ(camel_case("a_1_b"), "a1B");
    OutputConfig options{.server_id = true,
                         .primary_keys = true,
                         .primary_key_columns = true,
                         .row_id = true,
                         .camel_case = true};
    EXPECT_THAT(render(kDelete, options)[0],
                HasSubstr(R"("serverId":1,"rowId":"0-1-5:0","primaryKey":[8],)"
                          R"("primaryKeyColumns":["id"],"data":{"id":8,)"));
}

TEST_F(TreatedRows, ThatAreFilteredOutDoNotCount) {
    const auto lines = render(kInsertTwo, {}, "exclude: *.*.qty=3", true);
    EXPECT_EQ(count_, 1u);
    EXPECT_THAT(lines, ElementsAre(HasSubstr("\"commit\":true,\"data\":{\"id\":8")));
    // The commit goes to the last row that is left.
    EXPECT_THAT(render(kInsertTwo, {}, "exclude: *.*.qty=null", true),
                ElementsAre(HasSubstr("\"commit\":true,\"data\":{\"id\":7")));
    EXPECT_THAT(render(kInsertTwo, {}, "exclude: *.*, include: shop.item.id=/^[78]$/", true),
                ElementsAre(HasSubstr("\"xoffset\":0"), HasSubstr("\"commit\":true")));
    EXPECT_THAT(render(kInsertTwo, {}, "exclude: shop.item.name=/n/, include: shop.item.id=8")[0],
                HasSubstr("\"id\":7"));
    EXPECT_EQ(count_, 2u);
}

struct Kept {
    const char* filter;
    std::size_t event;
    std::uint64_t rows;
};

TEST_F(TreatedRows, AreFilteredByTheirValues) {
    for (const Kept& c : std::initializer_list<Kept>{
             {"exclude: *.*.id=/^[78]$/", kInsertTwo, 0},
             {"exclude: *.*.price='0.25'", kInsertTwo, 1},
             {"exclude: *.*.note='\xc3\xa9 \\\"x\\\"'", kInsertTwo, 1},
             {"exclude: *.*.tags=*", kInsertTwo, 0},
             // Of an update the new value counts.
             {"exclude: *.*.qty=2", kUpdate, 0},
             {"exclude: *.*.qty=3", kUpdate, 1},
             {"exclude: *.*.id=8", kDelete, 0},
             // The key of a minimal image is in the one before.
             {"exclude: *.*.id=7", kMinimalUpdate, 0},
             // A column that is in no image decides nothing, nor does one that is not there.
             {"exclude: *.*.name=*", kMinimalUpdate, 1},
             {"exclude: *.*.none=*", kInsertTwo, 2},
             {"exclude: other.*.id=7", kInsertTwo, 2},
         }) {
        RowRenderer renderer(OutputConfig{});
        ByteBuffer out;
        const TablePlan plan = treated(c.event, {}, c.filter);
        EXPECT_EQ(renderer.append_rows(plan, events_[c.event], {}, out), c.rows) << c.filter;
        EXPECT_EQ(renderer.keeps_any(plan, events_[c.event]), c.rows > 0) << c.filter;
    }
}

// A receive buffer is used again: what is known of the event that was there before is of no use.
TEST_F(TreatedRows, AreFilteredWhereverTheyLie) {
    for (std::size_t shift = 0; shift < 40; ++shift) {
        RowRenderer renderer(OutputConfig{});
        ByteBuffer out;
        std::string memory(4096, '\0');
        const auto placed = [&](std::size_t index) {
            wire::Event event = events_[index];
            event.body.copy(memory.data() + shift * (index == kUpdate ? 0 : 1), event.body.size());
            event.body = {memory.data() + shift * (index == kUpdate ? 0 : 1), event.body.size()};
            return event;
        };
        ASSERT_TRUE(renderer.append_rows(plans_[kDelete], placed(kDelete), {}, out));
        const TablePlan plan = treated(kUpdate, {}, "exclude: *.*.tags=none");
        EXPECT_EQ(renderer.keeps_any(plan, placed(kUpdate)), true) << shift;
    }
}

// What openssl makes of an "encrypted" object.
std::string decrypted(const std::string& line, const std::string& key) {
    std::smatch found;
    const std::regex form("\"encrypted\":\\{\"iv\":\"([^\"]*)\",\"bytes\":\"([^\"]*)\"\\}");
    if (!std::regex_search(line, found, form)) return "none";
    const std::string iv = base64_decode(found[1].str()).value();
    const std::string bytes = base64_decode(found[2].str()).value();
    EXPECT_EQ(iv.size(), 16u);
    std::string text(bytes.size() + 16, '\0');
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
    auto* out = reinterpret_cast<unsigned char*>(text.data());
    int size = 0;
    int rest = 0;
    EVP_DecryptInit_ex(context, key.size() == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(), nullptr,
                       reinterpret_cast<const unsigned char*>(key.data()),
                       reinterpret_cast<const unsigned char*>(iv.data()));
    EVP_DecryptUpdate(context, out, &size, in, static_cast<int>(bytes.size()));
    EXPECT_EQ(EVP_DecryptFinal_ex(context, out + size, &rest), 1);
    EVP_CIPHER_CTX_free(context);
    text.resize(static_cast<std::size_t>(size + rest));
    return text;
}

TEST_F(TreatedRows, TheirDataCanBeEncrypted) {
    const std::string key = "0123456789abcdef";
    const OutputConfig options{
        .primary_keys = true, .encrypt = Encryption::data, .secret_key = key};
    const auto lines = render(kUpdate, options, "", true);
    EXPECT_THAT(lines,
                ElementsAre(HasSubstr(R"("commit":true,"primary_key":[7],"encrypted":{"iv":")")));
    EXPECT_THAT(lines[0], Not(HasSubstr("bolt")));
    EXPECT_EQ(decrypted(lines[0], key), "{" + data_of(render(kUpdate, {})[0]));
    const auto two = render(kInsertTwo, options);
    ASSERT_EQ(two.size(), 2u);
    EXPECT_THAT(decrypted(two[1], key), HasSubstr("{\"data\":{\"id\":8,"));
    EXPECT_NE(two[0].substr(two[0].find("\"iv\"")).substr(0, 30),
              two[1].substr(two[1].find("\"iv\"")).substr(0, 30));
}

TEST_F(TreatedRows, WholeLinesCanBeEncrypted) {
    const std::string key = "0123456789abcdef0123456789abcdef";
    const OutputConfig options{.encrypt = Encryption::all, .secret_key = key};
    const auto clear = render(kInsertTwo, {}, "", true);
    const auto lines = render(kInsertTwo, options, "", true);
    ASSERT_EQ(lines.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_TRUE(lines[i].starts_with("{\"encrypted\":{\"iv\":\"")) << lines[i];
        EXPECT_EQ(decrypted(lines[i], key), clear[i]);
    }
    EXPECT_EQ(decrypted(render(kInsertTwo, options, "exclude: *.*.id=8", true)[0], key),
              render(kInsertTwo, {}, "exclude: *.*.id=8", true)[0]);
}

TEST_F(TreatedRows, HaveKeysForSinks) {
    for (const Encryption encrypt : {Encryption::none, Encryption::data, Encryption::all}) {
        const OutputConfig options{.encrypt = encrypt, .secret_key = "0123456789abcdef"};
        RowRenderer renderer(options);
        RowKeys keys;
        ByteBuffer out;
        renderer.collect_keys({.partition_by = PartitionBy::column, .partition_columns = {"name"}},
                              keys);
        const TablePlan plan = treated(kInsertTwo, options, "exclude: *.*.id=7");
        ASSERT_EQ(renderer.append_rows(plans_[kInsertTwo], events_[kInsertTwo], {}, out), 2u);
        ASSERT_EQ(renderer.append_rows(plan, events_[kInsertTwo], {}, out), 1u);
        ASSERT_EQ(
            renderer.append_rows(plans_[kUpdate], events_[kUpdate], {.last_event = true}, out), 1u);
        ASSERT_EQ(keys.rows.size(), 4u);
        EXPECT_EQ(std::string(keys.bytes.view()).substr(0, keys.rows[0].key_end),
                  R"({"database":"shop","table":"item","pk.id":7})");
        EXPECT_EQ(keys.bytes.view().substr(keys.rows[0].key_end,
                                           keys.rows[1].key_end - keys.rows[0].key_end),
                  R"({"database":"shop","table":"item","pk.id":8})");
        EXPECT_EQ(keys.rows[0].hash, java_hash("bolt"));
        EXPECT_EQ(keys.rows[1].hash, java_hash("nut"));
        EXPECT_EQ(keys.rows[2].hash, java_hash("nut"));
        EXPECT_EQ(keys.rows[3].hash, java_hash("bolt"));
        std::size_t begin = 0;
        for (const RowKeys::Row& row : keys.rows) {
            ASSERT_GT(row.line_end, begin);
            const std::string_view line = out.view().substr(begin, row.line_end - begin);
            EXPECT_EQ(line.find('\n'), line.size() - 1);
            begin = row.line_end;
        }
        EXPECT_EQ(begin, out.size());
    }
}

TEST_F(TreatedRows, MaskedKeysAreMaskedForSinksToo) {
    const OutputConfig options = masked("*.*.id=hash");
    RowRenderer renderer(options);
    RowKeys keys;
    ByteBuffer out;
    renderer.collect_keys({.format = KeyFormat::array, .partition_by = PartitionBy::primary_key},
                          keys);
    ASSERT_TRUE(renderer.append_rows(treated(kDelete, options), events_[kDelete], {}, out));
    EXPECT_EQ(keys.bytes.view(), R"(["shop","item",[{"id":)" + hmac("8") + "}]]");
    EXPECT_EQ(keys.rows[0].hash, java_hash(trim(hmac("8")).substr(1, 64)));
}

TEST_F(TreatedRows, OfATableThatCannotBeRenderedAreDeadLetters) {
    const TablePlan plan = unrenderable_plan("shop", "item", "column x: \"what\"");
    RowRenderer renderer(OutputConfig{});
    ByteBuffer out;
    EXPECT_EQ(renderer.append_rows(plan, events_[kDelete], {}, out).error().code, Errc::invalid);
    ByteBuffer letters;
    renderer.use_dead_letters(letters);
    EXPECT_EQ(renderer.append_rows(plan, events_[kDelete], {}, out).value_or(9), 0u);
    EXPECT_EQ(
        letters.view(),
        "{\"database\":\"shop\",\"table\":\"item\",\"type\":\"delete\",\"reason\":\"column x: "
        "\\\"what\\\"\",\"data\":{}}\n");
    EXPECT_TRUE(out.empty());
}

TEST_F(TreatedRows, ThatAreTooLongBecomeDeadLetters) {
    const OutputConfig options{.max_row_bytes = 168};
    RowRenderer strict(options);
    ByteBuffer out;
    out.append("kept\n");
    const auto refused = strict.append_rows(plans_[kInsertTwo], events_[kInsertTwo], {}, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_THAT(refused.error().what, HasSubstr("dead_letter_file"));
    EXPECT_EQ(out.view(), "kept\n");

    RowRenderer renderer(options);
    ByteBuffer letters;
    renderer.use_dead_letters(letters);
    // The first row is longer than the second.
    ASSERT_EQ(
        renderer.append_rows(plans_[kInsertTwo], events_[kInsertTwo], {.last_event = true}, out),
        1u);
    EXPECT_THAT(std::string(out.view()), HasSubstr("\"commit\":true,\"data\":{\"id\":8,"));
    EXPECT_THAT(std::string(letters.view()),
                testing::MatchesRegex("\\{\"database\":\"shop\",\"table\":\"item\",\"type\":"
                                      "\"insert\",\"reason\":\"[^\"]*max_row_bytes[^\"]*\","
                                      "\"data\":\\{\"id\":7\\}\\}\n"));
    EXPECT_EQ(renderer.dead_letters(), 1u);
}

TEST_F(TreatedRows, AnEarlierRowCommitsWhenOnlyDeadLettersFollow) {
    RowRenderer renderer(OutputConfig{.max_row_bytes = 168});
    ByteBuffer letters;
    ByteBuffer out;
    renderer.use_dead_letters(letters);
    EXPECT_FALSE(renderer.commit_last_row(out));
    ASSERT_EQ(renderer.append_rows(plans_[kDelete], events_[kDelete], {}, out), 1u);
    ASSERT_EQ(renderer.append_rows(plans_[kUpdate], events_[kUpdate],
                                   {.first_xoffset = 1, .last_event = true}, out),
              0u);
    EXPECT_TRUE(renderer.commit_last_row(out));
    EXPECT_THAT(split(trim(out.view()), '\n'),
                ElementsAre(HasSubstr("\"ts\":1763769600,\"commit\":true,\"data\":{\"id\":8,")));
}

}  // namespace
}  // namespace evenkeel::cdc
