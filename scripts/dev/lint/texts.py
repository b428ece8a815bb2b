"""Checks on every text of the repository, and on the syntax of the scripts."""

import os
import re
import shutil
import subprocess

from .common import files, line_of, read

# Written in pieces, so that this file does not find itself.
FORBIDDEN = [
    (r"/(?:work|root|home/\w+)/(?:main|shared|\w+)\b", "a path of somebody's machine"),
    (r"\.\./sha" + r"red/", "a path outside the repository"),
    (r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b", "an unfinished mark"),
    (r"\"resol" + r"ved\": \"https?:", "a registry's address in a lock file: "
     "omit-lockfile-registry-resolved=true"),
    (r"^(?:<{7}|>{7}) ", "a merge conflict"),
    (r"BEGIN (?:RSA |EC |OPENSSH )?PRIV" + r"ATE KEY", "a private key"),
]
BINARY = (".png", ".gz", ".ico")
# Recorded outputs and corpora are compared byte for byte.
FREE_ENDS = ("expected/", "test/fuzz/seeds/")


def texts(root):
    found = []
    for path in files(root):
        if path.endswith(BINARY) or path.startswith("test/fuzz/seeds/") or generated(path):
            continue
        text = read(root, path)
        for pattern, message in FORBIDDEN:
            for match in re.finditer(pattern, text, re.M):
                found.append((path, line_of(text, match.start()), f"{message}: {match.group(0)}"))
        if path.startswith(FREE_ENDS):
            continue
        for match in re.finditer(r"[ \t]+$", text, re.M):
            if not (path.endswith(".md") and match.group(0) == "  "):
                found.append((path, line_of(text, match.start()), "white space at the end of a line"))
        if text and not text.endswith("\n"):
            found.append((path, 0, "no newline at the end of the file"))
    return found


def settings(root):
    """The table of settings in the README against the settings that the library defines."""
    source = os.path.join("src", "base", "guc.c")
    if not os.path.exists(os.path.join(root, source)):
        return []
    defined = set(re.findall(r'(?:DefineCustom\w+Variable\(\s*|\{)"tasksync\.(\w+)"', read(root, source)))
    text = read(root, "README.md")
    section = re.search(r"^## Settings\n(.*?)^## ", text, re.S | re.M)
    told = set(re.findall(r"^\| `(\w+)`", section.group(1), re.M)) if section else set()
    return [("README.md", 0, f"the setting tasksync.{name} is not in the table of settings")
            for name in sorted(defined - told) if name != "test_points"] + \
        [("README.md", 0, f"there is no setting tasksync.{name}") for name in sorted(told - defined)]


def links(root):
    """Relative links of the documentation lead to files that are there."""
    found = []
    for path in files(root, ".md"):
        text = re.sub(r"```.*?```", lambda m: "\n" * m.group(0).count("\n"), read(root, path),
                      flags=re.S)
        for match in re.finditer(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            target = match.group(1)
            if "://" in target or target.startswith("mailto:"):
                continue
            if not os.path.exists(os.path.join(root, os.path.dirname(path), target)):
                found.append((path, line_of(text, match.start()), f"link to {target}, which is not there"))
    return found


def generated(path):
    return path.endswith((".o", ".d", ".so")) or path.startswith((".tasksync-quickstart",
                                                                  "regression."))


def interpreter(root, path):
    """sh, python3, perl or node: by ending, else by the first line."""
    for ending, name in ((".py", "python3"), (".pl", "perl"), (".pm", "perl"), (".sh", "sh"),
                         (".js", "node"), (".mjs", "node")):
        if path.endswith(ending):
            return name
    first = read(root, path)[:60].split("\n")[0]
    match = re.match(r"#!.*\b(sh|bash|python3|perl|node)\b", first)
    return match.group(1) if match else None


def syntax(root):
    found = []
    for path in files(root):
        name = interpreter(root, path)
        if name is None:
            continue
        done = parse(name, os.path.join(root, path), root)
        if done.returncode != 0:
            message = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            found.append((path, 0, message.replace("\n", " | ")[-300:]))
    return found


def parse(name, path, root):
    words = {
        "sh": ["sh", "-n", path], "bash": ["bash", "-n", path], "node": ["node", "--check", path],
        "python3": ["python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", path],
        "perl": ["perl", "-I", postgres_perl(), "-I", os.path.join(root, "test/perl"), "-c", path],
    }[name]
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)


def postgres_perl():
    """The folder with PostgreSQL::Test, from the server that the build uses."""
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    config = subprocess.run(["sh", "-c", ". ./find.sh; find_pg_config"], cwd=here,
                            stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if not config or not shutil.which(config):
        return "."
    pgxs = subprocess.run([config, "--pgxs"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()
    return os.path.join(os.path.dirname(pgxs), "..", "..", "src", "test", "perl")
