"""The processes of doteb as black-box tests see them: PostgreSQL, simulator, control, gateway.

All are real, on free loopback ports, with data in a temporary folder. A daemon that ends with another
code than 0 on SIGTERM fails the test that stops it: that is how sanitizers report.
"""
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import stream_tap

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("DOTEB_BUILD_DIR", ROOT / "build" / "dev")).resolve()
WRAP = os.environ.get("DOTEB_TEST_WRAP", "").split()   # before each daemon: valgrind and its options
PATIENCE = 6 if WRAP else 1
MASTER_KEY = "5a" * 32
PASSWORD = "correct-horse-battery"


def free_port():
    """Below the ports that the kernel gives to outgoing connections: one of those could take it before
    its daemon does."""
    while True:
        port = random.SystemRandom().randrange(12000, 20000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue   # somebody has it


def wait_until(check, seconds=20.0, what="the condition", step=0.02):
    """Calls check() until it returns something true; returns that. Exceptions count as false."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        try:
            value = check()
            if value:
                return value
            last = None
        except (OSError, AssertionError, ValueError) as e:
            last = e
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds} s") from last
        time.sleep(step)


def http(method, url, body=None, headers=None, timeout=10):
    """(status, headers, bytes) of one request; error statuses are answers, too."""
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    req = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    if isinstance(body, (dict, list)):
        req.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(req, timeout=timeout * PATIENCE) as r:
            return r.status, r.headers, r.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


class Process:
    """One program: its environment, log and end."""

    def __init__(self, name, folder):
        self.name, self.folder = name, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / f"{name}.log"
        self.process = None

    def spawn(self, command, env):
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen([str(c) for c in command], env=env, stdout=out,
                                            stderr=out, stdin=subprocess.DEVNULL)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def tail(self, n=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-n:])

    def wait_ready(self, url, seconds=30):
        def ready():
            assert self.alive(), f"{self.name} ended with {self.process.poll()}:\n{self.tail()}"
            return http("GET", url, timeout=2)[0] == 200
        try:
            wait_until(ready, seconds, f"{self.name} ready at {url}")
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.tail()}") from e

    def stop(self, seconds=20):
        if not self.process:
            return
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.name} did not stop in {seconds} s:\n{self.tail()}")
        assert code == 0, f"{self.name} ended with {code}:\n{self.tail()}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def log_events(self, event):
        lines = self.log.read_text(errors="replace").splitlines()
        return [json.loads(x) for x in lines if f'"event":"{event}"' in x]


class Postgres:
    """A cluster of its own. PostgreSQL refuses root: as root it runs as the user postgres."""

    def __init__(self, folder):
        self.bin = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1].parent
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.user = None
        if os.geteuid() == 0:
            self.user = os.environ.get("DOTEB_TEST_PG_USER", "postgres")
            entry = pwd.getpwnam(self.user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            for parent in self.folder.parents:
                if parent.stat().st_uid == 0 and str(parent).startswith("/tmp/"):
                    parent.chmod(0o755)
        self.port = free_port()
        self.data = self.folder / "data"
        self.process = None
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C", "-N")

    def as_owner(self, command):
        lead = ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups"] \
            if self.user else []
        return [str(c) for c in [*lead, *command]]

    def run(self, program, *args):
        done = subprocess.run(self.as_owner([self.bin / program, *args]), cwd=self.folder,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *settings):
        command = self.as_owner(["setpriv", "--pdeathsig", "QUIT", self.bin / "postgres", "-D",
                                 self.data, "-k", self.folder, "-p", self.port,
                                 "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                                 "-c", "full_page_writes=off", "-c", "shared_buffers=64MB",
                                 "-c", "max_connections=100", *settings])
        with open(self.folder / "server.log", "ab") as out:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=out, stderr=out)
        wait_until(lambda: self.query("select 1") == "1", 30, "PostgreSQL")

    def stop(self):
        """At once, as a crash would: clients are cut off."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
            self.process = None

    def url(self, database="postgres"):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def query(self, sql, database="postgres"):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url(database), "-c",
                               sql], capture_output=True, text=True)
        if done.returncode:
            raise ValueError(done.stderr)
        return done.stdout.strip()

    def rows(self, sql, database):
        """Rows as dictionaries."""
        text = self.query(f"select coalesce(json_agg(x), '[]') from ({sql}) x", database)
        return json.loads(text)

    def create_database(self, name, template="template1"):
        self.query(f'create database "{name}" template "{template}"')


class Simulator(Process):
    def __init__(self, folder, *options):
        super().__init__("simulator", folder)
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.base_url = self.root + "/v1"
        self.spawn([BUILD / "tests/simulator/doteb-simulator", "--listen",
                    f"127.0.0.1:{self.port}", *options], os.environ.copy())
        self.wait_ready(self.root + "/healthz")

    def get(self, path):
        status, _, body = http("GET", self.root + path)
        assert status == 200, body
        return json.loads(body)

    def reset(self):
        assert http("POST", self.root + "/_sim/reset", b"")[0] in (200, 204)


