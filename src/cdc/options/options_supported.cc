// Options that do something.
#include <fmt/core.h>

#include "base/text.h"
#include "cdc/options/options_draft.h"
#include "model/binlog_position.h"

namespace evenkeel::cdc {
namespace {

using Set = Result<> (*)(OptionDraft&, const std::string&);

Error wrong(std::string_view what) {
    return {Errc::invalid, std::string(what)};
}

Result<std::uint64_t> to_number(const std::string& value, std::uint64_t least, std::uint64_t most) {
    const auto number = parse_number(value);
    if (number && *number >= least && *number <= most) return *number;
    return wrong(fmt::format("say a number from {} to {}", least, most));
}

Result<std::vector<std::string>> to_names(const std::string& value) {
    std::vector<std::string> names;
    for (const std::string& part : split(value, ',')) {
        const std::string name(trim(part));
        if (name.empty()) return wrong("say names with commas between them");
        names.push_back(name);
    }
    if (names.empty()) return wrong("say names with commas between them");
    return names;
}

template <typename Enum>
struct Choice {
    const char* name;
    Enum value;
};

template <typename Enum>
Result<Enum> to_choice(const std::string& value, std::initializer_list<Choice<Enum>> choices) {
    std::vector<std::string> names;
    for (const auto& choice : choices) {
        if (value == choice.name) return choice.value;
        names.emplace_back(choice.name);
    }
    return wrong("say " + join(names, " or "));
}

// --- setters ------------------------------------------------------------------------------------

template <bool OutputConfig::*Field>
Result<> set_output(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.output.*Field, option_as_bool(value));
    return {};
}

template <EndpointOptions OptionDraft::*Of>
Result<> set_host(OptionDraft& draft, const std::string& value) {
    if (value.empty()) return wrong("say a host name or address");
    (draft.*Of).host = value;
    return {};
}

template <EndpointOptions OptionDraft::*Of>
Result<> set_port(OptionDraft& draft, const std::string& value) {
    EK_TRY(const std::uint64_t port, to_number(value, 1, 65535));
    (draft.*Of).port = static_cast<std::uint16_t>(port);
    return {};
}

template <EndpointOptions OptionDraft::*Of>
Result<> set_user(OptionDraft& draft, const std::string& value) {
    (draft.*Of).user = value;
    return {};
}

template <EndpointOptions OptionDraft::*Of>
Result<> set_password(OptionDraft& draft, const std::string& value) {
    (draft.*Of).password = value;
    return {};
}

template <EndpointOptions OptionDraft::*Of>
Result<> set_tls(OptionDraft& draft, const std::string& value) {
    (draft.*Of).tls = sql::parse_tls_mode(value);
    if ((draft.*Of).tls) return {};
    return wrong("say DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY");
}

template <std::string sql::Tls::*Field>
Result<> set_tls_file(OptionDraft& draft, const std::string& value) {
    draft.tls_files.*Field = value;
    return {};
}

Result<> set_client_id(OptionDraft& draft, const std::string& value) {
    if (value.empty() || value.find('/') != std::string::npos) {
        return wrong("say a name without a slash");
    }
    draft.config.name = value;
    return {};
}

Result<> set_server_id(OptionDraft& draft, const std::string& value) {
    EK_TRY(const std::uint64_t id, to_number(value, 1, UINT32_MAX));
    draft.config.replica_server_id = static_cast<std::uint32_t>(id);
    return {};
}

Result<> set_schema_database(OptionDraft& draft, const std::string& value) {
    if (value.empty()) return wrong("say the name of a database");
    draft.config.schema_database = value;
    return {};
}

Result<> set_producer(OptionDraft& draft, const std::string& value) {
    if (value == "stdout") {
        draft.config.producer = Producer::stdout_lines;
        return {};
    }
    if (value == "file") {
        draft.config.producer = Producer::file;
        return {};
    }
    for (const char* later : {"kafka", "redis", "rabbitmq", "nats"}) {
        if (value == later) return wrong("it comes in a later release; there are stdout and file");
    }
    return wrong("there are stdout and file");
}

Result<> set_output_file(OptionDraft& draft, const std::string& value) {
    draft.config.output_file = value;
    return {};
}

// Maxwell's third part, a heartbeat's number, has no meaning here: nothing is looked up by it.
Result<> set_init_position(OptionDraft& draft, const std::string& value) {
    const auto parts = split(value, ':');
    const bool heartbeat = parts.size() == 3 && parse_number(parts[2]);
    const std::string position = heartbeat ? parts[0] + ":" + parts[1] : value;
    if (!parse_file_position(position)) {
        return wrong("say FILE:POSITION, for example binlog.000004:4711");
    }
    draft.config.init_position = position;
    return {};
}

Result<> set_init_gtid(OptionDraft& draft, const std::string& value) {
    if (!parse_gtids(value)) {
        return wrong("say a GTID position such as 0-1-4711, or MySQL's executed set");
    }
    draft.config.init_gtid = value;
    return {};
}

template <bool StreamConfig::*Field>
Result<> set_switch(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.*Field, option_as_bool(value));
    return {};
}

