"""Runs the test suites on private servers; called by scripts/test.

Two processes: the outer one makes the private folder and, as root, changes to an unprivileged
user; the inner one (--inside) builds and runs the suites there. The outer one then looks for
processes that are still running: one left behind is a failed test.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import cluster
import place
import private_install

TOTAL_SECONDS = 1200

# Longest time a part may take; the whole run ends at TOTAL_SECONDS in any case.
LIMITS = {"build": 300, "lint": 300, "unit": 240, "regress": 240, "isolation": 240, "pgtap": 240,
          "tap": 840, "sandbox": 240, "fuzz": 300}

# A long torture takes as long as it was asked to.
TORTURE_SECONDS = (10 * int(os.environ.get("TORTURE_SEEDS", "0"))
                   + 5 * int(os.environ.get("MACHINE_HISTORIES", "0")))
TOTAL_SECONDS += TORTURE_SECONDS
LIMITS["tap"] += TORTURE_SECONDS

FOLDERS = {"test/sql/": "regress", "test/specs/": "isolation", "test/pgtap/": "pgtap",
           "test/t/": "tap", "test/unit/": "unit", "test/sandbox/": "sandbox", "test/fuzz/": "fuzz"}


class Result:
    """What one part reported: counts, and what went wrong in words."""

    def __init__(self, passed=0, failed=0, notes=()):
        self.passed = passed
        self.failed = failed
        self.notes = list(notes)
        self.figures = []       # lines worth reading although all is well


class Suites:
    """One run in one private folder. Each part is a method of the part's name."""

    def __init__(self, run, files):
        self.run = run
        self.files = files
        self.logs = os.path.join(run, "logs")
        self.install = os.path.join(run, "install")
        self.config = private_install.find_pg_config()
        self.pgxs = private_install.pgxs_folder(self.config)
        self.server = None
        self.deadline = time.monotonic() + TOTAL_SECONDS
        self.limit = 0
        os.makedirs(self.logs, exist_ok=True)

    # -- parts ---------------------------------------------------------------------------------

    def build(self):
        """Both flavours compile; the testing one is installed, for the suites."""
        result = Result()
        for flavour in ("release", "testing"):
            switch = "TASKSYNC_TESTING=" + ("1" if flavour == "testing" else "0")
            code, _ = self.command("build", ["make", "-s", "-j", jobs(), switch,
                                             f"PG_CONFIG={self.config}"])
            self.count(result, code)
        if result.failed == 0:
            self.private_installation()
        return result

    def lint(self):
        code, text = self.command("lint", ["scripts/lint"])
        return counted(code, text, r"^(ok|FAIL)\s", ok="ok")

    def unit(self):
        return self.printed_lines("unit")

    def regress(self):
        return self.installcheck("regress", "REGRESS", "ISOLATION", "test/sql", ".sql")

    def isolation(self):
        return self.installcheck("isolation", "ISOLATION", "REGRESS", "test/specs", ".spec")

    def pgtap(self):
        files = self.chosen("test/pgtap", ".sql")
        server = self.running_server()
        self.server.psql("DROP DATABASE IF EXISTS pgtap")
        self.server.psql("CREATE DATABASE pgtap")
        self.server.psql("CREATE EXTENSION tasksync; CREATE EXTENSION pgtap", "pgtap")
        code, text = self.command(
            "pgtap", ["pg_prove", "-d", "pgtap", "--psql-bin", self.bin("psql"), *files],
            extra=server)
        return proved(code, text, files)

    def tap(self):
        files = self.chosen("test/t", ".pl")
        self.private_installation()
        env = private_install.tap_env({"PATH": os.environ["PATH"]}, self.config,
                                      os.path.dirname(self.bin("psql")),
                                      os.path.join(self.run, "tap"))
        code, text = self.command(
            "tap", ["prove", "-j", jobs(), "--timer", "-I", self.pgxs + "/src/test/perl",
                    "-I", "test/perl", *files], extra=env)
        result = proved(code, text, files)
        result.figures = re.findall(r"^# (\d+ histories, .* a minute)$", text, re.M)
        return result

    def sandbox(self):
        code, text = self.command("sandbox", ["npm", "test"], folder="test/sandbox")
        result = Result(sum(map(int, re.findall(r"^\S+ pass (\d+)\s*$", text, re.M))),
                        sum(map(int, re.findall(r"^\S+ fail (\d+)\s*$", text, re.M))))
        return settle(result, code)

    def fuzz(self):
        seconds = os.environ.get("FUZZ_SECONDS", "5")
        return self.printed_lines("fuzz", f"FUZZ_SECONDS={seconds}")

    def printed_lines(self, part, *words):
        """A make target that prints a line for each test."""
        code, text = self.command(part, ["make", "-s", "-j", jobs(), part, f"PG_CONFIG={self.config}", *words])
        return counted(code, text, r"^(ok|FAIL|not ok)\b", ok="ok")

    # -- how a part is run ---------------------------------------------------------------------

    def installcheck(self, part, wanted, unwanted, folder, ending):
        names = [os.path.basename(f)[:-len(ending)] for f in self.chosen(folder, ending)]
        server = self.running_server()
        code, text = self.command(
            part, ["make", "-s", "installcheck", f"PG_CONFIG={self.config}",
                   f"{wanted}={' '.join(names)}", f"{unwanted}="], extra=server)
        result = Result(len(re.findall(r"^(?:test| ) .*\.\.\. ok\b|^ok \d+", text, re.M)),
                        len(re.findall(r"\.\.\. FAILED|^not ok \d+", text, re.M)))
        if code != 0 and os.path.exists("regression.diffs"):
            shutil.copy("regression.diffs", os.path.join(self.logs, part + ".diffs"))
            with open("regression.diffs", encoding="utf-8", errors="replace") as f:
                result.notes.append(f.read()[:20000])
        return settle(result, code)

    def private_installation(self):
        if not os.path.exists(self.bin("postgres")):
            private_install.install(self.install, "testing", ".")

    def bin(self, name):
        return self.install + private_install.ask(self.config, "--bindir") + "/" + name

    def running_server(self):
        """The server that regress, isolation and pgTAP share; returns its environment."""
        self.private_installation()
        if self.server is None:
            self.server = cluster.Cluster(os.path.join(self.run, "server"),
                                          os.path.dirname(self.bin("psql")))
            # Nothing here may ever reach a real provider: port 9 of this machine answers nobody.
            self.server.create("tasksync.todoist_url = 'http://127.0.0.1:9'\n"
                               "tasksync.todoist_oauth_url = 'http://127.0.0.1:9'\n"
                               "tasksync.public_url = 'https://hub.example/api'\n"
                               "tasksync.redirect_origins = 'https://app.example:8443,http://127.0.0.1'\n",
                               fsync=False)
            self.server.start()
        return self.server.env()

    def chosen(self, folder, ending):
        """The files of a suite, or those of them that were asked for."""
        there = sorted(os.path.join(folder, n) for n in
                       (os.listdir(folder) if os.path.isdir(folder) else [])
                       if n.endswith(ending))
        asked = [f for f in self.files if f.startswith(folder + "/")]
        for name in asked:
            if name not in there:
                raise Failure(f"there is no {name}")
        if not there:
            raise Failure(f"there is no test in {folder}")
        return asked or there

    def command(self, part, words, folder=".", extra=None):
        """Runs words with a deadline; output goes to the part's log and is returned."""
        env = dict(os.environ)
        env["PATH"] = os.path.dirname(self.bin("psql")) + ":" + env["PATH"]
        env["TASKSYNC_TREE"] = os.getcwd()
        env.update(extra or {})
        log = os.path.join(self.logs, part + ".log")
        with open(log, "ab") as out:
            start = out.tell()
            process = subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=subprocess.STDOUT,
                                       start_new_session=True)
            seconds = max(1, min(self.limit, self.deadline - time.monotonic()))
            try:
                code = process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                out.write(f"\nstopped after {seconds:.0f} s\n".encode())
                code = 124
        with open(log, "rb") as f:
            f.seek(start)
            return code, f.read().decode("utf-8", "replace")

    @staticmethod
    def count(result, code):
        if code == 0:
            result.passed += 1
        else:
            result.failed += 1

    def run_part(self, part):
        """One part from heading to verdict, with a look for processes it left behind."""
        self.limit = LIMITS[part]
        began = time.monotonic()
        before = {pid for pid, _ in place.leftovers(self.run)}
        try:
            result = getattr(self, part)()
        except (Failure, SystemExit, subprocess.CalledProcessError) as problem:
            result = Result(failed=1, notes=[str(problem)])
        own = self.server_processes()
        left = wait_for_end(self.run, before | own)
        for pid, words in left:
            result.failed += 1
            result.notes.append(f"left behind: {pid} {words}")
            os.kill(pid, signal.SIGKILL)
        verdict = "ok  " if result.failed == 0 else "FAIL"
        print(f"{verdict} {part:10} {result.passed:5} passed {result.failed:4} failed "
              f"{time.monotonic() - began:7.1f} s", flush=True)
        for line in result.figures:
            print("     " + line)
        if result.failed:
            self.show_failure(part, result)
        return result

    def server_processes(self):
        """The shared server is meant to be there between parts."""
        pidfile = os.path.join(self.run, "server", "data", "postmaster.pid")
        if self.server is None or not os.path.exists(pidfile):
            return set()
        with open(pidfile, encoding="ascii") as f:
            postmaster = int(f.readline())
        children = set()
        for pid, _ in place.leftovers(self.run):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                    if int(f.read().rsplit(")", 1)[1].split()[1]) == postmaster:
                        children.add(pid)
            except OSError:
                pass
        return children | {postmaster}

    def show_failure(self, part, result):
        log = os.path.join(self.logs, part + ".log")
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as f:
                lines = f.read().splitlines()
            for line in lines[-120:]:
                print("     | " + line)
        for note in result.notes:
            for line in note.splitlines():
                print("     > " + line)
        sys.stdout.flush()