class Installation:
    """One database with its operator, and the settings that both daemons share."""

    def __init__(self, pg, database, folder):
        self.pg, self.database, self.folder = pg, database, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.email, self.password = "operator@example.com", PASSWORD
        keep = {k: v for k, v in os.environ.items() if not k.startswith("DOTEB_")}
        self.env = keep | {
            "DOTEB_DATABASE_URL": pg.url(database),
            "DOTEB_MASTER_KEY": MASTER_KEY,
            "DOTEB_CATALOGUE_DIR": str(ROOT / "catalogue"),
            "DOTEB_DASHBOARD_DIR": str(ROOT / "dashboard" / "dist"),
            "DOTEB_BASE_URL_OVERRIDE": "true",
            "DOTEB_BASE_URL_OVERRIDE_PRIVATE": "true",
            "DOTEB_UPSTREAM_ALLOW": "private",
            "DOTEB_LEDGER_FLUSH": "20ms",
            "DOTEB_CONTROL_METRICS_LISTEN": "off",   # a `make up` beside the tests has the usual one
        }

    def command(self, *words, text=None, check=True, env=None):
        done = subprocess.run([str(BUILD / "control/doteb-control"), *map(str, words)],
                              env=self.env | (env or {}), input=text, capture_output=True,
                              text=True, timeout=180)
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout.strip() if check else done

    def create_operator(self):
        self.command("admin", "create", "--email", self.email, "--password-stdin",
                     text=self.password + "\n")

    def create_key(self, name="test", project="Default"):
        return self.command("key", "create", "--project", project, "--name", name)

    def add_provider_key(self, provider, base_url, secret="sk-provider-secret", label="test"):
        self.command("provider-key", "add", "--provider", provider, "--label", label,
                     "--secret-stdin", "--base-url", base_url, text=secret + "\n")

    def query(self, sql):
        return self.pg.query(sql, self.database)

    def rows(self, sql):
        return self.pg.rows(sql, self.database)

    def row_of(self, request_id, seconds=15):
        """The request's row joined with its details, once the ledger has written it."""
        sql = ("select r.*, d.*, m.slug as model, p.slug as provider from requests r "
               "join request_details d using (organisation_id, retention_days, day, request_id) "
               "left join models m using (model_id) left join providers p using (provider_id) "
               f"where request_id = '{request_id}'")
        return wait_until(lambda: self.rows(sql), seconds, f"the row of {request_id}")[0]


class Control(Process):
    def __init__(self, installation, start=True, **settings):
        super().__init__("control", installation.folder)
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.metrics_port = free_port()
        self.env = installation.env | {"DOTEB_CONTROL_LISTEN": f"127.0.0.1:{self.port}",
                                       "DOTEB_CONTROL_METRICS_LISTEN": f"127.0.0.1:{self.metrics_port}",
                                       "DOTEB_PUBLIC_URL": self.root} | settings
        if start:
            self.spawn([*WRAP, BUILD / "control/doteb-control", "serve"], self.env)
            self.wait_ready(self.root + "/readyz")


class Gateway(Process):
    def __init__(self, installation, name="gateway", start=True, **settings):
        super().__init__(name, installation.folder)
        self.installation = installation
        self.port, self.admin_port = free_port(), free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.base_url = self.root + "/v1"
        self.admin = f"http://127.0.0.1:{self.admin_port}"
        stream_tap.watch(self.port)
        self.env = installation.env | {
            "DOTEB_GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "DOTEB_ADMIN_LISTEN": f"127.0.0.1:{self.admin_port}",
            "DOTEB_SPOOL_DIR": str(installation.folder / f"spool-{name}"),
            "DOTEB_WORKERS": "2",
            "DOTEB_INLINE_ALLOW": "private",
            "DOTEB_SHUTDOWN_NOTICE": "0ms",   # no balancer
        } | settings
        self.passage = None
        if start:
            self.start()

    def for_processes(self):
        """Its root for clients in processes of their own: so their streams are judged, too."""
        self.passage = self.passage or stream_tap.Passage(self.port)
        return self.passage.root

    def stop(self, seconds=20):
        if self.passage:
            self.passage.shutdown()
            self.passage.server_close()
            self.passage = None
        super().stop(seconds)

    def start(self, **settings):
        self.spawn([*WRAP, BUILD / "gateway/doteb-gateway"], self.env | settings)
        self.wait_ready(self.admin + "/readyz")

    def metrics(self):
        text = http("GET", self.admin + "/metrics")[2].decode()
        pairs = (x.rsplit(" ", 1) for x in text.splitlines() if x and x[0] != "#")
        return {k: float(v) for k, v in pairs}

    def chat(self, key, body, headers=None, timeout=20):
        """(status, headers, parsed JSON) of one chat completion."""
        status, head, data = http("POST", self.base_url + "/chat/completions", body,
                                  {"Authorization": f"Bearer {key}"} | (headers or {}), timeout)
        return status, head, json.loads(data)


def say(text, model="openai/gpt-4", **more):
    """A chat request of one user message."""
    return {"model": model, "messages": [{"role": "user", "content": text}]} | more


def remove_tree(path):
    shutil.rmtree(path, ignore_errors=True)
