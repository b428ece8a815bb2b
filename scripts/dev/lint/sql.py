"""Rules of the install script and of updates: nothing a hostile schema could hook into."""

import re

from .common import files, line_of, read

HEADER = ('\\echo Use "{}" to load this file. \\quit\n'
          "SET LOCAL search_path TO pg_catalog, pg_temp;\n")

FORBIDDEN = [
    (r"@extschema@", "names are written out: no @extschema@"),
    (r"\bCREATE\s+(?:ROLE|USER)\b", "the script creates no role"),
    (r"\b(?:BIG|SMALL)?SERIAL\d?\b|\bCREATE\s+SEQUENCE\b|\bAS\s+IDENTITY\b",
     "keys are UUIDs: no sequence"),
    (r"\bGRANT\b[^;]*\bTO\s+PUBLIC\b", "nothing is granted to PUBLIC"),
    (r"\bCREATE\s+[\w\s]{1,30}?\bIF\s+NOT\s+EXISTS\b", "IF NOT EXISTS would adopt an object that somebody prepared"),
]


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def code(text):
    """SQL without comments and without the insides of plain strings; function bodies stay."""
    text = re.sub(r"--[^\n]*|/\*.*?\*/", blank, text, flags=re.S)
    return re.sub(r"'(?:''|[^'])*'", blank, text)


def statements(text):
    """(position, statement) split at semicolons outside dollar quotes."""
    start = 0
    for match in re.finditer(r"\$(\w*)\$.*?\$\1\$|;", text, re.S):
        if match.group(0) == ";":
            yield start, text[start:match.end()]
            start = match.end()


def script(root):
    found = []
    parts = [p for p in files(root, ".sql", below="sql")]
    install = sorted(p for p in parts if re.match(r"sql/\d", p))
    if not install:
        return [("sql", 0, "there is no install script")]
    if not read(root, install[0]).startswith(HEADER.format("CREATE EXTENSION tasksync")):
        found.append((install[0], 1, r"does not begin with \echo ... \quit and the search_path"))
    for path in parts:
        text = read(root, path)
        update = path not in install
        if update and not re.match(r'\\echo Use "ALTER EXTENSION tasksync UPDATE[^"]*" to load this '
                                   r'file\. \\quit\nSET LOCAL search_path TO pg_catalog, pg_temp;\n',
                                   text):
            found.append((path, 1, r"does not begin with \echo ... \quit and the search_path"))
        found += rules(path, text, update)
    return found


def rules(path, text, update):
    found = []
    plain = code(text)
    for pattern, message in FORBIDDEN:
        for match in re.finditer(pattern, plain, re.I):
            found.append((path, line_of(plain, match.start()), message))
    for start, statement in statements(plain):
        head = statement.lstrip()
        line = line_of(plain, start + len(statement) - len(head))
        if re.match(r"CREATE\s+OR\s+REPLACE\b", head, re.I) and not update:
            found.append((path, line, "OR REPLACE in the install script takes over a prepared object"))
        if re.match(r"CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\b", head, re.I):
            found += function_rules(path, line, statement)
    return found


def function_rules(path, line, statement):
    name = re.search(r"FUNCTION\s+([\w.]+)", statement, re.I).group(1)
    outside = re.sub(r"\$(\w*)\$.*?\$\1\$", " ", statement, flags=re.S)
    found = []
    if not re.search(r"\b(?:IMMUTABLE|STABLE|VOLATILE)\b", outside, re.I):
        found.append((path, line, f"{name} has no volatility"))
    if not re.search(r"\bPARALLEL\s+(?:SAFE|RESTRICTED|UNSAFE)\b", outside, re.I):
        found.append((path, line, f"{name} has no parallel label"))
    if re.search(r"\bSECURITY\s+DEFINER\b", outside, re.I) and not re.search(
            r"\bSET\s+search_path\s*(?:=|TO)\s*pg_catalog\s*,\s*pg_temp\b", outside, re.I):
        found.append((path, line, f"{name} is SECURITY DEFINER without "
                      "SET search_path = pg_catalog, pg_temp"))
    if not name.startswith(("tasksync.", "tasksync_api.")):
        found.append((path, line, f"{name} is not qualified with its schema"))
    return found
