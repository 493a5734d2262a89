"""Just enough of C++'s grammar for checks of the source tree."""
import re

_TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<raw>R"(?P<tag>[^()\s\\"]*)\(.*?\)(?P=tag)")
  | (?P<text>"(?:\\.|[^"\\\n])*")
  | (?P<char>(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+')
""", re.VERBOSE | re.DOTALL)


def code_only(source):
    """`source` with comments and the content of literals blanked; lines stay where they are. The
    names in #include "..." stay too."""
    def blank(match):
        text = match.group(0)
        if match.group("text"):
            start = source.rfind("\n", 0, match.start()) + 1
            if source[start:match.start()].lstrip().startswith("#"):
                return text
        keep = '""' if match.group("raw") or match.group("text") else ""
        return keep + re.sub(r"[^\n]", " ", text)[len(keep):]
    return _TOKEN.sub(blank, source)


_NOT_FUNCTION = re.compile(
    r"^\s*(?:(?:else\s*)?(?:if|for|while|switch|catch|do|else|try)\b|namespace\b|enum\b|union\b|"
    r"extern\b\s*\"|(?:template\s*<[^{]*>\s*)?(?:class|struct)\b[^()]*$)")


def functions(source):
    """(first line, number of lines, head) of each function body, lambdas within not counted."""
    code = re.sub(r"^[ \t]*#.*(?:\\\n.*)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  code_only(source), flags=re.MULTILINE)
    found, stack, head_start = [], [], 0
    for at, char in enumerate(code):
        if char == "{":
            head = code[head_start:at]
            inside = any(kind == "function" for kind, _, _ in stack)
            is_function = (not inside and "(" in head and not _NOT_FUNCTION.match(head)
                           and not re.search(r"[=,(]\s*$", head))
            first = head_start + len(head) - len(head.lstrip())
            stack.append(("function" if is_function else "other", first, " ".join(head.split())))
            head_start = at + 1
        elif char == "}":
            if stack:
                kind, first, head = stack.pop()
                if kind == "function":
                    line = code.count("\n", 0, first) + 1
                    found.append((line, code.count("\n", first, at) + 1, head))
            head_start = at + 1
        elif char == ";":
            head_start = at + 1
    return found
