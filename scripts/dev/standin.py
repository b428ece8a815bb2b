"""The stand-ins for the services, as the quickstart uses them: a process that stays, and calls of its
control interface."""

import json
import os
import re
import subprocess
import time
import urllib.parse
import urllib.request
import uuid

NAMES = {"todoist": "Todoist", "google_tasks": "Google Tasks", "notion": "Notion"}


class StandIn:
    def __init__(self, service, folder):
        self.service = service
        self.log = os.path.join(folder, service + ".log")
        with open(self.log, "wb") as out:
            # A session of its own: it stays when this script and its terminal go.
            self.process = subprocess.Popen(
                ["node", f"test/sandbox/{service}/main.js", "--port", "0"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.url = until(f"the {NAMES[service]} stand-in listens", self.listening, 20)

    def listening(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            found = re.search(r"listening on (http:\S+)", f.read())
        return found and found.group(1)

    def control(self, path, body=None):
        request = urllib.request.Request(
            f"{self.url}/_control/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def edit(self, token, kind, **arguments):
        """What Ann does in the service's app."""
        return self.control("edit", {"token": token, "commands": [
            {"type": kind, "uuid": str(uuid.uuid4()), "temp_id": "made", "args": arguments}]})

    def writes(self, token):
        """How many requests of the hub held commands."""
        requests = self.control(f"log?token={token}")["requests"]
        return sum(1 for r in requests if r.get("commands"))

    def tasks(self, token):
        """id -> task, the ones that are there."""
        state = self.control(f"state?token={token}")
        gone = ("is_deleted", "deleted", "in_trash")
        return {i["id"]: i for i in state.get("items", state.get("pages"))
                if not any(i.get(g) for g in gone)}

    def agree(self, authorize_url, token):
        """Ann opens the link and presses the button: where the service then sends her browser."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(authorize_url).query))
        answer = self.control("oauth/approve", {"token": token, "request": query})
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer["location"]).query))


def until(what, condition, seconds):
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up waiting: {what}")
        time.sleep(0.01)
