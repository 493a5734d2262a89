// Files and folders. Errors name the path and the system's reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/fd.h"

namespace evenkeel::io {

// Errors: not_found; denied  no permission; unavailable  any other.
Result<std::string> read_file(const std::string& path);
// Replaces `path` so that after a crash either the old or the new content is there: temporary file,
// fsync, rename, fsync of the folder. `mode`: who may use it; a umask restricts
// it further.
Result<> replace_file(const std::string& path, std::string_view content, unsigned mode = 0640);
Result<> make_folders(const std::string& path);
bool exists(const std::string& path);
// The names in a folder, sorted.
Result<std::vector<std::string>> names_in(const std::string& folder);
// Removes `path` with all below it; no error when it is not there.
Result<> remove_all(const std::string& path);
// Keeps a log small to which another process appends (O_APPEND): what it holds goes to `path`.1, in
// place of what was there, and `path` is emptied. What is appended meanwhile may be lost. False: it
// is smaller than `bytes_max`, or not there.
Result<bool> roll_log(const std::string& path, std::size_t bytes_max);
// A new private folder below $TMPDIR or /tmp whose name starts with `prefix`.
Result<std::string> make_temp_folder(std::string_view prefix);
// Locks `path` (made when missing) for this process and writes its pid into it; the lock ends with
// the process. Errors: conflict  another process holds it (its pid is in the text).
Result<Fd> lock_file(const std::string& path);
// Waits for whoever holds it. Errors: conflict  he still does at the deadline.
Result<Fd> lock_file(const std::string& path, Deadline deadline);

}  // namespace evenkeel::io
