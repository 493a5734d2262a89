// Rows under a table map, rendered. Input: a byte of options, then events without checksums.
#include <map>
#include <memory>

#include "cdc/render/row_renderer.h"
#include "tests/fuzz/target.h"
#include "wire/rows_event.h"
#include "wire/table_map.h"

namespace evenkeel::fuzz {
namespace {

using cdc::TablePlan;
using wire::EventType;

cdc::OutputConfig options_of(std::uint8_t bits) {
    cdc::OutputConfig options;
    options.primary_keys = (bits & 1) != 0;
    options.null_zerodates = (bits & 2) != 0;
    options.nulls = (bits & 4) == 0;
    options.maxwell_quirks = (bits & 8) != 0;
    options.primary_key_columns = (bits & 16) != 0;
    return options;
}

// For maps without names: any definition will do that has as many columns.
cdc::TableDefinition invented(const wire::TableMap& map, bool json) {
    static constexpr const char* kTypes[] = {"longtext",  "uuid",          "inet4",       "inet6",
                                             "vector(2)", "enum('a','b')", "int unsigned"};
    cdc::TableDefinition definition{.database = map.database, .table = map.table};
    for (std::size_t i = 0; i < map.columns.size(); ++i) {
        definition.columns.push_back({.name = "c" + std::to_string(i),
                                      .column_type = kTypes[i % std::size(kTypes)],
                                      .charset = i % 3 == 0   ? ""
                                                 : i % 3 == 1 ? "utf8mb4"
                                                              : "latin1",
                                      .json = json});
    }
    return definition;
}

class Reader {
public:
    explicit Reader(std::uint8_t bits) : bits_(bits), renderer_(options_of(bits)) {}

    void on_event(const wire::Event& event) {
        if (event.header.type == EventType::table_map) return on_table_map(event);
        const auto id = wire::rows_table_id(event);
        if (!id || !plans_.contains(*id)) return;
        const cdc::RowContext context{.xid = 1, .last_event = (bits_ & 32) != 0};
        use(renderer_.append_rows(*plans_.at(*id), event, context, lines_));
        lines_.clear();
    }

private:
    void on_table_map(const wire::Event& event) {
        const auto map = wire::parse_table_map(event);
        if (!map || map->columns.size() > 512) return;
        const cdc::TableDefinition definition = invented(*map, (bits_ & 128) != 0);
        auto plan = cdc::make_table_plan(*map, (bits_ & 64) != 0 ? &definition : nullptr);
        if (!plan && (bits_ & 64) == 0) plan = cdc::make_table_plan(*map, &definition);
        if (plan) plans_[map->table_id] = std::make_unique<TablePlan>(*std::move(plan));
    }

    std::uint8_t bits_;
    cdc::RowRenderer renderer_;
    cdc::ByteBuffer lines_;
    std::map<std::uint64_t, std::unique_ptr<TablePlan>> plans_;
};

}  // namespace
}  // namespace evenkeel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace evenkeel;
    if (size == 0) return 0;
    fuzz::Reader reader(data[0]);
    wire::EventReader events(false, false);
    std::string_view bytes = fuzz::view(data + 1, size - 1);
    while (!bytes.empty()) {
        const auto event = events.read_front(bytes);
        if (!event || !*event) return 0;
        reader.on_event(**event);
        bytes.remove_prefix((*event)->bytes.size());
    }
    return 0;
}
