#!/usr/bin/env python3
"""A private copy of the installed PostgreSQL with tasksync installed into it.

PostgreSQL finds its files relative to its own binary, so a copy of the binaries in
DIR/usr/lib/postgresql/15/bin with a matching DIR/usr/share is a whole installation. Nothing is
written into the system: no root is needed, and a test build cannot become anybody's server.
(`make install` into the system and dynamic_library_path were the alternatives; before
PostgreSQL 18 the control file and the script have to be in the server's own share folder.)

Usage: private_install.py DIR [release|testing]    in a tree whose build is up to date or not
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def find_pg_config():
    found = subprocess.run(["sh", "-c", ". ./find.sh; find_pg_config"], cwd=HERE,
                           stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if not found:
        raise SystemExit("no PostgreSQL 15 to 18 with its headers was found: run scripts/setup")
    return found


def ask(config, option):
    return subprocess.run([config, option], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


def pgxs_folder(config):
    """The folder below which pg_regress and the Perl test modules are."""
    return os.path.normpath(os.path.join(os.path.dirname(ask(config, "--pgxs")), "..", ".."))


def link_folder(source, target, skip):
    """Symbolic links to every file of source, in real folders, so that files can be added."""
    for folder, _, names in os.walk(source):
        made = os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(made, exist_ok=True)
        for name in names:
            link = os.path.join(made, name)
            if not name.startswith(skip) and not os.path.lexists(link):
                os.symlink(os.path.join(folder, name), link)


def install(target, flavour="release", tree="."):
    """Makes or refreshes the installation in target; returns its bin folder."""
    config = find_pg_config()
    target = os.path.abspath(target)
    bindir = target + ask(config, "--bindir")
    if not os.path.exists(os.path.join(bindir, "postgres")):
        shutil.copytree(ask(config, "--bindir"), bindir, dirs_exist_ok=True)
        link_folder(ask(config, "--pkglibdir"), target + ask(config, "--pkglibdir"), "tasksync")
        link_folder(ask(config, "--sharedir"), target + ask(config, "--sharedir"), "tasksync")
    build(tree, flavour, config, "install", f"DESTDIR={target}")
    return bindir


def build(tree, flavour, config, *words):
    switch = "TASKSYNC_TESTING=1" if flavour == "testing" else "TASKSYNC_TESTING=0"
    jobs = str(min(os.cpu_count() or 1, 8))
    # install after all: PGXS lets -j install files that are still being made.
    for goal in (["all"], list(words)):
        if goal:
            done = subprocess.run(["make", "-s", "-j", jobs, f"PG_CONFIG={config}", switch] + goal,
                                  cwd=tree, check=False)
            if done.returncode != 0:
                raise SystemExit("the build failed, see above")


def tap_env(env, config, bindir, work):
    """What PostgreSQL's Perl test modules expect, all of it below the folder work."""
    os.makedirs(os.path.join(work, "ports"), exist_ok=True)
    env.update({
        "PATH": bindir + ":" + env["PATH"],
        "PG_REGRESS": pgxs_folder(config) + "/src/test/regress/pg_regress",
        "PG_TEST_PORT_DIR": os.path.join(work, "ports"),
        "TESTDIR": work,
        "TESTDATADIR": os.path.join(work, "tmp_check"),
        "TESTLOGDIR": os.path.join(work, "log"),
        "TASKSYNC_TREE": os.getcwd(),
    })
    return env


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    print(install(*sys.argv[1:]))
