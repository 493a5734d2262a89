// GTIDs as text: what is printed is read back as the same.
#include "base/check.h"
#include "model/binlog_position.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace evenkeel;
    const std::string_view text = fuzz::view(data, size);
    if (const auto gtid = parse_gtid(text)) {
        EK_CHECK(parse_gtid(gtid->str()) == gtid, "a GTID's text is another GTID");
    }
    if (const auto position = parse_gtid_position(text)) {
        EK_CHECK(parse_gtid_position(position->str()) == position, "a position's text is another");
    }
    if (const auto state = parse_gtid_state(text)) {
        EK_CHECK(parse_gtid_state(state->str()) == state, "a state's text is another");
        fuzz::use(state->missing_in({}));
    }
    if (const auto set = parse_gtid_set(text)) {
        EK_CHECK(parse_gtid_set(set->str()) == set, "a set's text is another set");
        EK_CHECK(set->contains(*set) && set->minus(*set).empty(), "a set does not hold itself");
        fuzz::use(set->encode());
    }
    if (const auto position = parse_gtids(text)) {
        EK_CHECK(position->reaches(*position), "a position does not reach itself");
    }
    return 0;
}
