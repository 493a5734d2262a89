#include "app/bootstrap_command.h"

#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/api_client.h"
#include "app/exit_status.h"
#include "app/table.h"
#include "base/text.h"
#include "cdc/bootstrap/request_table.h"
#include "cdc/options/properties.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "sql/connection.h"

namespace evenkeel::app {
namespace {

constexpr Millis kLimit{10'000};
constexpr Millis kCountLimit{600'000};
constexpr Millis kLookAgain{500};
constexpr Millis kLineEvery{5000};  // Where lines cannot be overwritten.

using Values = std::map<std::string, std::string>;

Error wrong(std::string what) {
    return {Errc::invalid, std::move(what)};
}

std::string value_of(const Values& values, const std::string& name, const std::string& otherwise) {
    const auto found = values.find(name);
    return found == values.end() ? otherwise : found->second;
}

// What the file says, under what the command line says.
Result<Values> merged(const BootstrapArgs& args, const std::string& properties) {
    Values values;
    EK_TRY(const auto lines, cdc::parse_properties(properties));
    for (const cdc::Property& line : lines) {
        for (const char* name :
             {"host", "port", "user", "password", "client_id", "schema_database"}) {
            if (line.key == name) values[name] = line.value;
        }
    }
    for (const auto& [name, value] : args.values) values[name] = value;
    return values;
}

bool chooses_api(const BootstrapArgs& args, const Values& values, const std::string& api) {
    if (args.values.contains("api")) return true;
    return !api.empty() && !values.contains("host");
}

// Where requests go and how far they are, by either way.
class Desk {
public:
    virtual ~Desk() = default;
    // The ids of what was asked for.
    virtual Result<std::vector<std::string>> ask(const BootstrapPlan& plan) = 0;
    virtual Result<std::vector<cdc::BootstrapJob>> jobs(const BootstrapPlan& plan) = 0;
    virtual Result<> give_up(const BootstrapPlan& plan) = 0;
};

class ApiDesk : public Desk {
public:
    explicit ApiDesk(const std::string& endpoints) : api_(endpoints) {}

    Result<std::vector<std::string>> ask(const BootstrapPlan& plan) override {
        nlohmann::ordered_json body{{"database", plan.request.database},
                                    {"table", plan.request.table}};
        if (!plan.request.where.empty()) body["where"] = plan.request.where;
        if (!plan.request.comment.empty()) body["comment"] = plan.request.comment;
        EK_TRY(const std::string answer, api_.send("POST", path(plan), body.dump(), kLimit));
        const auto json = nlohmann::json::parse(answer, nullptr, false);
        return std::vector<std::string>{json.value("id", "")};
    }
    Result<std::vector<cdc::BootstrapJob>> jobs(const BootstrapPlan& plan) override {
        EK_TRY(const std::string answer, api_.get(path(plan)));
        return cdc::jobs_from_json(answer);
    }
    Result<> give_up(const BootstrapPlan& plan) override {
        EK_TRY(const std::string answer,
               api_.send("DELETE", path(plan) + "/" + plan.abort, "", kLimit));
        (void)answer;
        return {};
    }

private:
    static std::string path(const BootstrapPlan& plan) {
        return "/api/v1/streams/" + plan.client_id + "/bootstraps";
    }
    ApiClient api_;
};

class TableDesk : public Desk {
public:
    explicit TableDesk(sql::Connection connection) : connection_(std::move(connection)) {}

    Result<std::vector<std::string>> ask(const BootstrapPlan& plan) override;
    Result<std::vector<cdc::BootstrapJob>> jobs(const BootstrapPlan& plan) override {
        return cdc::table_jobs(connection_, plan.schema_database, plan.client_id,
                               io::within(kLimit));
    }
    Result<> give_up(const BootstrapPlan& plan) override {
        return cdc::remove_request(connection_, plan.schema_database, plan.abort,
                                   io::within(kLimit));
    }

private:
    Result<std::vector<std::string>> tables(const BootstrapPlan& plan);
    sql::Connection connection_;
};

Result<std::vector<std::string>> TableDesk::tables(const BootstrapPlan& plan) {
    std::vector<std::string> found;
    for (const std::string& name : cdc::table_names(plan.request.table)) {
        EK_TRY(const sql::Table rows,
               connection_.query(cdc::find_tables_query(plan.request.database, name),
                                 io::within(kLimit)));
        if (rows.rows.empty()) {
            return Error{Errc::not_found,
                         fmt::format("there is no table {}.{}, or {} may not see "
                                     "it",
                                     plan.request.database, name, plan.credentials.user)};
        }
        for (std::size_t i = 0; i < rows.rows.size(); ++i) found.push_back(rows.text(i, "name"));
    }
    return found;
}

Result<std::vector<std::string>> TableDesk::ask(const BootstrapPlan& plan) {
    const auto created =
        cdc::create_request_table(connection_, plan.schema_database, io::within(kLimit));
    if (!created) {
        return Error{created.error().code,
                     fmt::format("{}. The request is a row in {}.bootstrap on a server that takes "
                                 "writes; the account needs CREATE, SELECT, INSERT, UPDATE and "
                                 "DELETE on that database. For a stream of evenkeel's nodes use "
                                 "--api instead",
                                 created.error().what, plan.schema_database)};
    }
    EK_TRY(const std::vector<std::string> names, tables(plan));
    std::vector<std::string> ids;
    for (const std::string& name : names) {
        cdc::BootstrapRequest request = plan.request;
        request.table = name;
        const std::string where = request.where.empty() ? "" : " WHERE (" + request.where + "\n)";
        EK_TRY(const sql::Table row,
               connection_.query(
                   fmt::format("SELECT COUNT(*) AS n FROM {}.{}{}",
                               sql::quote_name(request.database), sql::quote_name(name), where),
                   io::within(kCountLimit)));
        EK_TRY(const std::uint64_t id,
               cdc::insert_request(connection_, plan.schema_database, plan.client_id, request,
                                   parse_number(row.text(0, "n")).value_or(0), io::within(kLimit)));
        ids.push_back(fmt::format("row-{}", id));
    }
    return ids;
}

Result<std::unique_ptr<Desk>> open_desk(const BootstrapPlan& plan) {
    if (plan.by_api) return std::unique_ptr<Desk>(std::make_unique<ApiDesk>(plan.api));
    EK_TRY(sql::Connection connection,
           sql::Connection::open(plan.server, plan.credentials, io::within(kLimit)));
    return std::unique_ptr<Desk>(std::make_unique<TableDesk>(std::move(connection)));
}

void print_jobs(const std::vector<cdc::BootstrapJob>& jobs) {
    std::vector<std::vector<Cell>> rows;
    for (const cdc::BootstrapJob& job : jobs) {
        const bool bad = job.state == cdc::JobState::failed || job.state == cdc::JobState::aborted;
        rows.push_back({{job.request.id, {}},
                        {job.request.database + "." + job.request.table, {}},
                        {to_string(job.state), bad ? kBad : kGood},
                        {std::to_string(job.inserted_rows + job.dropped_rows), {}},
                        {std::to_string(job.total_rows), {}},
                        {job.error.empty() ? "-" : job.error, {}}});
    }
    print_table({"ID", "TABLE", "STATE", "ROWS", "OF ABOUT", "ERROR"}, rows);
}

// Shows the jobs with these ids until all have ended.
class Monitor {
public:
    Monitor(Desk& desk, const BootstrapPlan& plan) : desk_(desk), plan_(plan) {}

    Result<bool> run(const std::vector<std::string>& ids) {
        bool good = true;
        for (const std::string& id : ids) {
            EK_TRY(const bool complete, follow(id));
            good = good && complete;
        }
        return good;
    }

private:
    Result<bool> follow(const std::string& id) {
        io::StopToken pause;
        Instant said{};
        for (;;) {
            EK_TRY(const auto jobs, desk_.jobs(plan_));
            const auto job = std::find_if(jobs.begin(), jobs.end(),
                                          [&](const auto& each) { return each.request.id == id; });
            if (job == jobs.end()) return Error{Errc::not_found, id + " is gone: it was aborted"};
            if (terminal_ || job->ended() || io::now() - said > kLineEvery) {
                show(*job);
                said = io::now();
            }
            if (job->ended()) return job->state == cdc::JobState::complete;
            pause.wait_for(kLookAgain);
        }
    }
    void show(const cdc::BootstrapJob& job) const {
        const std::string line = progress_line(job, io::wall_ms(), terminal_);
        fmt::print("{}{}{}", terminal_ ? "\r\x1b[K" : "", line,
                   !terminal_ || job.ended() ? "\n" : "");
        std::fflush(stdout);
    }

    Desk& desk_;
    const BootstrapPlan& plan_;
    const bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
};

Result<int> carry_out(const BootstrapArgs& args, const BootstrapPlan& plan) {
    EK_TRY(const std::unique_ptr<Desk> desk, open_desk(plan));
    if (args.list) {
        EK_TRY(const auto jobs, desk->jobs(plan));
        print_jobs(jobs);
        return kOk;
    }
    if (!plan.abort.empty()) {
        EK_TRY_VOID(desk->give_up(plan));
        return kOk;
    }
    EK_TRY(const auto ids, desk->ask(plan));
    if (!args.monitor) {
        fmt::print("{}\n", join(ids, "\n"));
        return kOk;
    }
    EK_TRY(const bool good, Monitor(*desk, plan).run(ids));
    return good ? kOk : kFailed;
}

Result<int> start(const BootstrapArgs& args) {
    std::string properties;
    if (const auto config = args.values.find("config"); config != args.values.end()) {
        EK_TRY(properties, io::read_file(config->second));
    }
    const char* api = ::getenv("EVENKEEL_API");
    EK_TRY(const BootstrapPlan plan, plan_bootstrap(args, properties, api == nullptr ? "" : api));
    return carry_out(args, plan);
}

}  // namespace

Result<BootstrapPlan> plan_bootstrap(const BootstrapArgs& args, const std::string& properties,
                                     const std::string& api) {
    EK_TRY(const Values values, merged(args, properties));
    BootstrapPlan plan;
    plan.request = {.database = value_of(values, "database", ""),
                    .table = value_of(values, "table", ""),
                    .where = value_of(values, "where", ""),
                    .comment = value_of(values, "comment", "")};
    plan.client_id = value_of(values, "client_id", plan.client_id);
    plan.schema_database = value_of(values, "schema_database", plan.schema_database);
    plan.abort = value_of(values, "abort", "");
    plan.server.host = value_of(values, "host", plan.server.host);
    plan.credentials = {.user = value_of(values, "user", ""),
                        .password = value_of(values, "password", "")};
    const auto port = parse_number(value_of(values, "port", "3306"));
    if (!port || *port == 0 || *port > 65535) return wrong("option port: say a number up to 65535");
    plan.server.port = static_cast<std::uint16_t>(*port);
    plan.by_api = chooses_api(args, values, api);
    plan.api = value_of(values, "api", "");
    if (args.list || !plan.abort.empty()) return plan;
    if (plan.request.database.empty()) return wrong("say --database and --table");
    if (cdc::table_names(plan.request.table).empty()) {
        return wrong("say --table: a name, several with commas, or a pattern with %");
    }
    return plan;
}

std::string progress_line(const cdc::BootstrapJob& job, std::int64_t now_ms, bool bar) {
    constexpr std::uint64_t kWidth = 30;
    const std::uint64_t done = job.inserted_rows + job.dropped_rows;
    const std::string name = job.request.database + "." + job.request.table;
    if (job.ended()) {
        return fmt::format("{} {}, {} rows{}", name, to_string(job.state), done,
                           job.error.empty() ? "" : ": " + job.error);
    }
    if (job.started_ms == 0) return name + " waits for the stream";
    const std::int64_t past = std::max<std::int64_t>(1, now_ms - job.started_ms);
    const std::uint64_t rate = done * 1000 / static_cast<std::uint64_t>(past);
    // The total is an estimate, or rows came since.
    const std::uint64_t total = std::max(job.total_rows, done);
    const std::uint64_t percent = total == 0 ? 0 : done * 100 / total;
    std::string line = name + " ";
    if (bar) {
        const auto filled = static_cast<std::size_t>(kWidth * percent / 100);
        line += "[" + std::string(filled, '=') + std::string(kWidth - filled, ' ') + "] ";
    }
    line += fmt::format("{} %, {} of {} rows, {} rows/s", percent, done, total, rate);
    if (rate > 0) line += ", " + human_duration((total - done) * 1000 / rate) + " left";
    return line;
}

int run_bootstrap(const BootstrapArgs& args) {
    const auto status = start(args);
    if (status) return *status;
    fmt::print(stderr, "evenkeel cdc bootstrap: {}\n", status.error().what);
    return status.error().code == Errc::invalid ? kUsage : kFailed;
}

}  // namespace evenkeel::app
