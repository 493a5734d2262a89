#include "cdc/sinks/stdout_sink.h"

#include <unistd.h>

namespace evenkeel::cdc {

StdoutSink::StdoutSink() : out_(io::PlainFile::borrowed(STDOUT_FILENO, "stdout")) {}

Result<> StdoutSink::open(const std::optional<SinkState>&, const MayAct&) {
    return {};
}

Result<> StdoutSink::write(std::string_view lines) {
    return out_.append(lines);
}

Result<SinkState> StdoutSink::sync() {
    return SinkState{.kind = "stdout"};
}

}  // namespace evenkeel::cdc
