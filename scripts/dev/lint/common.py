"""What the checks share: the list of files, and C text without comments and strings."""

import os
import re

SKIP = {".git", "node_modules", "build", "results", "output_iso", "tmp_check", "__pycache__"}


def files(root, *endings, below=""):
    """Paths relative to root, sorted, of files with one of the endings (all without endings)."""
    found = []
    for folder, folders, names in os.walk(os.path.join(root, below)):
        folders[:] = sorted(f for f in folders if f not in SKIP)
        for name in sorted(names):
            if not endings or name.endswith(endings):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return found


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


_C_TOKENS = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def without_comments(text, keep_strings=False):
    """C text with comments (and strings) blanked, line numbers kept."""
    def blank(match):
        token = match.group(0)
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token if keep_strings else token[0] + " " * (len(token) - 2) + token[-1]
    return _C_TOKENS.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def functions(text):
    """(name, first line, lines) of each function body: braces in the first column, PostgreSQL style."""
    code = without_comments(text)
    for body in re.finditer(r"^\{\n.*?^\}", code, re.S | re.M):
        head = code[:body.start()].rstrip()
        name = re.search(r"(\w+)\s*\((?:[^()]|\([^()]*\))*\)$", head)
        if name:
            yield name.group(1), line_of(code, body.start()), body.group(0).count("\n") + 1
