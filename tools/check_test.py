#!/usr/bin/env python3
"""Tests of the checkers: each has to report a violation that is planted, and nothing else."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_layers  # noqa: E402
import cpp_text  # noqa: E402
import tidy  # noqa: E402

CMAKE = """\
ek_module(base                     LIBS fmt::fmt)
ek_module(io       DEPS base       LIBS CURL::libcurl)
ek_module(coord    DEPS io)
ek_module(topology DEPS coord)
ek_module(cdc      DEPS coord)
"""


class Tree:
    """A source tree of a few files in a temporary folder."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def __enter__(self):
        return self.root

    def __exit__(self, *_):
        self.folder.cleanup()


def layer_problems(files):
    tree = {"CMakeLists.txt": CMAKE, "src/base/text.h": "", "src/io/file.h": "",
            "src/coord/lease.h": "", "src/topology/service.h": "", "src/cdc/stream.h": ""}
    with Tree({**tree, **files}) as root:
        return check_layers.check(root)


class Layers(unittest.TestCase):
    def test_accepts_what_lines_allow_directly_or_not(self):
        self.assertEqual(layer_problems({
            "src/topology/a.cc": '#include "base/text.h"\n#include "coord/lease.h"\n'}), [])

    def test_reports_an_include_upwards(self):
        self.assertEqual(
            layer_problems({"src/coord/a.cc": '#include "base/text.h"\n'
                                              '#include "topology/service.h"\n'}),
            ["src/coord/a.cc:2: coord may not include topology"])

    def test_reports_a_feature_that_includes_another(self):
        self.assertEqual(layer_problems({"src/cdc/sinks/a.h": '#include "topology/service.h"\n'}),
                         ["src/cdc/sinks/a.h:1: cdc may not include topology"])

    def test_reports_an_include_without_module(self):
        self.assertIn("does not start with a module",
                      layer_problems({"src/cdc/a.cc": '#include "stream.h"\n'})[0])

    def test_reports_a_line_that_names_a_later_one(self):
        problems = layer_problems({"CMakeLists.txt": CMAKE.replace("DEPS base ", "DEPS cdc  ")})
        self.assertIn("CMakeLists.txt:2: io depends on cdc, which no line above it declares",
                      problems)

    def test_reports_a_folder_without_line(self):
        self.assertEqual(layer_problems({"src/proxy/a.cc": ""}),
                         ["CMakeLists.txt: no ek_module line for src/proxy"])

    def test_reports_a_module_that_is_not_documented(self):
        rows = "".join(f"| `{name}` | x |\n" for name in ("base", "io", "coord", "cdc"))
        self.assertEqual(layer_problems({"ARCHITECTURE.md": rows}),
                         ["ARCHITECTURE.md: the table of modules has no row for topology"])


def tidy_problems(path, text):
    with Tree({path: text}) as root:
        return tidy.check(root).problems


HEADER = "// What it is.\n#pragma once\n"


