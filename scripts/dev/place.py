"""Where development servers live: a private folder, an unprivileged user, nothing left behind.

Every run works on a copy of the clone in a folder of its own below TMPDIR. Two reasons: called
as root, the work is done by a user who may not be able to read the clone (/root) and must not
leave files of somebody else in it; and a test build never meets the objects of a release build.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Every process started for a run carries this variable with the run's folder: that is how the
# run finds what it left behind, and only that.
MARK = "TASKSYNC_RUN_DIR"

# As root the work is done by nobody rather than by postgres: the user postgres may own a
# database that matters, and could reach it over its socket.
UNPRIVILEGED = "nobody"


def make_run_dir(purpose):
    """A new folder NAME/{tree,home,tmp}; short, because socket paths end at 107 bytes."""
    run = tempfile.mkdtemp(prefix=f"tasksync-{purpose}-", dir=os.environ.get("TMPDIR", "/tmp"))
    os.chmod(run, 0o755)
    for name in ("tree", "home", "tmp"):
        os.mkdir(os.path.join(run, name))
    return run


def copy_tree(run):
    """What git would commit plus the npm packages; neither build output nor ignored files."""
    target = os.path.join(run, "tree")
    git = ["git", "-c", f"safe.directory={TREE}", "-C", TREE]
    listed = subprocess.run(
        git + ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        stdout=subprocess.PIPE, check=True).stdout.split(b"\0")
    names = [n for n in listed if n and os.path.lexists(os.path.join(TREE.encode(), n))]
    for folder in sorted(os.listdir(os.path.join(TREE, "test"))):
        modules = os.path.join("test", folder, "node_modules")
        if os.path.isdir(os.path.join(TREE, modules)):
            names.append(modules.encode())
    pack = subprocess.Popen(["tar", "-C", TREE, "--null", "-T", "-", "-c"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    unpack = subprocess.Popen(["tar", "-C", target, "--no-same-owner", "-x"], stdin=pack.stdout)
    pack.stdout.close()
    pack.stdin.write(b"\0".join(names))
    pack.stdin.close()
    if pack.wait() != 0 or unpack.wait() != 0:
        raise SystemExit("the clone could not be copied to " + target)


def user_env(run):
    """A small environment: no PG*, proxy or language setting of the caller changes a result."""
    env = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": os.path.join(run, "home"),
        "TMPDIR": os.path.join(run, "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "NO_UPDATE_NOTIFIER": "1",
        MARK: run,
    }
    for name in ("CI", "PG_CONFIG", "CC", "FUZZ_SECONDS", "TORTURE_SEEDS", "TORTURE_FIRST",
                 "MACHINE_HISTORIES", "MACHINE_SEED",
                 "SEED", "HISTORIES", "STEPS", "TERM", "COLUMNS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return env


def drop_command():
    """The words to put before a command so that it does not run as root."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(UNPRIVILEGED)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def hand_over(run):
    """Gives the folder to the user who will work in it."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", run], check=True)


def reachable_path(path, drop):
    """PATH without the folders that the unprivileged user cannot enter (/root/...)."""
    if not drop:
        return path
    keep = [p for p in path.split(":")
            if p and subprocess.run(drop + ["test", "-x", p], check=False).returncode == 0]
    return ":".join(keep)


def run_inside(run, argv):
    """Runs argv in the copied tree as the unprivileged user; returns the exit code."""
    drop = drop_command()
    env = user_env(run)
    env["PATH"] = reachable_path(env["PATH"], drop)
    return subprocess.run(drop + argv, cwd=os.path.join(run, "tree"), env=env,
                          stdin=subprocess.DEVNULL, check=False).returncode


def leftovers(run):
    """Processes of this run other than the caller: a list of (pid, command line)."""
    found = []
    needle = f"{MARK}={run}".encode()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as f:
                if needle not in f.read().split(b"\0"):
                    continue
            with open(f"/proc/{name}/cmdline", "rb") as f:
                command = f.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
            with open(f"/proc/{name}/stat", "rb") as f:
                state = f.read().rsplit(b")", 1)[1].split()[0]
        except OSError:
            continue
        if state != b"Z":
            found.append((int(name), command))
    return found


def end_leftovers(run):
    """Ends what is left, politely first. Returns what was there."""
    found = leftovers(run)
    for sig, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        for pid, _ in leftovers(run):
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + patience
        while leftovers(run) and time.monotonic() < deadline:
            time.sleep(0.05)
    return found


def remove_run_dir(run):
    shutil.rmtree(run, ignore_errors=True)


def pointer_file():
    """The file in the clone that says where the quickstart's folder is."""
    return os.path.join(TREE, ".tasksync-quickstart")


def fail(message):
    print(message, file=sys.stderr)
    raise SystemExit(1)