class Failure(Exception):
    """A part that cannot run, in words for the person who called."""


def jobs():
    return str(max(2, min(os.cpu_count() or 2, 8)))


def settle(result, code):
    """An exit code that says failure counts even when no line of the output does."""
    if code != 0 and result.failed == 0:
        result.failed = 1
        result.notes.append(f"exit code {code}")
    if code == 0 and result.passed + result.failed == 0:
        result.failed = 1
        result.notes.append("it ran no test")
    return result


def counted(code, text, pattern, ok):
    words = re.findall(pattern, text, re.M)
    return settle(Result(words.count(ok), len(words) - words.count(ok)), code)


def proved(code, text, files):
    """Counts from the summary that prove and pg_prove print."""
    tests = re.search(r"^Files=\d+, Tests=(\d+),", text, re.M)
    total = int(tests.group(1)) if tests else 0
    failed = 0
    for entry in re.findall(r"^\S+ +\(Wstat: .*\)\n(?:  .*\n)*", text, re.M):
        counts = re.search(r"Failed: (\d+)\)", entry)
        failed += max(1, int(counts.group(1)) if counts else 1)
    result = Result(max(0, total - failed), failed)
    if not files or (code == 0 and total == 0):
        result.failed += 1
        result.notes.append("it ran no test")
    return settle(result, code)