class Tidy(unittest.TestCase):
    def assert_reports(self, path, text, line, word):
        problems = tidy_problems(path, text)
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith(f"{path}:{line}: "), problems[0])
        self.assertIn(word, problems[0])

    def test_accepts_a_plain_file(self):
        self.assertEqual(tidy_problems("src/cdc/a.h", HEADER + "int size();\n"), [])
        self.assertEqual(tidy_problems("src/cdc/a.cc", "int size() { return 1; }\n"), [])

    def test_reports_banned_calls(self):
        for call, instead in [
                ("auto t = std::chrono::steady_clock::now();", "io::now"),
                ("::clock_gettime(id, &t);", "io::now"),
                ("std::thread t(run);", "io::Worker"),
                ("::pthread_create(&t);", "io::Worker"),
                ("std::mutex m;", "base/mutex.h"),
                ("std::this_thread::sleep_for(x);", "StopToken"),
                ("::usleep(5);", "StopToken"),
                ('system("rm");', "io::Process"),
                ('::popen("ls", "r");', "io::Process"),
                ("std::random_device r;", "argument"),
                ("int r = rand();", "argument"),
                ("std::exit(1);", "main"),
                ("exit(1);", "main"),
                ("printf(x);", "log::"),
                ('fmt::print("x");', "log::"),
                ("std::cout << 1;", "log::"),
                ("int master_host = 1;", "primary"),
                ("co_await x;", "g++")]:
            with self.subTest(call):
                self.assert_reports("src/cdc/a.cc", f"void f() {{\n    {call}\n}}\n", 2, instead)

    def test_accepts_banned_calls_where_they_belong(self):
        self.assertEqual(tidy_problems("src/io/a.cc", "std::thread t;\nstd::random_device r;\n"), [])
        self.assertEqual(tidy_problems("src/app/a.cc", 'void f() { fmt::print("x"); }\n'), [])

    def test_accepts_banned_words_in_literals_and_comments(self):
        self.assertEqual(tidy_problems(
            "src/sql/a.cc", '// A slave thread may sleep_for ever.\nauto s = "SHOW SLAVE STATUS";\n'
                            'auto r = R"(system("x") slave)";\n'), [])

    def test_accepts_members_that_are_named_alike(self):
        self.assertEqual(tidy_problems("src/sql/a.cc", "void f() { watch.exit(1); x->time(2); }\n"),
                         [])

    def test_reports_using_namespace_in_a_header(self):
        self.assert_reports("src/cdc/a.h", HEADER + "using namespace std;\n", 3, "using namespace")

    def test_reports_a_foreign_header_in_a_header(self):
        self.assert_reports("src/cdc/a.h", HEADER + "#include <mysql/mysql.h>\n", 3, "mysql.h")
        self.assert_reports("src/cdc/a.h", HEADER + "#include <nlohmann/json.hpp>\n", 3, "json.hpp")

    def test_accepts_the_few_foreign_headers(self):
        self.assertEqual(tidy_problems(
            "src/base/a.h", HEADER + "#include <fmt/core.h>\n#include <tl/expected.hpp>\n"
                                     "#include <sys/types.h>\n#include <vector>\n"), [])

    def test_reports_a_header_without_guard_or_purpose(self):
        self.assert_reports("src/cdc/a.h", "// What it is.\nint x();\n", 1, "pragma")
        self.assert_reports("src/cdc/a.h", "#pragma once\nint x();\n", 1, "decides")

    def test_reports_left_overs_and_machine_paths(self):
        self.assert_reports("src/cdc/a.cc", "// TO" "DO later\n", 1, "left-over")
        self.assert_reports("docs/a.md", "see /wo" "rk/main\n", 1, "machine")

    def test_reports_layout(self):
        self.assert_reports("src/cdc/a.cc", "// " + "x" * 98 + "\n", 1, "101 columns")
        self.assert_reports("src/cdc/a.cc", "int f();\n\tint g();\n", 2, "tab")
        self.assert_reports("tools/a.py", "x = 1 \n", 1, "blanks")
        self.assert_reports("src/cdc/a.cc", "int f();", 1, "newline")

    def test_reports_impure_includes_of_decisions(self):
        for include in ('"io/clock.h"', '"base/log.h"', "<thread>", '"base/mutex.h"', "<random>"):
            with self.subTest(include):
                self.assert_reports("src/topology/recovery_plan.cc", f"#include {include}\n", 1,
                                    "decides")
        self.assert_reports("src/wire/a.cc", '#include "io/file.h"\n', 1, "decides")
        self.assertEqual(tidy_problems("src/topology/service.cc", '#include "io/clock.h"\n'), [])

    def test_function_length_is_a_ratchet(self):
        def of(lines):
            return "int f() {\n" + "    g();\n" * (lines - 2) + "}\n"
        self.assertEqual(tidy_problems("src/cdc/a.cc", of(70)), [])
        self.assert_reports("src/cdc/a.cc", of(71), 1, "function of 71 lines")
        self.assertEqual(tidy_problems("src/cdc/a_test.cc", of(71)), [])
        with Tree({"src/cdc/a.cc": of(120)}) as root:
            report = tidy.check(root)
        self.assertEqual(report.problems, [])
        self.assertIn("function of 120 lines", report.notes[0])


class CppText(unittest.TestCase):
    def test_finds_functions_but_not_types_lambdas_and_blocks(self):
        source = """\
namespace a {
struct B {
    int size() const { return 1; }
};
Result<std::map<int, B>> C::find(
    const char* name) const {
    const auto less = [](int a) {
        return a < 1;
    };
    if (less(1)) {
        return {};
    }
    const char* text = "} {";
    return '}';
}
}
"""
        self.assertEqual([(line, length) for line, length, _ in cpp_text.functions(source)],
                         [(3, 1), (5, 11)])


if __name__ == "__main__":
    unittest.main()
