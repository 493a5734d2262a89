#include "cdc/sinks/stdout_sink.h"

#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kSlice{50};           // Until the next look at whether the stream may go on.
constexpr Millis kLinePatience{1000};  // For the rest of a line when it may not.

// Of the line that has begun when `done` bytes are written; nothing behind a whole one.
std::string_view rest_of_line(std::string_view lines, std::size_t done) {
    if (done == 0 || lines[done - 1] == '\n') return {};
    return lines.substr(done, lines.find('\n', done) + 1 - done);
}

}  // namespace

StdoutSink::StdoutSink(int fd) : out_(fd, "stdout") {}

Result<> StdoutSink::open(const std::optional<SinkState>&, const MayAct& may_act) {
    may_act_ = may_act;
    return {};
}

Result<> StdoutSink::write(std::string_view lines) {
    std::size_t done = 0;
    while (true) {
        EK_TRY(const std::size_t more, out_.write_some(lines.substr(done), io::within(kSlice)));
        done += more;
        if (done == lines.size()) return {};
        if (!may_act_()) break;
    }
    std::string_view rest = rest_of_line(lines, done);
    const Deadline patience = io::within(kLinePatience);
    while (!rest.empty() && !patience.passed(io::now())) {
        EK_TRY(const std::size_t more, out_.write_some(rest, io::within(kSlice)));
        rest.remove_prefix(more);
    }
    return Error{Errc::not_leader,
                 rest.empty() ? "write to stdout: its reader is slow, and the stream has to stop"
                              : "write to stdout: its reader takes nothing and the stream has to "
                                "stop: its last line is cut"};
}

Result<SinkState> StdoutSink::sync() {
    return SinkState{.kind = "stdout"};
}

}  // namespace evenkeel::cdc