def wait_for_end(run, known):
    """A server that was told to stop may need a moment; what is there after 5 s was forgotten."""
    deadline = time.monotonic() + 5
    while True:
        left = [(p, w) for p, w in place.leftovers(run) if p not in known]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def parts_and_files(words):
    parts, files = [], []
    for word in words:
        if word in LIMITS:
            parts.append(word)
            continue
        part = next((p for f, p in FOLDERS.items() if word.startswith(f)), None)
        if part is None:
            raise SystemExit(f"'{word}' is neither a part ({' '.join(LIMITS)}) nor a test file")
        files.append(word)
        parts.append(part)
    if not parts:
        return list(LIMITS), []
    if "build" not in parts and parts != ["lint"]:
        parts.insert(0, "build")
    return [p for p in LIMITS if p in parts], files


def inside(words):
    parts, files = parts_and_files(words)
    suites = Suites(os.environ[place.MARK], files)
    passed = failed = 0
    try:
        for part in parts:
            result = suites.run_part(part)
            passed += result.passed
            failed += result.failed
            if part == "build" and result.failed:
                print("     nothing else can run without a build")
                break
    finally:
        if suites.server is not None:
            suites.server.stop()
    with open(os.path.join(suites.run, "counts"), "w", encoding="ascii") as f:
        f.write(f"{passed} {failed}")
    return 0 if failed == 0 else 1


def outside(words):
    parts_and_files(words)
    run = place.make_run_dir("test")
    passed, failed = 0, 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        place.copy_tree(run)
        place.hand_over(run)
        code = place.run_inside(run, ["python3", "-B", "scripts/dev/test.py", "--inside", *words])
        counts = os.path.join(run, "counts")
        if os.path.exists(counts):
            with open(counts, encoding="ascii") as f:
                passed, failed = map(int, f.read().split())
        failed = max(failed, 1 if code else 0)
    finally:
        for pid, command in place.end_leftovers(run):
            print(f"FAIL left behind: {pid} {command}")
            failed += 1
        if failed == 0:
            place.remove_run_dir(run)
        else:
            for name in ("install", "tree", "home"):
                shutil.rmtree(os.path.join(run, name), ignore_errors=True)
            print(f"logs: {run}/logs")
        print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(inside(sys.argv[2:]))
    sys.exit(outside(sys.argv[1:]))
