#!/usr/bin/env python3
"""Checks the direction of includes: tools/check_layers.py [ROOT]

The ek_module() lines of CMakeLists.txt are the architecture: a module may include itself, what its
line names in DEPS, and what those name. This reports every include that no line allows, lines in
the wrong order, folders of src/ without a line, and modules that ARCHITECTURE.md does not mention.
"""
import pathlib
import re
import sys

MODULE = re.compile(r"^ek_module\(\s*(\w+)([^)]*)\)")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def declared_dependencies(text):
    """Module -> (line number, names in DEPS), in the order of the lines."""
    modules = {}
    for number, line in enumerate(text.splitlines(), 1):
        found = MODULE.match(line)
        if not found:
            continue
        words, deps, inside = found.group(2).split(), [], False
        for word in words:
            if word in ("DEPS", "LIBS"):
                inside = word == "DEPS"
            elif inside:
                deps.append(word)
        modules[found.group(1)] = (number, deps)
    return modules


def allowed_includes(modules):
    """Module -> modules that it may include; a line may only name lines above it."""
    allowed, problems = {}, []
    for name, (number, deps) in modules.items():
        allowed[name] = {name}
        for dep in deps:
            if dep in allowed:
                allowed[name] |= allowed[dep]
            else:
                problems.append(f"CMakeLists.txt:{number}: {name} depends on {dep}, "
                                "which no line above it declares")
    return allowed, problems


def check_includes(root, allowed):
    problems = []
    for path in sorted(root.glob("src/*/**/*")):
        if path.suffix not in (".h", ".cc"):
            continue
        module = path.relative_to(root).parts[1]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if not found or module not in allowed:
                continue
            where = f"{path.relative_to(root)}:{number}"
            target = found.group(1).split("/")[0]
            if "/" not in found.group(1) or not (root / "src" / target).is_dir():
                problems.append(f'{where}: include "{found.group(1)}" does not start with a module')
            elif target not in allowed[module]:
                problems.append(f"{where}: {module} may not include {target}")
    return problems


def check(root):
    modules = declared_dependencies((root / "CMakeLists.txt").read_text())
    allowed, problems = allowed_includes(modules)
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir() and folder.name not in modules and any(folder.rglob("*.cc")):
            problems.append(f"CMakeLists.txt: no ek_module line for src/{folder.name}")
    architecture = root / "ARCHITECTURE.md"
    if architecture.exists():
        rows = set(re.findall(r"^\| `(\w+)` \|", architecture.read_text(), re.MULTILINE))
        problems += [f"ARCHITECTURE.md: the table of modules has no row for {name}"
                     for name in modules if name not in rows]
    return problems + check_includes(root, allowed)


def main():
    problems = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    for problem in problems:
        print(problem)
    print(f"layers: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
