"""Runs the benchmarks in a private folder with a release build; called by scripts/bench."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import place
import private_install


def inside(names):
    run = os.environ[place.MARK]
    config = private_install.find_pg_config()
    pgxs = private_install.pgxs_folder(config)
    bindir = private_install.install(os.path.join(run, "install"), "release", ".")
    env = private_install.tap_env(dict(os.environ), config, bindir, os.path.join(run, "bench"))
    env["PG_CONFIG"] = config
    folder = os.path.join("test", "bench")
    scripts = sorted(n for n in os.listdir(folder) if n.endswith(".pl"))
    chosen = [s for s in scripts if not names or any(n in s for n in names)]
    if not chosen:
        raise SystemExit(f"no benchmark of that name: {' '.join(scripts)}")
    print(f"{'NAME':46} {'measured':>14} {'bound':>14} verdict", flush=True)
    failed = 0
    for script in chosen:
        failed += subprocess.run(
            ["perl", "-I", pgxs + "/src/test/perl", "-I", "test/perl",
             os.path.join(folder, script)], env=env, stdin=subprocess.DEVNULL,
            check=False).returncode != 0
    return 1 if failed else 0


def outside(names):
    run = place.make_run_dir("bench")
    try:
        place.copy_tree(run)
        place.hand_over(run)
        return place.run_inside(run, ["python3", "-B", "scripts/dev/bench.py", "--inside", *names])
    finally:
        place.end_leftovers(run)
        place.remove_run_dir(run)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(inside(sys.argv[2:]))
    sys.exit(outside(sys.argv[1:]))
