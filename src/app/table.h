// Tables on stdout, coloured on a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::app {

inline constexpr std::string_view kGood = "32";
inline constexpr std::string_view kNotice = "33";
inline constexpr std::string_view kBad = "31";
inline constexpr std::string_view kTitle = "1";

// A cell and how it is painted; widths count the text alone.
struct Cell {
    std::string text{};
    std::string_view paint{};
};

// Whether stdout takes colours: a terminal, and NO_COLOR is not set.
bool colour();
std::string painted(std::string_view text, std::string_view code);
void print_table(const std::vector<std::string>& titles,
                 const std::vector<std::vector<Cell>>& rows);

}  // namespace evenkeel::app
