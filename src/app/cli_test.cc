#include "app/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/api_client.h"
#include "app/exit_status.h"

namespace evenkeel::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Args>
Args parsed(const std::vector<std::string>& arguments) {
    const Command command = parse_command_line(arguments);
    if (const auto* message = std::get_if<Message>(&command)) ADD_FAILURE() << message->text;
    return std::get<Args>(command);
}

Message refused(const std::vector<std::string>& arguments) {
    const Command command = parse_command_line(arguments);
    const auto* message = std::get_if<Message>(&command);
    return message == nullptr ? Message{.text = "accepted"} : *message;
}

TEST(CommandLine, Node) {
    const auto args = parsed<NodeArgs>({"node", "--config", "f.toml", "--check-config"});
    EXPECT_EQ(args.config, "f.toml");
    EXPECT_TRUE(args.check_config);
    EXPECT_FALSE(args.connect);
}

TEST(CommandLine, CdcTakesMaxwellsOptions) {
    const auto args = parsed<CdcArgs>({"cdc", "--host=db1", "--port", "3307", "--user=u",
                                       "--password=p", "--producer=file", "--output_file=x",
                                       "--output_nulls=false", "--output_server_id"});
    EXPECT_EQ(args.stream.server.str(), "db1:3307");
    EXPECT_EQ(args.stream.credentials.password, "p");
    EXPECT_EQ(args.stream.producer, cdc::Producer::file);
    EXPECT_FALSE(args.stream.output.nulls);
    EXPECT_TRUE(args.stream.output.server_id);
}

TEST(CommandLine, TheSeedsCommandLineIsTaken) {
    const auto args =
        parsed<CdcArgs>({"cdc", "--log_level=INFO", "--user=u", "--password=p", "--host=db1",
                         "--producer=stdout", "--client_id=orders", "--ha=zookeeper",
                         "--zookeeper_server", "=zk1:2181,zk2:2181,zk3:2181"});
    EXPECT_EQ(args.log_level, "info");
    EXPECT_EQ(args.ha.kind, HaKind::zookeeper);
    EXPECT_EQ(args.ha.group.group, "maxwell/orders");
    EXPECT_EQ(args.ha.group.zookeeper.servers, "zk1:2181,zk2:2181,zk3:2181");
    EXPECT_EQ(parsed<CdcArgs>({"cdc", "--host=db1"}).ha.kind, HaKind::none);
}

