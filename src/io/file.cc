#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "io/clock.h"
#include "io/system_error.h"
#include "io/thread.h"

namespace evenkeel::io {
namespace {

constexpr Millis kLockPause{50};

Result<> write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("write", path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace

void Fd::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Result<std::string> read_file(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return system_error("read", path);
    std::string content;
    char chunk[65536];
    while (true) {
        const ssize_t got = ::read(fd.get(), chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read", path);
        if (got == 0) return content;
        content.append(chunk, static_cast<std::size_t>(got));
    }
}

Result<> replace_file(const std::string& path, std::string_view content, unsigned mode) {
    const std::string temporary = path + ".new";
    const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd.valid()) return system_error("write", temporary);
    // One that a crash left behind may be open to more people.
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || ::fchmod(fd.get(), status.st_mode & mode) != 0) {
        return system_error("set mode of", temporary);
    }
    EK_TRY_VOID(write_all(fd.get(), content, temporary));
    if (::fsync(fd.get()) != 0) return system_error("sync", temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return system_error("rename to", path);
    const std::string parent = std::filesystem::path(path).parent_path().string();
    const Fd folder(
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid() || ::fsync(folder.get()) != 0) return system_error("sync folder of", path);
    return {};
}

Result<> make_folders(const std::string& path) {
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (!code) return {};
    errno = code.value();
    return system_error("make folder", path);
}

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

Result<std::vector<std::string>> names_in(const std::string& folder) {
    std::error_code code;
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
        names.push_back(entry.path().filename().string());
    }
    if (code) {
        errno = code.value();
        return system_error("list folder", folder);
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<> remove_all(const std::string& path) {
    std::error_code code;
    std::filesystem::remove_all(path, code);
    if (!code) return {};
    errno = code.value();
    return system_error("remove", path);
}

Result<bool> roll_log(const std::string& path, std::size_t bytes_max) {
    std::error_code code;
    const auto size = std::filesystem::file_size(path, code);
    if (code || size < bytes_max) return false;
    EK_TRY(const std::string content, read_file(path));
    EK_TRY_VOID(replace_file(path + ".1", content));
    if (::truncate(path.c_str(), 0) != 0) return system_error("empty", path);
    return true;
}

Result<std::string> make_temp_folder(std::string_view prefix) {
    const char* base = ::getenv("TMPDIR");
    std::string path = fmt::format("{}/{}XXXXXX", base != nullptr ? base : "/tmp", prefix);
    if (::mkdtemp(path.data()) == nullptr) return system_error("make temporary folder", path);
    return path;
}

Result<Fd> lock_file(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!fd.valid()) return system_error("open", path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return system_error("lock", path);
        const auto holder = read_file(path);
        return Error{Errc::conflict, fmt::format("lock {}: held by process {}: a data folder "
                                                 "serves one process",
                                                 path, holder ? trim(*holder) : "unknown")};
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0) return system_error("truncate", path);
    EK_TRY_VOID(write_all(fd.get(), pid, path));
    return fd;
}

Result<Fd> lock_file(const std::string& path, Deadline deadline) {
    StopToken pause;
    for (;;) {
        auto lock = lock_file(path);
        if (lock || lock.error().code != Errc::conflict || deadline.passed(now())) return lock;
        pause.wait_for(kLockPause);
    }
}

}  // namespace evenkeel::io
