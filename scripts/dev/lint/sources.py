"""Checks on the C sources: which file may know what, and how large it may get."""

import os
import re

from .common import files, functions, line_of, read, without_comments

BELOW = {
    "base": {"base"},
    "vault": {"base", "vault"},
    "auth": {"base", "auth"},
    "net": {"base", "net"},
    "provider": {"base", "vault", "auth", "net", "provider"},
    "sync": {"base", "vault", "auth", "net", "provider", "sync"},
    "worker": {"base", "vault", "auth", "net", "provider", "sync", "worker"},
}
BELOW["api"] = BELOW["worker"] | {"api"}
BELOW["gateway"] = BELOW["worker"] | {"gateway"}
BELOW["notify"] = BELOW["worker"] | {"notify"}

# Which folders (or single files) may include a library, and whether its types may be in headers.
DOORS = {
    "curl/": (("src/net/",), False),
    "sodium": (("src/vault/", "src/auth/"), False),
    "executor/spi.h": (("src/base/spi.c", "src/base/spi.h"), True),
}

PURE = ["src/sync/record", "src/sync/canonical", "src/sync/lens", "src/sync/merge",
        "src/sync/text_merge", "src/sync/plan", "src/sync/order", "src/sync/match",
        "src/sync/occurrence", "src/worker/schedule", "src/provider/"]
# net/http.h is allowed for the types of requests and answers; calling it is not.
IMPURE_INCLUDES = re.compile(
    r"executor/spi\.h|base/spi\.h|storage/|libpq|curl/|sys/socket|netdb|"
    r"worker/(?!schedule)|access/xact\.h|miscadmin\.h|utils/snapmgr\.h")
IMPURE_CALLS = re.compile(
    r"\b(SPI_\w+|tasksync_http_\w+|WaitLatch\w*|SetLatch|ResetLatch|GetCurrent\w*Timestamp\w*|GetSQLLocalTimestamp|"
    r"tasksync_now|tasksync_monotonic_ms|tasksync_query|tasksync_txn_\w+|time|gettimeofday|"
    r"clock_gettime|socket|connect|recv|pg_usleep|LWLockAcquire|StartTransactionCommand)\s*\(")


def c_files(root):
    return files(root, ".c", ".h", below="src")


def includes(root, path):
    for match in re.finditer(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]',
                             without_comments(read(root, path), keep_strings=True), re.M):
        yield match.group(1), line_of(read(root, path), match.start(1))


def arrows(root):
    found = []
    for path in c_files(root):
        parts = path.split(os.sep)
        folder = parts[1] if len(parts) > 2 else None
        if folder and folder not in BELOW:
            found.append((path, 0, f"src/{folder} is not a folder of the architecture"))
            continue
        if folder is None and parts[-1] not in ("tasksync.c", "tasksync.h"):
            found.append((path, 0, "only tasksync.c stands at the top of src"))
        for name, line in includes(root, path):
            target = name.split("/")[0]
            if "/" not in name or target not in BELOW or name.startswith("sync/") and \
                    not os.path.exists(os.path.join(root, "src", name)):
                continue
            if folder and target not in BELOW[folder]:
                found.append((path, line, f"{folder}/ must not include {name}"))
    return found


def libraries(root):
    found = []
    for path in c_files(root):
        for name, line in includes(root, path):
            for start, (homes, in_headers) in DOORS.items():
                if not name.startswith(start):
                    continue
                if not path.startswith(homes):
                    found.append((path, line, f"{name} belongs to {' and '.join(homes)}"))
                elif path.endswith(".h") and not in_headers:
                    found.append((path, line, f"{name} in a header: keep the struct opaque"))
    return found


def purity(root):
    found = []
    for path in c_files(root):
        stem = os.path.splitext(path)[0]
        if not any(stem == p or p.endswith("/") and path.startswith(p) for p in PURE):
            continue
        for name, line in includes(root, path):
            if IMPURE_INCLUDES.search(name):
                found.append((path, line, f"a pure file includes {name}"))
        text = read(root, path)
        for call in IMPURE_CALLS.finditer(without_comments(text)):
            found.append((path, line_of(text, call.start()), f"a pure file calls {call.group(1)}()"))
    return found


def guards(root):
    found = []
    for path in c_files(root):
        if path == os.path.join("src", "base", "compat.h"):
            continue
        text = read(root, path)
        for match in re.finditer(r"\bPG_(?:VERSION_NUM|MAJORVERSION(?:_NUM)?)\b",
                                 without_comments(text)):
            found.append((path, line_of(text, match.start()),
                          f"{match.group(0)}: version differences belong in src/base/compat.h"))
    return found


def sizes(root):
    found = []
    for path in c_files(root) + files(root, ".c", ".h", below="test"):
        text = read(root, path)
        lines = text.count("\n")
        if lines > 600:
            found.append((path, 0, f"{lines} lines, more than 600"))
        for name, line, length in functions(text):
            if length > 80:
                found.append((path, line, f"{name}() has {length} lines, more than 80"))
    return found


def headers(root):
    found = []
    for path in c_files(root):
        text = read(root, path)
        name = os.path.basename(path)
        if not re.match(r"/\*\n \* " + re.escape(name) + r"\n \*\t  \S", text):
            found.append((path, 1, f"does not begin with a comment that names {name} and its purpose"))
        if path.endswith(".h"):
            guard = "TASKSYNC_" + name.replace(".", "_").upper()
            if f"#ifndef {guard}\n#define {guard}\n" not in text:
                found.append((path, 1, f"include guard is not {guard}"))
        else:
            first = next(includes(root, path), ("", 1))
            if first[0] != "postgres.h":
                found.append((path, first[1], "postgres.h must be included first"))
    return found


def calls(code, name):
    """(position, argument text) of each call of a macro or function, brackets balanced."""
    for match in re.finditer(r"\b" + name + r"\s*\(", code):
        depth, end = 1, match.end()
        while end < len(code) and depth:
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        yield match.start(), code[match.end():end - 1]


def errors(root):
    found = []
    for path in c_files(root):
        text = read(root, path)
        code = without_comments(text)
        with_strings = without_comments(text, keep_strings=True)
        for start, arguments in calls(code, "ereport"):
            line = line_of(text, start)
            if re.match(r"\s*(ERROR|FATAL|PANIC)\b", arguments) and "errcode" not in arguments:
                found.append((path, line, "ereport without errcode"))
            real = with_strings[start:start + len(arguments) + 10]
            message = re.search(r'\berrmsg\(\s*"((?:\\.|[^"\\])*)"', real)
            if message and (re.match(r"[A-Z][a-z]", message.group(1)) or
                            re.search(r"[^.]\.$", message.group(1))):
                found.append((path, line, f'message "{message.group(1)}": lower case, no full stop'))
            for hint in re.finditer(r'\berr(?:hint|detail)\(\s*"((?:\\.|[^"\\])*)"\s*[,)]', real):
                if not re.search(r"[.?)!]$|^%s$", hint.group(1)):
                    found.append((path, line, f'"{hint.group(1)}": a detail or hint is a sentence'))
    return found
