// A file that is written at its end and read anywhere. Errors name the path and the system's
// reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/fd.h"

namespace evenkeel::io {

// Not thread-safe.
class PlainFile {
public:
    // Reads and appends; made when missing. Errors: denied, not_found  its folder; unavailable.
    static Result<PlainFile> open(const std::string& path);
    // Without a name, below $TMPDIR or /tmp: it is gone with this object or process.
    static Result<PlainFile> temporary();

    PlainFile() = default;

    bool is_open() const { return fd_.valid(); }
    const std::string& path() const { return path_; }
    int descriptor() const { return fd_.get(); }
    bool regular() const;
    Result<std::uint64_t> size() const;
    Result<> truncate(std::uint64_t size);
    // Errors: unavailable  part of it may have been written; the reason (no space, …) is in the
    // text.
    Result<> append(std::string_view bytes);
    // Reads exactly `size` bytes. Errors: corrupt  the file ends before.
    Result<> read_at(std::uint64_t offset, char* to, std::size_t size) const;
    // Content and length are on the device when this returns.
    Result<> sync();
    // Locks it for this object, also against other objects of this process. False: held elsewhere.
    Result<bool> try_lock();
    // path() still leads to this file.
    bool in_place() const;
    // Takes the place of what is at `path` now.
    Result<> move_to(const std::string& path);
    // Appends the first `size` bytes of `from`.
    Result<> append_from(const PlainFile& from, std::uint64_t size);

private:
    Fd fd_;
    std::string path_;
};

}  // namespace evenkeel::io
