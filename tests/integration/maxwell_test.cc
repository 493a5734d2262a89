// Who runs Maxwell swaps the program and keeps the configuration and the consumers: its own
// config.properties, and the lines of its quickstart, byte for byte.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>

#include "io/fd.h"
#include "tests/integration/maxwell_fixture.h"

namespace evenkeel::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Maxwell : public MaxwellTest {};

INSTANTIATE_TEST_SUITE_P(Releases, Maxwell, testing::ValuesIn(server_releases()), release_name);

// As Maxwell ships it, with the commented parts that nobody deletes.
constexpr const char* kConfig =
    "# tl;dr config\n"
    "log_level=info\n"
    "\n"
    "producer=stdout\n"
    "kafka.bootstrap.servers=localhost:9092\n"
    "\n"
    "#     *** general ***\n"
    "# choose where to produce data to. stdout|file|kafka|kinesis|pubsub|sqs|rabbitmq|redis\n"
    "#producer=kafka\n"
    "\n"
    "# set the log level.  note that you can configure things further in log4j2.xml\n"
    "#log_level=DEBUG # [DEBUG, INFO, WARN, ERROR]\n"
    "\n"
    "# if set, maxwell will look up the scoped environment variables, strip off the prefix\n"
    "#env_config_prefix=MAXWELL_\n"
    "\n"
    "#     *** mysql ***\n"
    "# extra jdbc connection options\n"
    "jdbc_options=autoReconnect=true&connectTimeout=5000\n"
    "client_id = maxwell_1\n"
    "replica_server_id: 64\n"
    "schema_database=maxwell\n"
    "gtid_mode=true\n"
    "ssl=DISABLED\n"
    "filter= exclude: *.*, \\\n"
    "        include: test.*\n"
    "\n"
    "! mysql login info\n";

TEST_P(Maxwell, TheQuickstartIsTheSame) {
    query({"CREATE DATABASE test", "CREATE DATABASE other",
           "CREATE TABLE test.maxwell (id INT UNSIGNED NOT NULL, daemon VARCHAR(255), "
           "PRIMARY KEY (id)) DEFAULT CHARSET utf8mb4",
           "CREATE TABLE other.t (id INT)"});
    write_config(kConfig + login());
    start_cdc({"--config", "config.properties"});
    query({"INSERT INTO test.maxwell SET id = 1, daemon = 'Stanislaw Lem'",
           "INSERT INTO other.t VALUES (1)",
           "UPDATE test.maxwell SET daemon = 'firebus!  firebus!' WHERE id = 1",
           "DELETE FROM test.maxwell WHERE id = 1"});
    ASSERT_TRUE(has_lines(3));
    const std::string head = R"({"database":"test","table":"maxwell","type":)";
    EXPECT_THAT(
        lines(),
        ElementsAre(head + R"("insert","ts":1,"xid":2,"commit":true,"data":{"id":1,)" +
                        R"("daemon":"Stanislaw Lem"}})",
                    head + R"("update","ts":1,"xid":2,"commit":true,"data":{"id":1,)" +
                        R"("daemon":"firebus!  firebus!"},"old":{"daemon":"Stanislaw Lem"}})",
                    head + R"("delete","ts":1,"xid":2,"commit":true,"data":{"id":1,)" +
                        R"("daemon":"firebus!  firebus!"}})"));
    EXPECT_THAT(log(), HasSubstr("config.properties:5: kafka.bootstrap.servers has no effect"));
    EXPECT_THAT(log(), HasSubstr("jdbc_options has no effect"));
    process_.signal(SIGTERM);
    const auto ended = process_.wait(io::within(kMaxwellLong));
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->str(), "exited with status 0");
}

