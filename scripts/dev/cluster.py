"""A private PostgreSQL cluster: own folder, own socket, own key file, no TCP."""

import os
import subprocess

SETTINGS = """
# Private development server: no TCP, the socket is in this folder, which only its owner enters.
shared_preload_libraries = 'tasksync'
listen_addresses = ''
port = {port}
unix_socket_directories = '{folder}'
max_worker_processes = 16
max_connections = 60
log_min_messages = info
log_line_prefix = '%m [%p] %b '
tasksync.key_file = '{folder}/keyfile'
tasksync.allow_private_hosts = on
"""


# Without TCP the port is a part of the socket's name only; not 5432, so that a forgotten -h finds
# nobody instead of somebody else's server.
PORT = 54329


class Cluster:
    def __init__(self, folder, bindir):
        self.folder = os.path.abspath(folder)
        self.bindir = bindir
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "server.log")
        self.port = PORT

    def tool(self, name, *words, **options):
        options.setdefault("check", True)
        return subprocess.run([os.path.join(self.bindir, name), *words],
                              stdin=subprocess.DEVNULL, **options)

    def create(self, settings="", fsync=True):
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        # trust is enough behind a folder of mode 0700 and without TCP.
        self.tool("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-N",
                  "-E", "UTF8", "--locale=C.UTF-8", stdout=subprocess.DEVNULL)
        make_key_file(os.path.join(self.folder, "keyfile"))
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as f:
            f.write(SETTINGS.format(port=self.port, folder=self.folder))
            f.write("" if fsync else "fsync = off\n")
            f.write(settings)

    def start(self):
        started = self.tool("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "60", "start",
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False)
        if started.returncode != 0:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                raise SystemExit("the private server did not start:\n" + f.read()[-4000:])

    def stop(self):
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            self.tool("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "60", "stop",
                      stdout=subprocess.DEVNULL, check=False)

    def env(self):
        """What libpq needs to reach this server and no other."""
        return {"PGHOST": self.folder, "PGPORT": str(self.port), "PGUSER": "postgres",
                "PGDATABASE": "postgres"}

    def psql(self, sql, database="postgres", variables=None):
        """Runs SQL that may use :'name' for each variable; returns unaligned rows as text."""
        words = []
        for name, value in (variables or {}).items():
            words += ["-v", f"{name}={value}"]
        done = subprocess.run(
            [os.path.join(self.bindir, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
             "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-d", database,
             *words, "-f", "-"],
            input=sql, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"SQL failed on the private server:\n{sql}\n{done.stderr}")
        return done.stdout.strip()


def make_key_file(path):
    """The one-line command of the documentation, nothing else."""
    subprocess.run(["sh", "-c", 'umask 077 && head -c 32 /dev/urandom > "$1"', "sh", path],
                   check=True)
