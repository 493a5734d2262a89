// What `./dev bench cdc` was asked for.
#pragma once

#include <string>

#include "base/result.h"

namespace evenkeel::bench {

struct Options {
    double scale = 0.15;  // Of the data sets; at 1 they are 250 MB to 1 GB each.
    double part = 0.25;   // Of a set, for readers that would take minutes for all of it.
    int runs = 3;         // Of each fast reader, interleaved; the median counts.
    bool json = false;
    bool latency = true;
    bool instructions = false;
    std::string profile{};  // Where callgrind's profiles stay; empty: nowhere.
    std::string peers{};    // The folder that peers/get has filled; empty: without peers.
    std::string svg{};      // The file for the picture; empty: none.
};

// Errors: invalid  an unknown word or a bad value; the text is the usage.
Result<Options> parse_options(int argc, char** argv);

}  // namespace evenkeel::bench