// The file in the working folder needs no word; what the command line says goes before it.
TEST_P(Maxwell, TheDefaultFileIsReadAndAllOfTheEnvelopeIsThere) {
    query(
        {"CREATE DATABASE test", "CREATE TABLE test.t (user_id INT PRIMARY KEY, pin VARCHAR(9))"});
    write_config(login() + "producer=file\noutput_file=never\noutput_nulls=false\n");
    start_cdc({"--producer=stdout", "--output_file=", "--output_server_id", "--output_schema_id",
               "--output_primary_keys=true", "--output_primary_key_columns", "true",
               "--output_gtid_position", "--output-row-id", "--exclude_columns=pin"});
    query({"INSERT INTO test.t VALUES (7, 'a'), (8, NULL)"});
    ASSERT_TRUE(has_lines(2));
    const std::string text = output();
    std::smatch found;
    const std::regex form(
        "\"xoffset\":0,\"gtid\":\"([^\"]+)\",\"server_id\":1,\"schema_id\":1,"
        "\"row_id\":\"([^\"]+):0\",\"primary_key\":\\[7\\],\"primary_key_columns\":"
        "\\[\"user_id\"\\],\"data\":\\{\"user_id\":7\\}\\}\n");
    ASSERT_TRUE(std::regex_search(text, found, form)) << text;
    EXPECT_EQ(found[1], found[2]);
    EXPECT_THAT(text, HasSubstr(":1\",\"primary_key\":[8]"));
    EXPECT_FALSE(io::exists(folder() + "/never"));
}

TEST_P(Maxwell, ItStopsThoughNobodyReadsWhatItWrites) {
    query({"CREATE DATABASE test", "CREATE TABLE test.t (id INT PRIMARY KEY, text TEXT)"});
    write_config(login());
    ASSERT_EQ(::mkfifo((folder() + "/pipe").c_str(), 0600), 0);
    // Its reader is the process itself.
    start_cdc({}, "3<>pipe >pipe 2>>log");
    query(
        {"INSERT INTO test.t SELECT seq.i, REPEAT('x', 60000) FROM (SELECT 1 i UNION ALL "
         "SELECT 2 UNION ALL SELECT 3) seq"});
    // The pipe is full and a line is half in it.
    ASSERT_TRUE(eventually(kMaxwellLong, [&] {
        const io::Fd pipe(::open((folder() + "/pipe").c_str(), O_RDONLY | O_NONBLOCK));
        int bytes = 0;
        return ::ioctl(pipe.get(), FIONREAD, &bytes) == 0 && bytes >= 60'000;
    }));
    process_.signal(SIGTERM);
    const auto exit = process_.wait(io::within(kMaxwellLong));
    ASSERT_TRUE(exit) << "it still runs: " << log();
    EXPECT_EQ(exit->code, 0);
    EXPECT_THAT(log(), HasSubstr("its reader takes nothing and the stream has to stop"));
}

TEST_P(Maxwell, RowsThatCannotBeWrittenAreDeadLetters) {
    query({"CREATE DATABASE test", "CREATE TABLE test.t (id INT PRIMARY KEY, text VARCHAR(2000))"});
    write_config(login());
    start_cdc({"--max_row_bytes=500", "--dead_letter_file=dead", "--data_dir=state"});
    query({"INSERT INTO test.t VALUES (1, 'x'), (2, REPEAT('y', 1000)), (3, REPEAT('z', 1000))",
           "INSERT INTO test.t VALUES (4, 'x')"});
    ASSERT_TRUE(has_lines(2));
    EXPECT_THAT(lines(), ElementsAre(HasSubstr(R"("xid":2,"commit":true,"data":{"id":1,)"),
                                     HasSubstr(R"("commit":true,"data":{"id":4,)")));
    const std::string dead = io::read_file(folder() + "/dead").value_or("");
    EXPECT_THAT(split(trim(dead), '\n'),
                ElementsAre(HasSubstr(R"("reason":"write a row of test.t:)"),
                            testing::EndsWith(R"("data":{"id":3}})")));
    EXPECT_THAT(log(), HasSubstr("2 rows could not be written"));
}

}  // namespace
}  // namespace evenkeel::test
