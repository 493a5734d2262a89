#include "io/pipe_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/ready.h"
#include "io/system_error.h"

namespace evenkeel::io {
namespace {

// O_NONBLOCK belongs to what was opened, which other processes may share: opened once more.
Fd open_again(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) return Fd();
    const std::string path = fmt::format("/proc/self/fd/{}", fd);
    return Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace

PipeWriter::PipeWriter(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), own_(open_again(fd)) {}

Result<std::size_t> PipeWriter::write_some(std::string_view bytes, Deadline deadline) {
    const int fd = own_.valid() ? own_.get() : fd_;
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t written = ::write(fd, bytes.data() + done, bytes.size() - done);
        if (written >= 0) {
            done += static_cast<std::size_t>(written);
        } else if (errno == EAGAIN) {
            if (done > 0 || !ready(fd, POLLOUT, deadline)) break;
        } else if (errno != EINTR) {
            return system_error("write", name_);
        }
    }
    return done;
}

}  // namespace evenkeel::io