Result<> set_replay(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.replay, option_as_bool(value));
    return {};
}

Result<> set_transaction_bytes(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.transaction_bytes_max, to_number(value, 0, std::uint64_t{1} << 40));
    return {};
}

Result<> set_filter(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.filter, Filter::parse(value));
    return {};
}

Result<> set_include_databases(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.include_databases, to_names(value));
    return {};
}

Result<> set_exclude_columns(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.output.exclude_columns, ColumnList::parse(value));
    return {};
}

Result<> set_mask_columns(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.output.mask_columns, MaskRules::parse(value));
    return {};
}

Result<> set_mask_secret(OptionDraft& draft, const std::string& value) {
    draft.config.output.mask_secret = value;
    return {};
}

Result<> set_encrypt(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.output.encrypt, to_choice<Encryption>(value, {{"none", Encryption::none},
                                                                      {"data", Encryption::data},
                                                                      {"all", Encryption::all}}));
    return {};
}

Result<> set_secret_key(OptionDraft& draft, const std::string& value) {
    draft.config.output.secret_key = value;
    return {};
}

Result<> set_naming_strategy(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.output.camel_case,
           to_choice<bool>(value, {{"none", false}, {"underscore_to_camelcase", true}}));
    return {};
}

Result<> set_row_query_max_length(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.output.row_query_max_length, to_number(value, 0, UINT32_MAX));
    return {};
}

Result<> set_max_row_bytes(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.output.max_row_bytes, to_number(value, 0, std::uint64_t{1} << 40));
    return {};
}

Result<> set_dead_letter_file(OptionDraft& draft, const std::string& value) {
    draft.config.dead_letter_file = value;
    return {};
}

Result<> set_key_format(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.keys.format,
           to_choice<KeyFormat>(value, {{"hash", KeyFormat::hash}, {"array", KeyFormat::array}}));
    return {};
}

Result<PartitionBy> to_partition_by(const std::string& value, bool fallback) {
    if (fallback && (value == "column" || value == "random" || value == "thread_id")) {
        return wrong("say database or table or primary_key or transaction_id");
    }
    return to_choice<PartitionBy>(value, {{"database", PartitionBy::database},
                                          {"table", PartitionBy::table},
                                          {"primary_key", PartitionBy::primary_key},
                                          {"transaction_id", PartitionBy::transaction_id},
                                          {"thread_id", PartitionBy::thread_id},
                                          {"column", PartitionBy::column},
                                          {"random", PartitionBy::random}});
}

Result<> set_partition_by(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.keys.partition_by, to_partition_by(value, false));
    return {};
}

Result<> set_partition_columns(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.keys.partition_columns, to_names(value));
    return {};
}

Result<> set_partition_fallback(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.keys.partition_fallback, to_partition_by(value, true));
    return {};
}

Result<> set_partition_hash(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.keys.hash,
           to_choice<PartitionHash>(
               value, {{"default", PartitionHash::java}, {"murmur3", PartitionHash::murmur3}}));
    return {};
}

Result<> set_bootstrapper(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.bootstrapper,
           to_choice<Bootstrapper>(value, {{"async", Bootstrapper::async},
                                           {"sync", Bootstrapper::sync},
                                           {"none", Bootstrapper::none}}));
    return {};
}

Result<> set_chunk_rows(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.bootstrap_chunk_rows, to_number(value, 1, 1'000'000));
    return {};
}

