#!/usr/bin/env python3
"""A unit test of the source tree: tools/tidy.py [ROOT]

Rules that a compiler does not know, each with what to do instead. A rule that nobody checks is not
a rule, so whoever adds one to CONTRIBUTING.md adds it here, and a planted violation to check_test.py.
"""
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cpp_text  # noqa: E402

SKIPPED_FOLDERS = {".git", "build", "corpus", ".cache", "__pycache__", "node_modules"}
TEXT = {".h", ".cc", ".py", ".cmake", ".md", ".txt", ".toml", ".json", ".sh", ".svg", ".sql", ""}
CODE = {".h", ".cc"}

# (pattern in code without comments and literals, what to do instead, where it is allowed)
BANNED = [
    (r"std::chrono::(system|steady|high_resolution)_clock|\b(clock_gettime|gettimeofday)\b|"
     r"(?<![\w.>])(std)?::time\(",
     "take an Instant as an argument, or call io::now() in a shell", r"src/io/|bench/"),
    (r"std::j?thread\b|\bpthread_create\b|std::async\b",
     "use io::Worker, which has a name and stops", r"src/io/"),
    (r"std::(recursive_|shared_|timed_)?mutex\b|std::condition_variable",
     "use Mutex and CondVar of base/mutex.h, whose use is checked", r"src/base/mutex\.h|src/io/"),
    (r"\bsleep_(for|until)\b|\bu?sleep\(|\bnanosleep\(",
     "wait for a condition with a limit, or StopToken::wait_for", r"$^"),
    (r"(?<![\w.])(system|popen)\(", "use io::Process: no shell ever", r"$^"),
    (r"std::random_device|(?<![\w.>])s?rand\(",
     "take the seed or the number as an argument", r"src/io/"),
    (r"(?<![\w.>])(std::|::)?(exit|_exit|quick_exit|abort)\(",
     "return a Result; only main ends the program",
     r"src/app/main\.cc|src/io/process\.cc|src/base/check\.cc|bench/"),
    (r"(?<!\w)(std::|::|fmt::)?(printf|fprintf|puts|fputs|print|println)\(|std::(cout|cerr)\b",
     "use log:: (stderr); stdout belongs to the commands in app/",
     r"src/app/|src/base/check\.cc|bench/|tests/|_test\.cc"),
    (r"\b\w*([Mm]aster|[Ss]lave)\w*\b", "say primary and replica", r"$^"),
    (r"\bco_(await|return|yield)\b", "g++ 12 destroys some temporaries of co_await twice", r"$^"),
]
HEADER_BANNED = [
    (r"\busing\s+namespace\b", "a header must not decide that for who includes it"),
]
LEFT_OVER = re.compile(r"\b(FIX" r"ME|XX" r"X|TO" r"DO)\b")
# Folders of the machine on which something was written; documents talk about /var, /etc, /tmp.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(work|root)/")

# What a header of ours may include besides our own and the standard library.
HEADER_INCLUDES = {"fmt/core.h", "tl/expected.hpp"}
SYSTEM_HEADER = re.compile(r"^(sys|netinet|arpa|net|linux)/\w+\.h$|"
                           r"^(unistd|poll|signal|fcntl|pthread|errno|netdb|time)\.h$|"
                           r"^emmintrin\.h$")  # SSE2, for what must be inlined.

# Decisions: no I/O, clock, thread, lock, randomness or log.
PURE = re.compile(r"^src/(wire|model)/|/(\w+_(plan|analysis)|analysis|candidate|lease_core|"
                  r"source_choice|mirror|fact_write|death_certificate|formation|"
                  r"zookeeper_records|backup)\.(h|cc)$")
IMPURE_INCLUDE = re.compile(r'["<](io/|base/log\.h|base/mutex\.h|base/mailbox\.h|thread>|mutex>|'
                            r'condition_variable>|random>|sys/|unistd\.h|spdlog/|future>|fstream>)')

LINE_LENGTH_MAX = 100
# A function of 70 lines deserves a hard look. The rule is a ratchet: it stops what grows past the
# limit; what is far beyond (a table, a switch over every type) was looked at and is listed.
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_GROWN = 90
FILE_LINES = {".h": 250, ".cc": 600}


