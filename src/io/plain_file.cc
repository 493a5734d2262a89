#include "io/plain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "io/system_error.h"

namespace evenkeel::io {

Result<PlainFile> PlainFile::open(const std::string& path) {
    PlainFile file;
    file.path_ = path;
    file.fd_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!file.fd_.valid()) return system_error("open", path);
    return file;
}

Result<PlainFile> PlainFile::temporary() {
    const char* base = ::getenv("TMPDIR");
    std::string path = fmt::format("{}/evenkeelXXXXXX", base != nullptr ? base : "/tmp");
    PlainFile file;
    file.fd_ = Fd(::mkostemp(path.data(), O_CLOEXEC | O_APPEND));
    if (!file.fd_.valid()) return system_error("make temporary file", path);
    ::unlink(path.c_str());
    file.path_ = path;
    return file;
}

bool PlainFile::regular() const {
    struct stat status {};
    return ::fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode);
}

Result<std::uint64_t> PlainFile::size() const {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) return system_error("look at", path_);
    return static_cast<std::uint64_t>(status.st_size);
}

Result<> PlainFile::truncate(std::uint64_t size) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
        return system_error("truncate", path_);
    return {};
}

Result<> PlainFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("write", path_);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<> PlainFile::read_at(std::uint64_t offset, char* to, std::size_t size) const {
    while (size > 0) {
        const ssize_t got = ::pread(fd_.get(), to, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read", path_);
        if (got == 0) return Error{Errc::corrupt, fmt::format("read {}: it ends early", path_)};
        to += got;
        offset += static_cast<std::uint64_t>(got);
        size -= static_cast<std::size_t>(got);
    }
    return {};
}

Result<> PlainFile::sync() {
    if (::fdatasync(fd_.get()) != 0) return system_error("sync", path_);
    return {};
}

Result<bool> PlainFile::try_lock() {
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) return system_error("lock", path_);
    return false;
}

bool PlainFile::in_place() const {
    struct stat mine {};
    struct stat there {};
    return ::fstat(fd_.get(), &mine) == 0 && ::stat(path_.c_str(), &there) == 0 &&
           mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

Result<> PlainFile::move_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return system_error("rename to", path);
    path_ = path;
    const std::string parent = std::filesystem::path(path).parent_path().string();
    const Fd folder(
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid() || ::fsync(folder.get()) != 0) return system_error("sync folder of", path);
    return {};
}

Result<> PlainFile::append_from(const PlainFile& from, std::uint64_t size) {
    std::vector<char> chunk(1u << 20);
    for (std::uint64_t offset = 0; offset < size;) {
        const std::size_t part = std::min<std::uint64_t>(chunk.size(), size - offset);
        EK_TRY_VOID(from.read_at(offset, chunk.data(), part));
        EK_TRY_VOID(append({chunk.data(), part}));
        offset += part;
    }
    return {};
}

}  // namespace evenkeel::io