Result<> set_bootstrap_rate(OptionDraft& draft, const std::string& value) {
    EK_TRY(draft.config.bootstrap_rows_per_second, to_number(value, 0, 1'000'000'000));
    return {};
}

// --- the table ----------------------------------------------------------------------------------

Option option(const char* group, std::string name, std::string help, std::string default_text,
              Set set) {
    return {.group = group,
            .name = std::move(name),
            .help = std::move(help),
            .default_text = std::move(default_text),
            .set = set};
}

Option secret(const char* group, std::string name, std::string help, Set set) {
    Option made = option(group, std::move(name), std::move(help), "", set);
    made.is_secret = true;
    return made;
}

Option toggle(const char* group, std::string name, std::string help, bool on, Set set) {
    Option made = option(group, std::move(name), std::move(help), on ? "true" : "false", set);
    made.is_switch = true;
    return made;
}

Option ours(Option made) {
    made.is_ours = true;
    return made;
}

std::vector<Option> connection_options() {
    constexpr const char* kGroup = "Connection";
    using D = OptionDraft;
    return {
        option("General", "client_id", "name of this stream; its checkpoint is kept under it",
               "maxwell", set_client_id),
        option(kGroup, "host", "server to read from", "127.0.0.1", set_host<&D::main>),
        option(kGroup, "port", "its port", "3306", set_port<&D::main>),
        option(kGroup, "user", "account with REPLICATION SLAVE, and SELECT on what is streamed", "",
               set_user<&D::main>),
        secret(kGroup, "password", "its password", set_password<&D::main>),
        option(kGroup, "replication_host", "server whose binlog is read, in place of host", "host",
               set_host<&D::replication>),
        option(kGroup, "replication_port", "its port", "port, or 3306 with replication_host",
               set_port<&D::replication>),
        option(kGroup, "replication_user", "account there", "user", set_user<&D::replication>),
        secret(kGroup, "replication_password", "its password", set_password<&D::replication>),
        option(kGroup, "schema_host",
               "server whose information_schema is read, when that of the binlog is a proxy that "
               "answers no queries",
               "the binlog's server", set_host<&D::schema>),
        option(kGroup, "schema_port", "its port", "the binlog's", set_port<&D::schema>),
        option(kGroup, "schema_user", "account there", "the binlog's", set_user<&D::schema>),
        secret(kGroup, "schema_password", "its password", set_password<&D::schema>),
        option(kGroup, "ssl",
               "DISABLED, PREFERRED, REQUIRED (encrypted), VERIFY_CA (and by an authority that is "
               "trusted), VERIFY_IDENTITY (and for that host)",
               "DISABLED", set_tls<&D::main>),
        option(kGroup, "replication_ssl", "the same for replication_host", "ssl",
               set_tls<&D::replication>),
        option(kGroup, "schema_ssl", "the same for schema_host", "the binlog's",
               set_tls<&D::schema>),
        ours(option(kGroup, "ssl_ca", "PEM file of the authority", "those that this host trusts",
                    set_tls_file<&sql::Tls::ca>)),
        ours(option(kGroup, "ssl_cert", "PEM file of a certificate to show, for REQUIRE X509", "",
                    set_tls_file<&sql::Tls::cert>)),
        ours(option(kGroup, "ssl_key", "PEM file of its key", "", set_tls_file<&sql::Tls::key>)),
        option(kGroup, "schema_database",
               "Maxwell's own database: it is not streamed, and rows in its table bootstrap are "
               "requests",
               "maxwell", set_schema_database),
        option(kGroup, "replica_server_id",
               "id towards the server; a second reader or replica with the same id ends the first",
               "a new one for each connection", set_server_id),
    };
}

std::vector<Option> position_options() {
    return {
        option("Position", "init_position",
               "start at FILE:POSITION of the server's binlog, without a checkpoint; a third part, "
               "Maxwell's heartbeat, is not needed",
               "the binlog's end", set_init_position),
        ours(option("Position", "init_gtid",
                    "start behind this GTID position (MySQL: GTID set), without a checkpoint",
                    "the binlog's end", set_init_gtid)),
        toggle("Position", "recapture_schema",
               "once: take the server's table definitions of now for those of the stream's place; "
               "right when nobody altered a table since",
               false, set_switch<&StreamConfig::recapture_schema>),
        toggle("Position", "ignore_missing_schema",
               "leave out rows whose columns cannot be known, instead of stopping", false,
               set_switch<&StreamConfig::ignore_missing_schema>),
        toggle("Position", "replay", "read and write rows, but keep no checkpoint", false,
               set_replay),
        ours(option("Position", "transaction_bytes_max",
                    "a larger transaction waits for its end in a temporary file", "67108864",
                    set_transaction_bytes)),
        option("Producer", "producer", "where rows go: stdout, file", "stdout", set_producer),
        option("Producer", "output_file", "file for producer=file; it holds each row once", "",
               set_output_file),
        ours(
            option("Producer", "dead_letter_file",
                   "rows that cannot be written go there as database, table, type, reason and key, "
                   "and the stream goes on",
                   "the stream stops at such a row", set_dead_letter_file)),
        ours(option("Producer", "max_row_bytes",
                    "a row whose line is longer cannot be written; 0: no limit", "0",
                    set_max_row_bytes)),
        option("Filtering", "filter",
               "which tables and rows: include, exclude, blacklist of DATABASE.TABLE or "
               "DATABASE.TABLE.COLUMN=VALUE, with commas; the last rule that matches wins",
               "all but the server's own databases", set_filter),
        ours(option("Filtering", "include_databases",
                    "only these, with commas between them; short for a filter", "",
                    set_include_databases)),
    };
}

std::vector<Option> output_options() {
    constexpr const char* kGroup = "Output";
    using O = OutputConfig;
    return {
        toggle(kGroup, "output_binlog_position", "position: FILE:POSITION of the row's event",
               false, set_output<&O::binlog_position>),
        toggle(kGroup, "output_gtid_position", "gtid of the transaction", false,
               set_output<&O::gtid_position>),
        toggle(kGroup, "output_commit_info", "xid and commit in each row", true,
               set_output<&O::commit_info>),
        toggle(kGroup, "output_xoffset", "xoffset: the row's place in its transaction", true,
               set_output<&O::xoffset>),
        toggle(kGroup, "output_nulls", "columns that are NULL", true, set_output<&O::nulls>),
        toggle(kGroup, "output_server_id", "server_id where the row was written", false,
               set_output<&O::server_id>),
        toggle(kGroup, "output_thread_id",
               "thread_id of the client that wrote it, where the server says so", false,
               set_output<&O::thread_id>),
        toggle(kGroup, "output_schema_id", "schema_id: number of the table definitions in force",
               false, set_output<&O::schema_id>),
        toggle(kGroup, "output_row_query", "query: the statement that made the row", false,
               set_output<&O::row_query>),
        option(kGroup, "row_query_max_length", "longest query in characters; 0: all of it", "0",
               set_row_query_max_length),
        toggle(kGroup, "output_primary_keys", "primary_key: its values", false,
               set_output<&O::primary_keys>),
        toggle(kGroup, "output_primary_key_columns", "primary_key_columns: its names", false,
               set_output<&O::primary_key_columns>),
        toggle(kGroup, "output_ddl", "records of CREATE, ALTER and DROP, between the rows", false,
               set_output<&O::ddl>),
        toggle(kGroup, "output_null_zerodates", "0000-00-00 as null", false,
               set_output<&O::null_zerodates>),
        toggle(kGroup, "output_push_timestamp", "push_ts: when the row was rendered", false,
               set_output<&O::push_timestamp>),
        ours(toggle(kGroup, "output_row_id",
                    "row_id: GTID:NUMBER, the same for a row that is written again after a restart",
                    false, set_output<&O::row_id>)),
        option(kGroup, "output_naming_strategy",
               "underscore_to_camelcase: userId for user_id, in the envelope too", "none",
               set_naming_strategy),
        ours(toggle(kGroup, "maxwell_quirks", "Maxwell's bytes also where they are wrong", false,
                    set_output<&O::maxwell_quirks>)),
    };
}

std::vector<Option> bootstrap_options() {
    constexpr const char* kGroup = "Bootstrapping";
    return {
        option(
            kGroup, "bootstrapper",
            "async and sync, which are the same: take requests for bootstraps; none: ignore them",
            "async", set_bootstrapper),
        ours(option(kGroup, "bootstrap_chunk_rows", "rows that a bootstrap reads at once", "5000",
                    set_chunk_rows)),
        ours(option(kGroup, "bootstrap_rows_per_second",
                    "a bootstrap reads no faster; 0: as fast as it goes", "0", set_bootstrap_rate)),
    };
}

std::vector<Option> privacy_options() {
    constexpr const char* kGroup = "Privacy";
    return {
        option(kGroup, "exclude_columns",
               "columns that are left out of data and old, with commas: names, or /regular "
               "expressions/ for the whole name",
               "", set_exclude_columns),
        ours(option(kGroup, "mask_columns",
                    "DATABASE.TABLE.COLUMN=hash, =redact or =null, with commas; parts as in "
                    "filter. Everywhere: data, old, primary_key, keys",
                    "", set_mask_columns)),
        ours(
            secret(kGroup, "mask_secret", "key of hashed columns (HMAC-SHA-256)", set_mask_secret)),
        option(kGroup, "encrypt", "none, data (data and old), all (the whole line): AES-CBC",
               "none", set_encrypt),
        secret(kGroup, "secret_key", "its key: 16, 24 or 32 bytes", set_secret_key),
    };
}

std::vector<Option> key_options() {
    constexpr const char* kGroup = "Keys";
    return {
        option(kGroup, "kafka_key_format", "hash or array; stdout and file have no keys", "hash",
               set_key_format),
        option(kGroup, "producer_partition_by",
               "database, table, primary_key, transaction_id, thread_id, column, random; stdout "
               "and file have no partitions",
               "database", set_partition_by),
        option(kGroup, "producer_partition_columns", "columns for column, with commas", "",
               set_partition_columns),
        option(kGroup, "producer_partition_by_fallback",
               "database, table, primary_key or transaction_id, for rows without these columns",
               "database", set_partition_fallback),
        option(kGroup, "kafka_partition_hash", "default (Java's hash of a string) or murmur3",
               "default", set_partition_hash),
    };
}

}  // namespace

std::vector<Option> supported_options() {
    std::vector<Option> all;
    for (auto* part : {connection_options, position_options, output_options, privacy_options,
                       bootstrap_options, key_options}) {
        for (Option& option : part()) all.push_back(std::move(option));
    }
    return all;
}

}  // namespace evenkeel::cdc
