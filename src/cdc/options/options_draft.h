// What the setters of options write to: a stream's configuration in the making. Endpoints come from
// several options, of which some stand in for others, so they are settled at the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cdc/options/options.h"

namespace evenkeel::cdc {

struct EndpointOptions {
    std::optional<std::string> host{};
    std::optional<std::uint16_t> port{};
    std::optional<std::string> user{};
    std::optional<std::string> password{};
    std::optional<sql::TlsMode> tls{};
};

struct OptionDraft {
    StreamConfig config{};
    EndpointOptions main{};
    EndpointOptions replication{};
    EndpointOptions schema{};
    sql::Tls tls_files{};  // The files, the same for all of them.
    bool replay = false;
    std::optional<Filter> filter{};
    std::vector<std::string> include_databases{};
    std::vector<std::string> notes{};
};

// The table, in three parts.
std::vector<Option> supported_options();
std::vector<Option> ignored_options();
std::vector<Option> refused_options();

}  // namespace evenkeel::cdc