class Report:
    def __init__(self):
        self.problems = []
        self.notes = []

    def problem(self, path, line, text):
        self.problems.append(f"{path}:{line}: {text}")

    def note(self, path, line, text):
        self.notes.append(f"{path}:{line}: {text}")


def source_files(root):
    for folder, names, leaves in os.walk(root):
        names[:] = sorted(n for n in names if n not in SKIPPED_FOLDERS)
        for leaf in sorted(leaves):
            path = pathlib.Path(folder, leaf)
            if path.suffix in TEXT and not path.is_symlink():
                yield path.relative_to(root).as_posix(), path


def check_text(path, text, report):
    """Rules for every text file."""
    is_code = pathlib.PurePath(path).suffix in CODE
    for number, line in enumerate(text.splitlines(), 1):
        if LEFT_OVER.search(line):
            report.problem(path, number, "left-over mark: do it, or write an issue")
        if MACHINE_PATH.search(line):
            report.problem(path, number, "path of one machine: say it relative to the tree")
        if is_code and "\t" in line:
            report.problem(path, number, "tab: indent with 4 spaces")
        if is_code and len(line) > LINE_LENGTH_MAX:
            report.problem(path, number, f"line has {len(line)} columns, {LINE_LENGTH_MAX} at most")
        if line != line.rstrip() and not path.endswith(".md"):
            report.problem(path, number, "blanks at the line's end")
    if text and not text.endswith("\n"):
        report.problem(path, text.count("\n") + 1, "no newline at the end")


def check_banned(path, code, report):
    for pattern, instead, allowed in BANNED:
        if re.match(allowed, path) or re.search(allowed, path):
            continue
        for number, line in enumerate(code.splitlines(), 1):
            if line.lstrip().startswith("#"):
                continue
            found = re.search(pattern, line)
            if found:
                report.problem(path, number, f"{found.group(0).strip('(')}: {instead}")


def check_header(path, source, code, report):
    if not source.startswith("//"):
        report.problem(path, 1, "a header starts with what it decides and what it never does")
    if "#pragma once" not in code:
        report.problem(path, 1, "no #pragma once")
    for number, line in enumerate(code.splitlines(), 1):
        for pattern, instead in HEADER_BANNED:
            if re.search(pattern, line):
                report.problem(path, number, f"{line.strip()}: {instead}")
        found = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        if not found or "." not in found.group(1) or not path.startswith("src/"):
            continue
        if found.group(1) not in HEADER_INCLUDES and not SYSTEM_HEADER.match(found.group(1)):
            report.problem(path, number, f"<{found.group(1)}>: include it in the .cc only, "
                                         "behind an Impl or a forward declaration")


def check_pure(path, code, report):
    for number, line in enumerate(code.splitlines(), 1):
        if re.match(r"\s*#\s*include", line) and IMPURE_INCLUDE.search(line):
            report.problem(path, number, f"{line.strip()}: this file decides or decodes; "
                                         "the caller passes in what it needs to know")


def check_sizes(path, source, report):
    suffix = pathlib.PurePath(path).suffix
    lines = source.count("\n")
    if path.startswith("src/") and not path.endswith("_test.cc") and lines > FILE_LINES[suffix]:
        report.note(path, 1, f"{lines} lines: look whether two ideas share it")
    if path.endswith("_test.cc"):
        return
    for line, length, head in cpp_text.functions(source):
        if FUNCTION_LINES_MAX < length <= FUNCTION_LINES_GROWN:
            report.problem(path, line, f"function of {length} lines, {FUNCTION_LINES_MAX} at most: "
                                       f"{head[:60]}")
        elif length > FUNCTION_LINES_GROWN:
            report.note(path, line, f"function of {length} lines: {head[:60]}")


def check(root):
    report = Report()
    for path, file in source_files(root):
        source = file.read_text(encoding="utf-8")
        check_text(path, source, report)
        if file.suffix not in CODE:
            continue
        code = cpp_text.code_only(source)
        check_banned(path, code, report)
        check_sizes(path, source, report)
        if file.suffix == ".h":
            check_header(path, source, code, report)
        if PURE.search(path) and not path.endswith("_test.cc"):
            check_pure(path, code, report)
    return report


def main():
    report = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    for note in report.notes:
        print(f"note: {note}")
    for problem in report.problems:
        print(problem)
    print(f"tidy: {len(report.problems)} problems, {len(report.notes)} to look at")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
