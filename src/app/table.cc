#include "app/table.h"

#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

namespace evenkeel::app {

bool colour() {
    return ::isatty(STDOUT_FILENO) == 1 && ::getenv("NO_COLOR") == nullptr;
}

std::string painted(std::string_view text, std::string_view code) {
    return colour() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void print_table(const std::vector<std::string>& titles,
                 const std::vector<std::vector<Cell>>& rows) {
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < titles.size(); ++column) {
        std::size_t width = titles[column].size();
        for (const auto& row : rows) width = std::max(width, row[column].text.size());
        widths.push_back(width);
    }
    const auto print_cell = [&](std::size_t column, const Cell& cell) {
        const bool last = column + 1 == titles.size();
        const std::string pad(last ? 0 : widths[column] - cell.text.size() + 2, ' ');
        fmt::print("{}{}", cell.paint.empty() ? cell.text : painted(cell.text, cell.paint), pad);
    };
    for (std::size_t column = 0; column < titles.size(); ++column) {
        print_cell(column, {titles[column], kTitle});
    }
    fmt::print("\n");
    for (const auto& row : rows) {
        for (std::size_t column = 0; column < row.size(); ++column) print_cell(column, row[column]);
        fmt::print("\n");
    }
}

}  // namespace evenkeel::app
