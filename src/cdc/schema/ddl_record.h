// Maxwell's DDL records (output_ddl): one JSON object a line. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cdc/schema/ddl_apply.h"

namespace evenkeel::cdc {

struct DdlPlace {
    std::uint64_t ts_ms = 0;
    std::string_view sql{};
    std::string_view position{};  // Empty: left out.
    std::string_view gtid{};      // Likewise.
};

// Appends the record with its newline. False: Maxwell makes none of this change (of what is not
// known there is nothing to say).
bool append_ddl_record(const SchemaChange& change, const DdlPlace& place, std::string& out);

}  // namespace evenkeel::cdc
