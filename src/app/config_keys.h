// Every key of the configuration file, one table a section: reading, refusing and the reference are
// all made from these tables, so they cannot disagree.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/toml_document.h"

namespace evenkeel::app {

template <typename Section>
struct Field {
    std::string name{};
    std::string type{};      // For people: "text", "number 1..5".
    std::string fallback{};  // As it is written in the file; empty: none.
    std::string doc{};
    // Puts the value in place; returns what is wrong with it, if anything.
    std::function<std::optional<std::string>(Section&, const TomlValue&)> set{};
};

const std::vector<Field<Config>>& node_fields();
const std::vector<Field<coord::Config>>& coordination_fields();
const std::vector<Field<io::TlsFiles>>& tls_fields();
const std::vector<Field<ApiConfig>>& api_fields();
const std::vector<Field<topology::ClusterConfig>>& cluster_fields();
const std::vector<Field<cdc::StreamConfig>>& stream_fields();
const std::vector<Field<cdc::OutputConfig>>& output_fields();

}  // namespace evenkeel::app
