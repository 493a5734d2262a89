#include "cdc/options.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "model/binlog_position.h"

namespace evenkeel::cdc {
namespace {

Error wrong(std::string_view what) {
    return {Errc::invalid, std::string(what)};
}

Result<bool> to_bool(const std::string& value) {
    if (value == "true" || value == "1" || value.empty()) return true;
    if (value == "false" || value == "0") return false;
    return wrong("say true or false");
}

Result<std::uint64_t> to_number(const std::string& value, std::uint64_t least, std::uint64_t most) {
    const auto number = parse_number(value);
    if (number && *number >= least && *number <= most) return *number;
    return wrong(fmt::format("say a number from {} to {}", least, most));
}

template <bool OutputConfig::*Field>
Result<> set_output(StreamConfig& config, const std::string& value) {
    EK_TRY(config.output.*Field, to_bool(value));
    return {};
}

Result<> set_host(StreamConfig& config, const std::string& value) {
    if (value.empty()) return wrong("say a host name or address");
    config.server.host = value;
    return {};
}

Result<> set_port(StreamConfig& config, const std::string& value) {
    EK_TRY(const std::uint64_t port, to_number(value, 1, 65535));
    config.server.port = static_cast<std::uint16_t>(port);
    return {};
}

Result<> set_user(StreamConfig& config, const std::string& value) {
    config.credentials.user = value;
    return {};
}

Result<> set_password(StreamConfig& config, const std::string& value) {
    config.credentials.password = value;
    return {};
}

Result<> set_client_id(StreamConfig& config, const std::string& value) {
    if (value.empty() || value.find('/') != std::string::npos) {
        return wrong("say a name without a slash");
    }
    config.name = value;
    return {};
}

Result<> set_server_id(StreamConfig& config, const std::string& value) {
    EK_TRY(const std::uint64_t id, to_number(value, 1, UINT32_MAX));
    config.replica_server_id = static_cast<std::uint32_t>(id);
    return {};
}

Result<> set_producer(StreamConfig& config, const std::string& value) {
    if (value == "stdout") {
        config.producer = Producer::stdout_lines;
    } else if (value == "file") {
        config.producer = Producer::file;
    } else {
        return wrong("say stdout or file");
    }
    return {};
}

Result<> set_output_file(StreamConfig& config, const std::string& value) {
    config.output_file = value;
    return {};
}

Result<> set_init_position(StreamConfig& config, const std::string& value) {
    if (!parse_file_position(value)) {
        return wrong("say FILE:POSITION, for example binlog.000004:4711");
    }
    config.init_position = value;
    return {};
}

Result<> set_init_gtid(StreamConfig& config, const std::string& value) {
    if (!parse_gtids(value)) {
        return wrong("say a GTID position such as 0-1-4711, or MySQL's executed set");
    }
    config.init_gtid = value;
    return {};
}

Result<> set_include_databases(StreamConfig& config, const std::string& value) {
    config.include_databases.clear();
    for (const std::string& part : split(value, ',')) {
        const std::string name(trim(part));
        if (name.empty()) return wrong("say names with commas between them");
        config.include_databases.push_back(name);
    }
    return {};
}

Result<> set_transaction_bytes(StreamConfig& config, const std::string& value) {
    EK_TRY(config.transaction_bytes_max, to_number(value, 0, std::uint64_t{1} << 40));
    return {};
}

Option output_switch(std::string name, std::string help, bool on,
                     Result<> (*set)(StreamConfig&, const std::string&)) {
    return {std::move(name), std::move(help), on ? "true" : "false", true, set};
}

std::vector<Option> connection_options() {
    return {
        {"host", "server to read from", "127.0.0.1", false, set_host},
        {"port", "its port", "3306", false, set_port},
        {"user", "account with REPLICATION SLAVE, and SELECT on what is streamed", "", false,
         set_user},
        {"password", "its password", "", false, set_password},
        {"client_id", "name of this stream; its checkpoint is kept under it", "maxwell", false,
         set_client_id},
        {"replica_server_id",
         "id towards the server; a second reader or replica with the same id ends the first",
         "a new one for each connection", false, set_server_id},
        {"producer", "where rows go: stdout, file", "stdout", false, set_producer},
        {"output_file", "file for producer=file; it holds each row once", "", false,
         set_output_file},
        {"init_position", "start at FILE:POSITION of the server's binlog, without a checkpoint",
         "the binlog's end", false, set_init_position},
        {"init_gtid", "start behind this GTID position (MySQL: GTID set), without a checkpoint",
         "the binlog's end", false, set_init_gtid},
        {"include_databases", "only these, with commas between them", "all but the server's own",
         false, set_include_databases},
        {"transaction_bytes_max", "a larger transaction waits for its end in a temporary file",
         "67108864", false, set_transaction_bytes},
    };
}

std::vector<Option> output_options() {
    using O = OutputConfig;
    return {
        output_switch("output_commit_info", "xid and commit in each row", true,
                      set_output<&O::commit_info>),
        output_switch("output_xoffset", "xoffset: the row's place in its transaction", true,
                      set_output<&O::xoffset>),
        output_switch("output_nulls", "columns that are NULL", true, set_output<&O::nulls>),
        output_switch("output_null_zerodates", "0000-00-00 as null", false,
                      set_output<&O::null_zerodates>),
        output_switch("output_binlog_position", "position: FILE:POSITION of the row's event", false,
                      set_output<&O::binlog_position>),
        output_switch("output_gtid_position", "gtid of the transaction", false,
                      set_output<&O::gtid_position>),
        output_switch("output_server_id", "server_id where the row was written", false,
                      set_output<&O::server_id>),
        output_switch("output_primary_keys", "primary_key: its values", false,
                      set_output<&O::primary_keys>),
        output_switch("output_primary_key_columns", "primary_key_columns: its names", false,
                      set_output<&O::primary_key_columns>),
        output_switch("output_row_query", "query: the statement that made the row", false,
                      set_output<&O::row_query>),
        output_switch("output_push_timestamp", "push_ts: when the row was rendered", false,
                      set_output<&O::push_timestamp>),
        output_switch("maxwell_quirks", "Maxwell's bytes also where they are wrong", false,
                      set_output<&O::maxwell_quirks>),
    };
}

Error unknown_option(const std::string& name) {
    std::vector<std::string> names;
    for (const Option& option : stream_options()) names.push_back(option.name);
    const auto nearest = nearest_name(name, names);
    return wrong(fmt::format("option {}: there is no such option{}", name,
                             nearest ? fmt::format("; did you mean {}?", *nearest) : ""));
}

Result<> check_together(const StreamConfig& config) {
    if (config.producer == Producer::file && config.output_file.empty()) {
        return wrong("option producer: file needs output_file");
    }
    if (config.producer != Producer::file && !config.output_file.empty()) {
        return wrong("option output_file: it needs producer=file");
    }
    if (!config.init_gtid.empty() && !config.init_position.empty()) {
        return wrong("option init_gtid: it excludes init_position");
    }
    return {};
}

}  // namespace

const std::vector<Option>& stream_options() {
    static const std::vector<Option> options = [] {
        std::vector<Option> all = connection_options();
        const std::vector<Option> output = output_options();
        all.insert(all.end(), output.begin(), output.end());
        return all;
    }();
    return options;
}

Result<StreamConfig> stream_config_from(const std::map<std::string, std::string>& values) {
    StreamConfig config;
    for (const auto& given : values) {
        const std::string& name = given.first;
        const std::string& value = given.second;
        const auto& options = stream_options();
        const auto option = std::find_if(options.begin(), options.end(),
                                         [&](const Option& o) { return o.name == name; });
        if (option == options.end()) return unknown_option(name);
        const auto set = option->set(config, value);
        if (!set) {
            return wrong(fmt::format("option {}: {} is not valid: {}", name, json_quote(value),
                                     set.error().what));
        }
    }
    EK_TRY_VOID(check_together(config));
    return config;
}

}  // namespace evenkeel::cdc