TEST(CommandLine, ABareHaIsExplained) {
    for (const std::vector<std::string>& more :
         {std::vector<std::string>{"--ha"}, {"--ha", "--raft_member_id=A"}, {"--ha=true"}}) {
        std::vector<std::string> arguments{"cdc", "--host=db1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Message message = refused(arguments);
        EXPECT_EQ(message.status, kUsage);
        EXPECT_THAT(message.text, HasSubstr("--ha=zookeeper")) << more.front();
    }
    EXPECT_THAT(
        refused({"cdc", "--host=db1", "--ha=etcd", "--etcd_endpoints=e", "--data_dir=d"}).text,
        HasSubstr("--data_dir"));
}

TEST(CommandLine, Leaders) {
    EXPECT_EQ(parsed<LeadersArgs>({"leaders"}).ha.kind, HaKind::raft);
    EXPECT_EQ(parsed<LeadersArgs>({"leaders", "--ha"}).client_id, "");
    const auto args = parsed<LeadersArgs>({"leaders", "--ha=zookeeper", "--zookeeper_server",
                                           "=zk1:2181", "--zookeeper_max_retries=1"});
    EXPECT_EQ(args.client_id, "maxwell");
    EXPECT_EQ(args.ha.group.zookeeper.max_retries, 1);
}

TEST(CommandLine, LeaderVerbs) {
    EXPECT_FALSE(parsed<LeaderArgs>({"leader", "show"}).transfer);
    EXPECT_TRUE(parsed<LeaderArgs>({"leader", "show", "--json"}).json);
    EXPECT_EQ(parsed<LeaderArgs>({"leader", "transfer", "node2"}).to, "node2");
    EXPECT_TRUE(parsed<LeaderArgs>({"leader", "transfer"}).transfer);
    EXPECT_EQ(refused({"leader"}).status, kUsage);
    EXPECT_THAT(refused({"leader", "transfr"}).text, HasSubstr("did you mean transfer?"));
}

TEST(CommandLine, Demo) {
    const auto args = parsed<DemoArgs>({"demo", "--rounds", "5", "--json", "--seconds=2"});
    EXPECT_EQ(args.rounds, 5);
    EXPECT_TRUE(args.json);
    EXPECT_EQ(args.settle, Millis(2000));
}

TEST(CommandLine, TopologyOfOneCluster) {
    EXPECT_EQ(parsed<TopologyArgs>({"topology", "shop"}).cluster, "shop");
    EXPECT_TRUE(parsed<TopologyArgs>({"topology", "--json"}).json);
}

TEST(CommandLine, CertificateVerbs) {
    const auto init = std::get<CertInitArgs>(parsed<CertArgs>(
        {"cert", "init", "--dir", "d", "--group=shop", "--node", "a=1.1.1.1", "--node=b=c,d"}));
    EXPECT_EQ(init.dir, "d");
    EXPECT_EQ(init.group, "shop");
    EXPECT_THAT(init.nodes, ElementsAre("a=1.1.1.1", "b=c,d"));
    EXPECT_FALSE(init.force);
    const auto renew = std::get<CertRenewArgs>(
        parsed<CertArgs>({"cert", "renew", "--dir=d", "--node=a", "--days", "90"}));
    EXPECT_THAT(renew.nodes, ElementsAre("a"));
    EXPECT_EQ(renew.days, 90);
    EXPECT_TRUE(
        std::get<CertRotateArgs>(parsed<CertArgs>({"cert", "rotate-ca", "--dir=d", "--finish"}))
            .finish);
    EXPECT_THAT(
        std::get<CertShowArgs>(parsed<CertArgs>({"cert", "show", "--json", "a", "b"})).files,
        ElementsAre("a", "b"));
}

TEST(CommandLine, AVerbOfAGroupIsNamedWhole) {
    EXPECT_THAT(refused({"cert", "init", "--help"}).text, HasSubstr("evenkeel cert init"));
    EXPECT_EQ(refused({"cert", "init", "--help"}).status, kOk);
    EXPECT_THAT(refused({"cert", "shw"}).text, HasSubstr("did you mean show?"));
    EXPECT_THAT(refused({"cert", "add", "--nod=x"}).text,
                HasSubstr("evenkeel cert add: unknown option \"--nod\"; did you mean --node?"));
    EXPECT_THAT(refused({"cert", "init", "--dir=d"}).text, HasSubstr("--node is required"));
    EXPECT_EQ(refused({"cert"}).status, kUsage);
}

TEST(CommandLine, MembersAreListedByDefault) {
    EXPECT_EQ(parsed<MemberArgs>({"member"}).action, "list");
    EXPECT_TRUE(parsed<MemberArgs>({"member", "list", "--json"}).json);
    const auto args = parsed<MemberArgs>({"member", "replace", "node2"});
    EXPECT_EQ(args.action, "replace");
    EXPECT_EQ(args.target, "node2");
    EXPECT_THAT(refused({"member", "add"}).text, HasSubstr("needs an address"));
    EXPECT_EQ(refused({"member", "destroy"}).status, kUsage);
}

TEST(CommandLine, ABackupAndItsWayBack) {
    const auto backup = parsed<BackupArgs>({"backup", "--config", "n.toml", "-o", "b.jsonl"});
    EXPECT_EQ(backup.config, "n.toml");
    EXPECT_EQ(backup.output, "b.jsonl");
    const auto restore = parsed<RestoreArgs>({"restore", "b.jsonl", "-c", "n.toml", "--force"});
    EXPECT_EQ(restore.file, "b.jsonl");
    EXPECT_TRUE(restore.force);
    EXPECT_EQ(refused({"restore", "-c", "n.toml"}).status, kUsage);
}

TEST(CommandLine, HelpGoesToStdoutWithExamplesAndExitStatus) {
    for (const char* verb : {"node", "cdc", "demo", "topology", "status", "cert", "leader",
                             "leaders", "member", "backup", "restore"}) {
        const Message help = refused({verb, "--help"});
        EXPECT_EQ(help.status, kOk);
        EXPECT_THAT(help.text, HasSubstr("EXIT STATUS")) << verb;
        EXPECT_THAT(help.text, HasSubstr(verb));
    }
    EXPECT_THAT(refused({"--help"}).text, HasSubstr("ENVIRONMENT"));
}

TEST(CommandLine, AMisspeltVerbIsAnsweredWithTheNearest) {
    const Message message = refused({"topologie"});
    EXPECT_EQ(message.status, kUsage);
    EXPECT_THAT(message.text, HasSubstr("did you mean topology?"));
}

TEST(CommandLine, AMisspeltOptionIsAnsweredWithTheNearest) {
    EXPECT_THAT(refused({"demo", "--round=5"}).text, HasSubstr("did you mean --rounds?"));
    EXPECT_THAT(refused({"cdc", "--output_null=false"}).text,
                HasSubstr("did you mean --output_nulls?"));
    EXPECT_THAT(refused({"node", "--confg", "x"}).text, HasSubstr("did you mean --config?"));
}

TEST(CommandLine, RefusesWhatIsMissingOrWrong) {
    EXPECT_EQ(refused({}).status, kUsage);
    EXPECT_EQ(refused({"node"}).status, kUsage);
    EXPECT_EQ(refused({"demo", "--rounds", "many"}).status, kUsage);
    EXPECT_EQ(refused({"status", "extra"}).status, kUsage);
    EXPECT_THAT(refused({"cdc", "--producer=fil"}).text, HasSubstr("producer"));
}

TEST(Endpoints, MayHaveCredentials) {
    EXPECT_EQ(split_endpoint("https://dba:s3%40cret@a:3000", "Basic x"),
              (Endpoint{"https://a:3000", "Basic ZGJhOnMzQGNyZXQ="}));
    EXPECT_EQ(split_endpoint("http://b:3000", "Basic x"), (Endpoint{"http://b:3000", "Basic x"}));
}

TEST(Endpoints, AreAcceptedInEverySpelling) {
    EXPECT_THAT(parse_endpoints("https://a:3000/api http://b:3000/,c:3000\n"),
                ElementsAre("https://a:3000", "http://b:3000", "http://c:3000"));
    EXPECT_TRUE(parse_endpoints(" ").empty());
}

}  // namespace
}  // namespace evenkeel::app
