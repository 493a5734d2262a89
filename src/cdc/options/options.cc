#include "cdc/options/options.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "cdc/options/options_draft.h"

namespace evenkeel::cdc {
namespace {

// In the order of help and reference.
const std::vector<std::string>& group_order() {
    static const std::vector<std::string> groups{"General",
                                                 "Connection",
                                                 "Position",
                                                 "Producer",
                                                 "Filtering",
                                                 "Output",
                                                 "Privacy",
                                                 "High availability",
                                                 "Bootstrapping",
                                                 "HTTP",
                                                 "Metrics",
                                                 "Keys",
                                                 "Producers of later releases"};
    return groups;
}

Error wrong(const std::string& what) {
    return {Errc::invalid, what};
}

bool names_all_with_prefix(const Option& option) {
    return option.name.ends_with(".*");
}

std::string unknown(const GivenOption& given, const std::vector<Option>& known) {
    std::vector<std::string> names;
    for (const Option& option : known) names.push_back(option.name);
    const auto nearest = nearest_name(given.name, names);
    const bool argument = given.origin.starts_with("--");
    return fmt::format(
        "{}: there is no option {}{}", given.origin, given.name,
        nearest ? fmt::format("; did you mean {}{}?", argument ? "--" : "", *nearest) : "");
}

void apply(const Option& option, const GivenOption& given, OptionDraft& draft,
           std::vector<std::string>& problems) {
    // Saying what is so anyway.
    const bool off =
        option.is_switch && option.set == nullptr && !option_as_bool(given.value).value_or(true);
    if (off) return;
    if (option.status == OptionStatus::refused) {
        problems.push_back(
            fmt::format("{}: {} is not possible: {}", given.origin, given.name, option.help));
        return;
    }
    if (option.status == OptionStatus::ignored) {
        draft.notes.push_back(
            fmt::format("{}: {} has no effect: {}", given.origin, given.name, option.help));
        return;
    }
    if (option.set == nullptr) return;
    const std::string value =
        option.is_secret ? given.value : std::string(trim(std::string_view(given.value)));
    const auto set = option.set(draft, value);
    if (set) return;
    problems.push_back(option.is_secret ? fmt::format("{}: {}", given.origin, set.error().what)
                                        : fmt::format("{}: {} is not valid: {}", given.origin,
                                                      json_quote(value), set.error().what));
}

void settle_endpoints(OptionDraft& draft) {
    StreamConfig& config = draft.config;
    const EndpointOptions& main = draft.main;
    const EndpointOptions& binlog = draft.replication;
    if (binlog.host && main.host && *binlog.host != *main.host) {
        draft.notes.push_back(fmt::format(
            "host {} is not used: the binlog is read from replication_host, and state is kept in "
            "data_dir or the group, never in a database",
            *main.host));
    }
    const auto pick = [](const auto& first, const auto& second, auto fallback) {
        return first ? *first : second ? *second : fallback;
    };
    config.server.host = pick(binlog.host, main.host, config.server.host);
    config.server.port =
        pick(binlog.port, binlog.host ? std::nullopt : main.port, config.server.port);
    config.credentials.user = pick(binlog.user, main.user, std::string());
    config.credentials.password = pick(binlog.password, main.password, std::string());
    config.credentials.tls = draft.tls_files;
    config.credentials.tls.mode = pick(binlog.tls, main.tls, sql::TlsMode::disabled);
    if (!draft.schema.host) return;
    config.schema_server = ServerId{.host = *draft.schema.host,
                                    .port = draft.schema.port.value_or(config.server.port)};
    config.schema_credentials.tls = draft.tls_files;
    config.schema_credentials.tls.mode = draft.schema.tls.value_or(config.credentials.tls.mode);
    config.schema_credentials.user = draft.schema.user.value_or(config.credentials.user);
    config.schema_credentials.password =
        draft.schema.password.value_or(config.credentials.password);
}

void settle_filter(OptionDraft& draft, std::vector<std::string>& problems) {
    if (draft.filter && !draft.include_databases.empty()) {
        problems.emplace_back("filter and include_databases exclude each other");
    }
    if (draft.filter) draft.config.filter = *draft.filter;
    if (!draft.include_databases.empty()) {
        draft.config.filter = Filter::of_databases(draft.include_databases);
    }
}

void check_together(const OptionDraft& draft, std::vector<std::string>& problems) {
    const StreamConfig& config = draft.config;
    const auto refuse_if = [&](bool bad, const char* what) {
        if (bad) problems.emplace_back(what);
    };
    const bool to_file = config.producer == Producer::file;
    refuse_if(to_file && config.output_file.empty(), "producer: file needs output_file");
    refuse_if(!to_file && !config.output_file.empty(), "output_file: it needs producer=file");
    refuse_if(!config.init_gtid.empty() && !config.init_position.empty(),
              "init_gtid: it excludes init_position");
    if (const auto good = check_stream_config(config); !good) problems.push_back(good.error().what);
    const KeyConfig& keys = config.keys;
    refuse_if(keys.partition_by == PartitionBy::column && keys.partition_columns.empty(),
              "producer_partition_by: column needs producer_partition_columns");
    refuse_if(
        !draft.schema.host && (draft.schema.user || draft.schema.password || draft.schema.port),
        "schema_user, schema_password and schema_port need schema_host");
}

}  // namespace

const std::vector<Option>& stream_options() {
    static const std::vector<Option> options = [] {
        std::vector<Option> all;
        for (auto* part : {supported_options, ignored_options, refused_options}) {
            for (Option& option : part()) all.push_back(std::move(option));
        }
        sort_options(all);
        return all;
    }();
    return options;
}

void sort_options(std::vector<Option>& options) {
    const auto place = [](const Option& option) {
        const auto& groups = group_order();
        return std::find(groups.begin(), groups.end(), option.group) - groups.begin();
    };
    std::stable_sort(options.begin(), options.end(),
                     [&](const Option& a, const Option& b) { return place(a) < place(b); });
}

std::string option_name(std::string_view given) {
    std::string name(given);
    // Behind a prefix such as kafka. stands the name of another program's setting.
    for (char& c : name) {
        if (c == '.') break;
        if (c == '-') c = '_';
    }
    return name;
}

const Option* find_option(const std::vector<Option>& options, std::string_view name) {
    for (const Option& option : options) {
        const std::string_view known = option.name;
        if (known == name) return &option;
        if (names_all_with_prefix(option) && name.starts_with(known.substr(0, known.size() - 1))) {
            return &option;
        }
    }
    return nullptr;
}

Result<bool> option_as_bool(const std::string& value) {
    std::string word;
    for (const char c : value) word += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (word == "true" || word == "1" || word.empty()) return true;
    if (word == "false" || word == "0") return false;
    return wrong("say true or false");
}

Result<> check_stream_config(const StreamConfig& config) {
    const OutputConfig& output = config.output;
    const sql::Tls& tls = config.credentials.tls;
    if (tls.cert.empty() != tls.key.empty()) return wrong("ssl_cert and ssl_key need each other");
    const bool files = !tls.ca.empty() || !tls.cert.empty();
    if (files && !tls.on() && !config.schema_credentials.tls.on()) {
        return wrong("ssl_ca, ssl_cert and ssl_key need ssl");
    }
    if (output.mask_columns.needs_secret() && output.mask_secret.empty()) {
        return wrong("mask_columns: hash needs mask_secret");
    }
    const std::size_t key = output.secret_key.size();
    if (output.encrypt == Encryption::none) {
        if (key > 0) return wrong("secret_key: it needs encrypt=data or encrypt=all");
    } else if (key != 16 && key != 24 && key != 32) {
        return wrong("encrypt: it needs a secret_key of 16, 24 or 32 bytes");
    }
    return {};
}

Result<StreamOptions> stream_options_from(const std::vector<GivenOption>& given,
                                          const std::vector<Option>& known) {
    OptionDraft draft;
    std::vector<std::string> problems;
    std::map<std::string, const GivenOption*> last;
    for (const GivenOption& option : given) last[option.name] = &option;
    for (const GivenOption& option : given) {
        const Option* found = find_option(known, option.name);
        if (found == nullptr) {
            problems.push_back(unknown(option, known));
        } else if (last[option.name] == &option) {
            apply(*found, option, draft, problems);
        }
    }
    settle_endpoints(draft);
    settle_filter(draft, problems);
    if (problems.empty()) check_together(draft, problems);
    if (!problems.empty()) return wrong(join(problems, "\n"));
    return StreamOptions{
        .config = std::move(draft.config), .replay = draft.replay, .notes = std::move(draft.notes)};
}

}  // namespace evenkeel::cdc
