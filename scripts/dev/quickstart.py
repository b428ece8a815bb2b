"""Starts, shows and ends the quickstart; called by scripts/quickstart.

Like the tests it works in a private folder as an unprivileged user (place.py). The file
.tasksync-quickstart in the clone holds the folder's path until it is stopped.
"""

import os
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import cluster
import place
import private_install
from one_project import OneProject
from standin import NAMES, StandIn, until

# Enough for the hub to record them in several portions: a progress bar needs something to show.
TASKS = 2500
EMAIL = "ann@example.com"
DATABASE = "hub"


def heading(text):
    print(f"\n== {text}", flush=True)


# -- what is shown ---------------------------------------------------------------------------------

class Show:
    def __init__(self, run):
        self.run = run
        self.server = None
        self.services = {}
        self.ann = {}

    @property
    def todoist(self):
        return self.services["todoist"]

    def sql(self, text, **variables):
        return self.server.psql(text, DATABASE, variables)

    def start(self):
        heading("Building the extension and a private server")
        bindir = private_install.install(os.path.join(self.run, "install"), "release", ".")
        for service, name in NAMES.items():
            self.services[service] = StandIn(service, self.run)
            print(f"{name + ' stand-in':22} {self.services[service].url}")
        self.server = cluster.Cluster(os.path.join(self.run, "server"), bindir)
        self.server.create(self.settings())
        self.server.start()
        self.server.psql(f"CREATE DATABASE {DATABASE}")
        self.sql("CREATE EXTENSION tasksync")
        print(f"{'PostgreSQL':22} {self.server.folder} (socket only, database {DATABASE})")

    def settings(self):
        """Where the services are; public_url is where Google sends the browser back to."""
        todoist, google, notion = (self.services[s].url for s in NAMES)
        return (f"tasksync.todoist_url = '{todoist}'\n"
                f"tasksync.todoist_oauth_url = '{todoist}/oauth'\n"
                f"tasksync.google_tasks_url = '{google}'\n"
                f"tasksync.google_oauth_url = '{google}/oauth2'\n"
                f"tasksync.google_authorize_url = '{google}/o/oauth2/v2/auth'\n"
                f"tasksync.notion_url = '{notion}'\n"
                "tasksync.public_url = 'https://hub.example'\n")

    def link(self):
        heading(f"Ann has {TASKS} tasks in Todoist; her account is connected and linked")
        person = self.todoist.control("users", {"email": EMAIL, "timezone": "Europe/Berlin"})
        self.todoist.control("seed", {"token": person["token"], "tasks": TASKS + 20, "projects": 12,
                                      "labels": 6, "completed": 20})
        user = self.sql("SELECT tasksync.create_user(:'email')", email=EMAIL)
        account = self.sql(
            "SELECT account_id FROM tasksync.connect_account('todoist', "
            "user_id => :'user', token => :'token')", user=user, token=person["token"])
        self.ann = {**person, "user": user, "account": account}
        self.first_sync()

    def first_sync(self):
        began = time.monotonic()
        bar = ProgressBar()
        watch = self.watch_progress()
        account = self.ann["account"]
        waiting = self.session(f"SELECT tasksync.link_all('{account}') \\g /dev/null\n"
                               f"SELECT tasksync.wait_for_sync('{account}', '60 s');\n")
        while waiting.poll() is None:
            if select.select([watch.stdout], [], [], 0.1)[0]:
                for row in os.read(watch.stdout.fileno(), 65536).decode().splitlines():
                    if row.count("|") == 2:
                        bar.show(*row.split("|"))
        watch.kill()
        watch.wait()
        if waiting.stdout.read().strip() != "t":
            self.explain("the first sync did not finish")
        count = self.sql("SELECT count(*) FROM tasksync.tasks")
        bar.end(int(count))
        print(f"{count} tasks arrived in {time.monotonic() - began:.1f} s")

    def watch_progress(self):
        """A psql that prints the row of sync_progress a hundred times a second."""
        return self.session("SELECT phase, done, total FROM tasksync.sync_progress "
                            f"WHERE account_id = '{self.ann['account']}' \\watch 0.01\n")

    def session(self, text):
        psql = subprocess.Popen(
            [os.path.join(self.server.bindir, "psql"), "-X", "-q", "-A", "-t",
             "-h", self.server.folder, "-p", str(self.server.port), "-U", "postgres",
             "-d", DATABASE, "-f", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        psql.stdin.write(text)
        psql.stdin.close()
        return psql

    def quiet(self):
        if self.sql("SELECT tasksync.wait_for_sync(:'account', '30 s')",
                    account=self.ann["account"]) != "t":
            self.explain("the account did not become quiet")

    def pull(self):
        """There is no webhook here: the hub is told to look instead of waiting its five minutes."""
        self.sql("SELECT tasksync.sync_now(:'account')", account=self.ann["account"])
        self.quiet()

    def let_reading_age(self):
        """Changes that follow a read at once are sent without another one (read_before_write)."""
        until("the last read is older than tasksync.read_before_write", lambda: self.sql(
            "SELECT last_read_at < clock_timestamp() - "
            "current_setting('tasksync.read_before_write')::interval FROM tasksync.schedules "
            "WHERE account_id = :'account'", account=self.ann["account"]) == "t", 30)

    def explain(self, what):
        health = self.sql("SELECT * FROM tasksync.account_health")
        raise SystemExit(f"{what}\n{health}\nserver log: {self.server.log}")

    def linked(self, number):
        """(hub id, Todoist id) of some linked open task at the top of a project."""
        row = self.sql(
            "SELECT t.id, l.remote_id FROM tasksync.tasks t "
            "JOIN tasksync.links l ON l.user_id = t.user_id AND l.hub_id = t.id "
            "WHERE t.status = 'open' AND t.parent_id IS NULL AND t.recurrence IS NULL "
            f"ORDER BY t.created_at, t.id LIMIT 1 OFFSET {number}")
        return row.split("|")

    def both_titles(self, label, task, remote):
        hub = self.sql("SELECT title FROM tasksync.tasks WHERE id = :'id'", id=task)
        there = self.todoist.tasks(self.ann["token"])[remote]["content"]
        sign = "=" if hub == there else "is not"
        print(f"  {label:12} hub '{hub}' {sign} Todoist '{there}'")
        return hub == there

    def change_both_sides(self):
        heading("One task changed here, one changed in Todoist")
        here, here_remote = self.linked(0)
        there, there_remote = self.linked(1)
        began = time.monotonic()
        self.sql("UPDATE tasksync.tasks SET title = 'Changed with SQL', priority = 4 "
                 "WHERE id = :'id'", id=here)
        until("the change is in Todoist", lambda: self.todoist.writes(self.ann["token"]) > 0, 30)
        print(f"  an UPDATE was in Todoist after {1000 * (time.monotonic() - began):.0f} ms")
        self.todoist.edit(self.ann["token"], "item_update", id=there_remote,
                          content="Changed in the Todoist app")
        self.pull()
        same = self.both_titles("changed here", here, here_remote)
        same &= self.both_titles("changed there", there, there_remote)
        self.compare_all(same)

    def compare_all(self, same):
        """Every task of both sides, by id and title."""
        hub = dict(line.split("|", 1) for line in self.sql(
            "SELECT l.remote_id, t.title FROM tasksync.tasks t JOIN tasksync.links l "
            "ON l.user_id = t.user_id AND l.hub_id = t.id WHERE t.status = 'open'").splitlines())
        there = {i: t["content"] for i, t in self.todoist.tasks(self.ann["token"]).items()
                 if not t["checked"]}
        if not same or hub != there:
            self.explain(f"the sides differ: {len(set(hub.items()) ^ set(there.items()))} tasks")
        print(f"  all {len(hub)} open tasks are equal on both sides")

    def conflict(self):
        heading("The same title changed on both sides, with the rule 'manual'")
        task, remote = self.linked(2)
        account = self.ann["account"]
        self.let_reading_age()
        self.sql("UPDATE tasksync.accounts SET policy = '{\"rule\": \"manual\"}' "
                 "WHERE id = :'account'", account=account)
        # Both edits have to be there before anybody syncs, or the first one simply travels.
        self.sql("SELECT tasksync.pause_account(:'account')", account=account)
        self.sql("UPDATE tasksync.tasks SET title = 'Call the plumber at 9' WHERE id = :'id'", id=task)
        self.todoist.edit(self.ann["token"], "item_update", id=remote,
                          content="Call the plumber at 10")
        self.sql("SELECT tasksync.resume_account(:'account')", account=account)
        self.pull()
        found = self.sql("SELECT id, hub ->> 0, remote ->> 0, hub, remote FROM tasksync.conflicts "
                         "WHERE status = 'open' AND hub_id = :'task'", task=task)
        if not found:
            self.explain("no conflict was recorded")
        conflict = found.split("|")[0]
        self.both_titles("in conflict", task, remote)
        self.sql("SELECT tasksync.resolve_conflict(:'id', 'remote')", id=conflict)
        self.quiet()
        print("  SELECT tasksync.resolve_conflict(…, 'remote')")
        if not self.both_titles("resolved", task, remote):
            self.explain("the conflict was not resolved")
        self.sql("UPDATE tasksync.accounts SET policy = '{}' WHERE id = :'account'", account=account)

    def next_steps(self):
        psql = f"psql -h {self.server.folder} -p {self.server.port} -U postgres {DATABASE}"
        heading("It keeps running. Try")
        print(f"""
  {psql}

    SELECT title, due_date, labels FROM tasksync.tasks ORDER BY position LIMIT 10;
    UPDATE tasksync.tasks SET status = 'done' WHERE title = 'Changed with SQL';
    SELECT * FROM tasksync.account_health;
    SELECT * FROM tasksync.sync_runs ORDER BY started_at DESC LIMIT 5;

    SELECT * FROM tasksync.preview_sync('{self.ann['account']}');

  What Ann sees in Todoist:   curl '{self.todoist.url}/_control/state?token={self.ann['token']}'
  Requests the hub made:      curl '{self.todoist.url}/_control/log?token={self.ann['token']}'
  The same for Google Tasks and Notion: {self.services['google_tasks'].url}, {self.services['notion'].url}
  The server's log:           {self.server.log}

  make quickstart-stop        ends both servers and removes {self.run}
""")


class ProgressBar:
    """phase, done, total as a bar on a terminal, as a line per tenth elsewhere."""

    WIDTH = 40

    def __init__(self):
        self.last = None
        self.live = sys.stdout.isatty()

    def show(self, phase, done, total):
        done, total = int(done or 0), int(total or 0)
        share = min(1.0, done / total) if total else 0.0
        filled = int(share * self.WIDTH)
        text = f"  [{'#' * filled}{'.' * (self.WIDTH - filled)}] {phase} {done}/{total or '?'}"
        if self.live:
            print(f"\r{text:78}", end="", flush=True)
        elif (phase, filled // 4) != self.last:
            print(text, flush=True)
        self.last = (phase, filled // 4)

    def end(self, count):
        self.show("finished", count, count)
        if self.live:
            print()


# -- starting and ending ---------------------------------------------------------------------------

def inside():
    show = Show(os.environ[place.MARK])
    began = time.monotonic()
    show.start()
    show.link()
    show.change_both_sides()
    show.conflict()
    OneProject(show).run()
    show.next_steps()
    print(f"quickstart finished in {time.monotonic() - began:.0f} s", flush=True)


def outside():
    stop(quiet=True)
    run = place.make_run_dir("quickstart")
    good = False
    try:
        write_pointer(run)
        place.copy_tree(run)
        place.hand_over(run)
        good = place.run_inside(run, ["python3", "-B", "scripts/dev/quickstart.py", "--inside"]) == 0
    finally:
        if not good:
            show_logs(run)
            stop(quiet=True)
            print("quickstart failed; nothing was left running")
    return 0 if good else 1


def write_pointer(run):
    with open(place.pointer_file(), "w", encoding="utf-8") as f:
        f.write(run + "\n")
    owner = os.stat(place.TREE)
    if os.geteuid() == 0:
        os.chown(place.pointer_file(), owner.st_uid, owner.st_gid)


def show_logs(run):
    for name in [f"{service}.log" for service in NAMES] + ["server/server.log"]:
        path = os.path.join(run, name)
        if os.path.exists(path):
            print(f"-- the end of {name}")
            with open(path, encoding="utf-8", errors="replace") as f:
                print("".join(f.readlines()[-30:]))


def stop(quiet=False):
    pointer = place.pointer_file()
    if not os.path.exists(pointer):
        if not quiet:
            print("no quickstart is running")
        return 0
    with open(pointer, encoding="utf-8") as f:
        run = f.read().strip()
    # Only a folder that this script made, with its own name, is ever removed.
    if re.fullmatch(r".*/tasksync-quickstart-\w+", run) and os.path.isdir(run):
        if os.geteuid() not in (0, os.stat(run).st_uid):
            place.fail("another user started it: stop it as that user or with sudo")
        stop_server(run)
        place.end_leftovers(run)
        place.remove_run_dir(run)
    os.remove(pointer)
    if not quiet:
        print("stopped")
    return 0


def stop_server(run):
    """Politely, with pg_ctl; whatever is left then is ended by its mark."""
    for folder, _, names in os.walk(os.path.join(run, "install")):
        if "pg_ctl" in names and os.path.exists(os.path.join(run, "server/data/postmaster.pid")):
            subprocess.run(place.drop_command() + [
                os.path.join(folder, "pg_ctl"), "-D", os.path.join(run, "server/data"),
                "-m", "fast", "-w", "-t", "20", "stop"], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, cwd="/", check=False)
            return


if __name__ == "__main__":
    if sys.argv[1:] == ["--inside"]:
        inside()
    else:
        sys.exit(stop() if sys.argv[1:] == ["stop"] else outside())
