// What strangers may send to a node's HTTP port: it is answered or dropped, within bounds, and
// others are served meanwhile.
#include <sys/socket.h>

#include "base/text.h"
#include "io/byte_socket.h"
#include "io/file.h"
#include "lab/loopback.h"
#include "tests/integration/http_fixture.h"

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Millis kLimit{15'000};

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

// Everything that comes until the server closes; nothing: it did not in time.
std::optional<std::string> rest_of(int fd, Millis limit) {
    std::string all;
    char buffer[4096];
    const Deadline deadline = io::within(limit);
    for (;;) {
        const auto got = io::receive(fd, buffer, sizeof buffer, deadline);
        if (!got) {
            if (got.error().code == Errc::timed_out) return {};
            return all;
        }
        all.append(buffer, *got);
    }
}

class HostileHttp : public HttpTest {
protected:
    void SetUp() override { start(); }

    // What comes back until the server ends the connection.
    std::string sent(const std::string& bytes) const {
        const io::Fd fd = lab::connect_to_loopback(port());
        // The server may close before it has everything.
        (void)io::send_all(fd.get(), bytes, io::within(kLimit));
        const auto answer = rest_of(fd.get(), kLimit);
        EXPECT_TRUE(answer) << "not closed: " << bytes.substr(0, 60);
        return answer.value_or("");
    }
    // As sent(), of a client that says it wants to close.
    std::string asked(const std::string& line, const std::string& more = "",
                      const std::string& body = "") const {
        return sent(line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more + "\r\n" +
                    body);
    }
    bool serves() const { return send({.url = url("/api/lb-check")}).status == 200; }
};

TEST_F(HostileHttp, PipelinedRequestsAreAllAnswered) {
    const std::string one = "GET /api/lb-check HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::string many;
    for (int i = 0; i < 20; ++i) many += one;
    const std::string answers = sent(many);
    EXPECT_EQ(count_of(answers, "HTTP/1.1 200"), 20u);
    EXPECT_EQ(count_of(answers, R"("OK")"), 20u);
}

TEST_F(HostileHttp, AnotherKindOfTrafficIsDropped) {
    EXPECT_THAT(sent("garbage\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_EQ(count_of(sent("\n\n\n\n\n\n\n\n"), "HTTP/1.1"), 1u);
    // The start of a TLS handshake.
    sent(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(600, '\n'));
    sent(std::string(2000, '\0') + "\r\n\r\n");
    sent("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    EXPECT_TRUE(serves());
}

TEST_F(HostileHttp, MethodsThatNobodyServesAreRefused) {
    EXPECT_THAT(asked("BREW /api/health"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(asked("TRACE /api/health"), StartsWith("HTTP/1.1 4"));
    EXPECT_THAT(asked("CONNECT db1:3306"), StartsWith("HTTP/1.1 4"));
    const std::string answer = asked("DELETE /api/health");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405"));
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD"));
    EXPECT_THAT(asked("GET /api/v1/leader/transfer"), HasSubstr("Allow: POST"));
    EXPECT_THAT(asked("HEAD /api/reelect"), StartsWith("HTTP/1.1 405"));
    EXPECT_TRUE(group_.transfers().empty());
}

TEST_F(HostileHttp, SizesAreBounded) {
    // A first line, a header line, headers without end: cut or refused long before 8 MB.
    sent("GET /" + std::string(8u << 20, 'a'));
    EXPECT_THAT(sent("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                StartsWith("HTTP/1.1 4"));
    sent("GET / HTTP/1.1\r\nX: " + std::string(8u << 20, 'a'));
    std::string headers = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 50'000; ++i) headers += "X-" + std::to_string(i) + ": 1\r\n";
    EXPECT_EQ(count_of(sent(headers + "\r\n"), "HTTP/1.1 200"), 0u);
    EXPECT_THAT(asked("POST /api/v1/leader/transfer", "Content-Length: 100000\r\n",
                      std::string(100'000, ' ')),
                StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(asked("POST /api/v1/leader/transfer", "Content-Length: 99999999999999999999\r\n"),
                StartsWith("HTTP/1.1 4"));
    EXPECT_TRUE(serves());
}

TEST_F(HostileHttp, NoRequestHidesInAnother) {
    const std::string hidden =
        "POST /api/v1/leader/transfer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    const std::string length = "Content-Length: " + std::to_string(hidden.size()) + "\r\n";
    const std::string answer =
        sent("GET /api/lb-check HTTP/1.1\r\nHost: localhost\r\n" + length + "\r\n" + hidden);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400"));
    EXPECT_EQ(count_of(answer, "HTTP/1.1"), 1u);
    sent("POST /api/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n" + length +
         "\r\n" + hidden);
    sent("POST /api/nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" +
         length + "\r\n0\r\n\r\n" + hidden);
    sent("POST /api/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n" + hidden);
    EXPECT_TRUE(group_.transfers().empty());
}

TEST_F(HostileHttp, BodiesInDisguiseAreRefused) {
    EXPECT_THAT(asked("POST /api/v1/leader/transfer", "Transfer-Encoding: chunked\r\n",
                      "2\r\n{}\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 411"));
    EXPECT_THAT(asked("POST /api/v1/leader/transfer",
                      "Content-Encoding: gzip\r\nContent-Length: 2\r\n", "{}"),
                StartsWith("HTTP/1.1 415"));
    EXPECT_TRUE(group_.transfers().empty());
}

TEST_F(HostileHttp, APostWithoutALengthHasNoBody) {
    const std::string answer = asked("POST /api/v1/leader/transfer");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(group_.transfers(), std::vector<std::string>{"node2"});
}

TEST_F(HostileHttp, WhoSaysNothingOrStopsHalfwayIsDropped) {
    std::vector<io::Fd> open;
    for (const char* start : {"", "G", "GET /api/health HTTP/1.1\r\nHost: x\r\n",
                              "POST /api/v1/leader/transfer HTTP/1.1\r\nHost: x\r\n"
                              "Content-Length: 10\r\n\r\n{"}) {
        open.push_back(lab::connect_to_loopback(port()));
        ASSERT_TRUE(io::send_all(open.back().get(), start, io::within(kLimit)));
    }
    for (const io::Fd& fd : open) EXPECT_TRUE(rest_of(fd.get(), kLimit));
    EXPECT_TRUE(group_.transfers().empty());
}

// Each of them sends a byte now and then, so that no single wait is long.
TEST_F(HostileHttp, ManySlowClientsKeepNobodyOut) {
    std::vector<io::Fd> slow;
    for (int i = 0; i < 200; ++i) {
        slow.push_back(lab::connect_to_loopback(port()));
        (void)io::send_all(slow.back().get(),
                           "GET /api/lb-check HTTP/1.1\r\nX: ", io::within(kLimit));
    }
    const Instant start = io::now();
    int answered = 0;
    for (int round = 0; round < 10; ++round) {
        for (const io::Fd& fd : slow) {
            (void)io::send_all(fd.get(), "a", io::within(Millis(10)));
        }
        answered += serves() ? 1 : 0;
    }
    EXPECT_EQ(answered, 10);
    // Without giving way, 200 clients with 4 s each on 24 threads would take half a minute.
    EXPECT_LT(io::now() - start, kLimit);
}

}  // namespace
}  // namespace evenkeel::test
