// Options of Maxwell that do nothing here, and those that cannot be had.
#include <initializer_list>

#include "cdc/options/options_draft.h"

namespace evenkeel::cdc {
namespace {

struct Names {
    const char* group;
    std::initializer_list<const char*> names;
    const char* why;
    bool is_switch = false;
};

std::vector<Option> options_of(OptionStatus status, std::initializer_list<Names> rows) {
    std::vector<Option> all;
    for (const Names& row : rows) {
        for (const char* name : row.names) {
            all.push_back({.group = row.group,
                           .name = name,
                           .help = row.why,
                           .status = status,
                           .is_switch = row.is_switch});
        }
    }
    return all;
}

constexpr const char* kLater = "Producers of later releases";

}  // namespace

std::vector<Option> ignored_options() {
    return options_of(
        OptionStatus::ignored,
        {
            {"General",
             {"daemon"},
             "it stays in the foreground; let systemd run it, or the shell with &",
             true},
            {"Connection",
             {"jdbc_options", "replication_jdbc_options", "schema_jdbc_options"},
             "there is no JDBC; time zones and encodings are always those of the binlog"},
            {"Connection",
             {"replication_reconnection_retries"},
             "a lost connection is tried again for ever, with pauses of 2 s at most"},
            {"Connection",
             {"binlog_heartbeat"},
             "heartbeats of the server are always asked for",
             true},
            {"Connection", {"binlog_event_queue_size"}, "there is no queue of events"},
            {"Connection",
             {"buffer_memory_usage"},
             "there is no heap; transaction_bytes_max bounds a transaction in memory"},
            {"Connection",
             {"max_schemas"},
             "one version of the definitions is kept, that of the checkpoint"},
            {"Position", {"gtid_mode"}, "GTIDs are used whenever the server has them", true},
            {"Position",
             {"master_recovery"},
             "the position on another server is found by GTID",
             true},
            {"Producer",
             {"ignore_producer_error"},
             "a row that was not written is never passed over; dead_letter_file takes those that "
             "cannot be",
             true},
            {"Producer", {"producer_ack_timeout"}, "stdout and file acknowledge at once"},
            {"High availability", {"jgroups_config"}, "raft.xml is not needed"},
            {"HTTP",
             {"http_diagnostic", "http_diagnostic_timeout"},
             "/healthcheck says the state of the stream"},
            {"Metrics",
             {"metrics_slf4j_interval", "metrics_age_slo", "metrics_datadog_type",
              "metrics_datadog_tags", "metrics_datadog_interval", "metrics_datadog_apikey",
              "metrics_datadog_site", "metrics_datadog_host", "metrics_datadog_port"},
             "metrics are fetched, at /metrics (JSON) and /prometheus"},
            {"Metrics", {"metrics_jvm"}, "there is no JVM", true},
            {kLater,
             {"kafka.*", "kafka_topic", "ddl_kafka_topic", "kafka_version"},
             "it is of producer kafka, which comes in a later release"},
            {kLater,
             {"kinesis_stream",
              "kinesis_md5_keys",
              "sqs_queue_uri",
              "sqs_service_endpoint",
              "sqs_signing_region",
              "sns_topic",
              "sns_attrs",
              "sns_service_endpoint",
              "sns_signing_region",
              "pubsub_project_id",
              "pubsub_topic",
              "ddl_pubsub_topic",
              "pubsub_request_bytes_threshold",
              "pubsub_message_count_batch_size",
              "pubsub_message_ordering_key",
              "pubsub_publish_delay_threshold",
              "pubsub_retry_delay",
              "pubsub_retry_delay_multiplier",
              "pubsub_max_retry_delay",
              "pubsub_initial_rpc_timeout",
              "pubsub_rpc_timeout_multiplier",
              "pubsub_max_rpc_timeout",
              "pubsub_total_timeout",
              "pubsub_emulator",
              "bigquery_project_id",
              "bigquery_dataset",
              "bigquery_table"},
             "it is of a cloud's producer, which is not planned"},
            {kLater,
             {"nats_url",
              "nats_subject",
              "rabbitmq_user",
              "rabbitmq_pass",
              "rabbitmq_host",
              "rabbitmq_port",
              "rabbitmq_uri",
              "rabbitmq_handshake_timeout",
              "rabbitmq_virtual_host",
              "rabbitmq_exchange",
              "rabbitmq_exchange_type",
              "rabbitmq_exchange_durable",
              "rabbitmq_exchange_autodelete",
              "rabbitmq_routing_key_template",
              "rabbitmq_message_persistent",
              "rabbitmq_declare_exchange",
              "rabbitmq_use_ssl",
              "redis_host",
              "redis_port",
              "redis_auth",
              "redis_database",
              "redis_type",
              "redis_key",
              "redis_stream_json_key",
              "redis_sentinels",
              "redis_sentinel_master_name"},
             "it is of a producer that comes in a later release"},
        });
}

std::vector<Option> refused_options() {
    return options_of(
        OptionStatus::refused,
        {
            {"Producer",
             {"custom_producer.*"},
             "a Java class cannot be loaded; read the lines of producer stdout or file"},
            {"Producer",
             {"dead_letter_topic"},
             "it comes with producer kafka; with stdout and file use dead_letter_file"},
            {"Filtering",
             {"javascript"},
             "there is no script engine; filter, exclude_columns and mask_columns drop and change "
             "rows"},
            {"Filtering",
             {"include_dbs", "exclude_dbs", "include_tables", "exclude_tables", "blacklist_dbs",
              "blacklist_tables", "include_column_values"},
             "Maxwell gave it up for filter; write include: and exclude: there"},
            {"HTTP", {"custom_health.factory"}, "a Java class cannot be loaded; use /healthcheck"},
        });
}

}  // namespace evenkeel::cdc
