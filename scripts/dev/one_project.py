"""The quickstart's last act: one project in Todoist, Google Tasks and Notion at once.

Ann connects her Google account through the consent page and her Notion with an internal token,
links one project to a container of each, and edits on each side. Four columns are printed and
compared; what a service cannot show is not compared there, and must survive it here.
"""

from standin import NAMES, until

PROJECT = "Trip to Lisbon"
FIELDS = ("title", "due", "priority", "labels", "status")


def agree(field, cells):
    """None: a side cannot show it. A side that shows only the date agrees with any time of that day."""
    known = [c for c in cells if c is not None]
    if field == "due" and any(len(c) == 10 for c in known):
        return len({c[:10] for c in known}) == 1 and len({c for c in known if len(c) != 10}) <= 1
    return len(set(known)) == 1


class OneProject:
    def __init__(self, show):
        self.show = show
        self.user = show.ann["user"]
        self.tokens = {"todoist": show.ann["token"]}
        self.accounts = {"todoist": show.ann["account"]}
        self.project = None
        self.notion = None

    def run(self):
        self.make_project()
        self.connect_google()
        self.connect_notion()
        print("\n  all three linked; every side shows the same:")
        self.columns()
        self.edit_everywhere()
        print("\n  a title changed in Todoist, a date in Google Tasks, a status and a label in Notion:")
        self.columns()
        self.survivors()

    # -- setting up --------------------------------------------------------------------------------

    def make_project(self):
        self.heading("One project in three services at once")
        sql = self.show.sql
        self.project = sql("INSERT INTO tasksync.projects (user_id, name) VALUES (:'user', :'name') "
                           "RETURNING id", user=self.user, name=PROJECT)
        sql("INSERT INTO tasksync.tasks (user_id, project_id, title, due_date, due_time, due_timezone,"
            " priority, labels) VALUES"
            " (:'user', :'project', 'Book the flight', '2027-05-12', '14:30', 'Europe/Lisbon', 4, '{travel}'),"
            " (:'user', :'project', 'Pack', '2027-05-11', NULL, NULL, 0, '{}'),"
            " (:'user', :'project', 'Water the plants', NULL, NULL, NULL, 2, '{home}')",
            user=self.user, project=self.project)
        self.quiet("todoist")

    def connect_google(self):
        google = self.show.services["google_tasks"]
        person = google.control("users", {"email": "ann@example.com"})
        made = google.edit(person["token"], "list_add", title=PROJECT)
        app = google.control("oauth/apps", {
            "name": "TaskSync quickstart", "redirect_uris": ["https://hub.example/rpc/oauth_callback"]})
        self.show.sql("SELECT tasksync.set_provider_credentials('google_tasks', :'id', :'secret')",
                      id=app["client_id"], secret=app["client_secret"])
        account, link = self.show.sql(
            "SELECT account_id, authorize_url FROM tasksync.connect_account('google_tasks', "
            "user_id => :'user')", user=self.user).split("|")
        print("  connect_account('google_tasks') gave a link; Ann opened it and agreed")
        back = google.agree(link, person["token"])
        self.show.sql("SELECT tasksync.complete_oauth(:'state', :'code')",
                      state=back["state"], code=back["code"])
        self.tokens["google_tasks"] = person["token"]
        self.accounts["google_tasks"] = account
        until("Google is connected", lambda: self.show.sql(
            "SELECT state FROM tasksync.accounts WHERE id = :'a'", a=account) == "active", 30)
        self.link("google_tasks", made["temp_id_mapping"]["made"])

    def connect_notion(self):
        notion = self.show.services["notion"]
        person = notion.control("users", {"email": "ann@example.com"})
        seeded = notion.control("seed", {"token": person["token"], "title": PROJECT, "tasks": 0})
        account = self.show.sql(
            "SELECT account_id FROM tasksync.connect_account('notion', user_id => :'user', "
            "token => :'token')", user=self.user, token=person["token"])
        self.tokens["notion"] = person["token"]
        self.accounts["notion"] = account
        self.quiet("notion")
        self.link("notion", seeded["data_source_id"])

    def link(self, service, remote):
        self.show.sql("SELECT tasksync.link_project(:'a', :'remote', :'project')",
                      a=self.accounts[service], remote=remote, project=self.project)
        self.quiet(service)

    # -- editing -----------------------------------------------------------------------------------

    def remote(self, service, title):
        return self.show.sql(
            "SELECT l.remote_id FROM tasksync.task_links l JOIN tasksync.tasks t "
            "ON t.user_id = l.user_id AND t.id = l.task_id "
            "WHERE l.account_id = :'a' AND t.title = :'title'",
            a=self.accounts[service], title=title)

    def edit_everywhere(self):
        services, tokens = self.show.services, self.tokens
        services["todoist"].edit(tokens["todoist"], "item_update",
                                 id=self.remote("todoist", "Pack"), content="Pack light")
        services["google_tasks"].edit(tokens["google_tasks"], "task_update",
                                      id=self.remote("google_tasks", "Book the flight"), due="2027-05-13")
        services["notion"].edit(tokens["notion"], "page_update",
                                id=self.remote("notion", "Water the plants"),
                                properties={"Status": "Done", "Labels": ["home", "neighbour"]})
        for service in NAMES:
            self.show.sql("SELECT tasksync.sync_now(:'a')", a=self.accounts[service])
        # what one brings goes out to the others at once; twice round is enough to be sure
        for service in [*NAMES, *NAMES]:
            self.quiet(service)

    # -- showing -----------------------------------------------------------------------------------

    def columns(self):
        sides = [("hub", self.hub_side())] + [
            (NAMES[s], getattr(self, s + "_side")()) for s in NAMES]
        rows = sorted(sides[0][1])
        print(f"\n  {'':11}" + "".join(f"{name:19}" for name, _ in sides).rstrip())
        same = True
        for row in rows:
            for field in FIELDS:
                cells = [side.get(row, {}).get(field, "(missing)") for _, side in sides]
                same &= agree(field, cells)
                label = "" if field != "title" else "*"
                print((f"  {label:2}{field:9}" + "".join(
                    f"{('-' if c is None else c) or '·':19}" for c in cells)).rstrip())
        if not same:
            self.show.explain("the four sides differ")

    def hub_side(self):
        rows = self.show.sql(
            "SELECT t.id, t.title, concat_ws(' ', t.due_date, to_char(t.due_time, 'HH24:MI')), "
            "t.priority, array_to_string(t.labels, ' '), t.status FROM tasksync.tasks t "
            "WHERE t.project_id = :'project'", project=self.project)
        return {r.split("|")[0]: dict(zip(FIELDS, r.split("|")[1:])) for r in rows.splitlines()}

    def side(self, service, read):
        """hub id -> fields, of the linked tasks; None: the service cannot show it."""
        there = self.show.services[service].tasks(self.tokens[service])
        links = self.show.sql("SELECT task_id, remote_id FROM tasksync.task_links WHERE account_id = :'a'",
                              a=self.accounts[service])
        pairs = [line.split("|") for line in links.splitlines()]
        return {hub: dict(zip(FIELDS, read(there[remote]))) for hub, remote in pairs if remote in there}

    def todoist_side(self):
        def read(task):
            due = ((task["due"] or {}).get("date") or "").replace("T", " ")[:16]
            zone = (task["due"] or {}).get("timezone")
            # a time with a zone is told in UTC
            if zone and due:
                due = self.show.sql("SELECT to_char((:'d' || '+00')::timestamptz AT TIME ZONE :'z',"
                                    " 'YYYY-MM-DD HH24:MI')", d=due, z=zone)
            return (task["content"], due, str({1: 0, 2: 1, 3: 2, 4: 4}[task["priority"]]),
                    " ".join(sorted(task["labels"])), "done" if task["checked"] else "open")
        return self.side("todoist", read)

    def google_tasks_side(self):
        def read(task):
            return (task["title"], (task.get("due") or "")[:10], None, None,
                    "done" if task["status"] == "completed" else "open")
        return self.side("google_tasks", read)

    def notion_side(self):
        def read(page):
            plain = page["plain"]
            due = plain.get("Due") or ""
            due = (due.get("start") or "") if isinstance(due, dict) else due
            return (page["title"], due.replace("T", " ")[:16],
                    str({None: 0, "Low": 1, "Medium": 2, "High": 3, "Urgent": 4}[plain.get("Priority")]),
                    " ".join(sorted(plain.get("Labels") or [])),
                    "done" if plain.get("Status") == "Done" else "open")
        return self.side("notion", read)

    def survivors(self):
        kept = self.show.sql(
            "SELECT concat_ws(' ', due_date, to_char(due_time, 'HH24:MI'), due_timezone), priority, labels "
            "FROM tasksync.tasks WHERE project_id = :'project' AND title = 'Book the flight'",
            project=self.project)
        if kept != "2027-05-13 14:30 Europe/Lisbon|4|{travel}":
            self.show.explain(f"Google Tasks changed more than the date: {kept}")
        print("\n  Google Tasks knows neither times nor priorities nor labels: the flight moved by a day\n"
              f"  there and still is at {kept.replace('|', ', ')}")

    # -- small things ------------------------------------------------------------------------------

    def heading(self, text):
        print(f"\n== {text}", flush=True)

    def quiet(self, service):
        if self.show.sql("SELECT tasksync.wait_for_sync(:'a', '30 s')", a=self.accounts[service]) != "t":
            self.show.explain(f"{NAMES[service]} did not become quiet")
