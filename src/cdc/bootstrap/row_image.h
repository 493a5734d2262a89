// Selected rows in the form of the binlog. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cdc/bootstrap/table_layout.h"
#include "cdc/render/table_plan.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

// The value that TableLayout::selects gave for the column, appended as an image of the binlog has
// it. False: the text is no value of this column; `out` is as it was.
bool append_value(const ColumnPlan& column, std::string_view text, std::string& out);

// MySQL's text of a document as the stream prints the document: no white space, numbers with a
// point or an exponent as Java has them. Appended to `out`.
void append_compact_json(std::string_view text, std::string& out);

// A row: one view a column, nothing for NULL. Errors: invalid  names the column.
Result<> append_image(const TableLayout& layout,
                      const std::vector<std::optional<std::string_view>>& row, std::string& out);

// A WRITE_ROWS event made of images. Its bytes end with the next call.
class ImageEvent {
public:
    // `seconds`: the header's time.
    const wire::Event& make(std::size_t columns, std::string_view images, std::uint32_t seconds);

private:
    std::string body_{};
    wire::Event event_{};
};

}  // namespace evenkeel::cdc
