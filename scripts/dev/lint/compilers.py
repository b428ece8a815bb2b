"""Checks that other programs do: two compilers, nm, cppcheck."""

import os
import re
import subprocess
import sys

from .common import files, line_of, read

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from private_install import find_pg_config  # pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))


def make(root, *words):
    """Builds with our Makefile but in a folder of its own; the tree may be a self-test's."""
    makefile = os.path.join(root, "Makefile")
    if not os.path.exists(makefile):
        makefile = os.path.join(HERE, "../../../Makefile")
    return subprocess.run(
        ["make", "-s", "-k", "-j", str(os.cpu_count() or 1), "-C", root, "-f", makefile,
         f"PG_CONFIG={find_pg_config()}", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)


def compiled(root, compiler):
    done = make(root, f"CC={compiler}", f"OBJDIR=build/lint-{compiler}", "objects")
    if done.returncode == 0:
        return []
    found = [(m.group(1), int(m.group(2)), m.group(3)) for m in re.finditer(
        r"^(\S+?):(\d+):\d+: ((?:fatal )?error: .*)$", done.stdout, re.M)]
    return found or [("make", 0, done.stdout[-2000:])]


def gcc(root):
    return compiled(root, "gcc")


def clang(root):
    return compiled(root, "clang")


def symbols(root):
    """PostgreSQL 15 does not export SQL-callable functions by itself under -fvisibility=hidden."""
    done = make(root, "OBJDIR=build/lint-gcc", "tasksync.so")
    library = os.path.join(root, "tasksync.so")
    if done.returncode != 0 or not os.path.exists(library):
        return [("tasksync.so", 0, "does not link: " + done.stdout[-1000:])]
    listed = subprocess.run(["nm", "-D", "--defined-only", library], stdout=subprocess.PIPE,
                            text=True, check=True).stdout
    exported = {line.split()[-1] for line in listed.splitlines()}
    found = [("tasksync.so", 0, f"exports {name}: names that leave the library begin with tasksync_")
             for name in sorted(exported)
             if not re.match(r"tasksync_|pg_finfo_tasksync_|Pg_magic_func$|_PG_init$", name)]
    for path in files(root, ".sql", below="sql"):
        text = read(root, path)
        for match in re.finditer(r"'MODULE_PATHNAME'\s*,\s*'(\w+)'", text):
            if match.group(1) not in exported:
                found.append((path, line_of(text, match.start()),
                              f"C function {match.group(1)} is not exported by the library"))
    return found


def cppcheck(root):
    sources = files(root, ".c", below="src")
    if not sources:
        return [("src", 0, "there is no source")]
    done = subprocess.run(
        ["cppcheck", "-q", "-j", str(os.cpu_count() or 1), "--enable=warning,performance,portability",
         "--inline-suppr", "--std=c11", "--error-exitcode=3", "-I", "src",
         "--suppress=missingInclude", "--suppress=missingIncludeSystem",
         "--template={file}:{line}: {severity} {id}: {message}",
         "--include=" + os.path.join(HERE, "cppcheck.h"), *sources],
        cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False)
    if done.returncode == 0:
        return []
    found = [(m.group(1), int(m.group(2)), m.group(3)) for m in re.finditer(
        r"^(\S+?):(\d+): (.*)$", done.stdout, re.M)]
    return found or [("cppcheck", 0, done.stdout[-1000:])]
