"""The master key is changed while traffic runs, and people are let in again who lost their way in."""
import threading
import time

import pytest

from control_client import Person
from harness import MASTER_KEY, Control, Gateway, say, wait_until

NEW = "ab" * 32
BOTH = {"DOTEB_MASTER_KEY": f"{NEW},{MASTER_KEY}"}
LAST = {"DOTEB_MASTER_KEY": NEW}
PLACES = (("instance", "pepper_sealed"), ("organisations", "data_key_sealed"),
          ("second_factors", "secret_sealed"), ("outbox", "text_sealed"))


class Load:
    """Chats at about `rate` a second on each of the gateways in turn, and what became of them."""

    def __init__(self, gateways, key, rate=200, threads=16):
        self.gateways, self.key, self.pause = gateways, key, threads / rate
        self.answers, self.over = [], threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(threads)]

    def run(self, n):
        due = time.monotonic()
        while not self.over.is_set():
            try:
                self.answers.append(self.gateways[n % len(self.gateways)].chat(self.key, say("hello"))[0])
            except OSError as why:
                self.answers.append(repr(why))
            due = max(due + self.pause, time.monotonic() - 1)
            self.over.wait(max(0, due - time.monotonic()))

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for t in self.threads:
            t.join()

    def some_more(self, n=100):
        have = len(self.answers)
        wait_until(lambda: len(self.answers) >= have + n, 30, "traffic")


def sealed_by(installation):
    """{place: ids of the master keys}."""
    return {table: set(installation.query(
        f"select distinct encode(substring({column} from 2 for 8), 'hex') from {table}").split())
        for table, column in PLACES}


def rotate(installation, env, check=True):
    return installation.command("master-key", "rotate", env=env, check=check)


def test_rotation_under_load(installation, simulator, key):
    installation.add_provider_key("openai", simulator.base_url, "sk-second", "second")
    control = Control(installation)
    Person(control, installation.email).call("POST", "/api/v1/account/second-factor", {"password": installation.password})
    control.stop()
    old = sealed_by(installation)
    assert len(old["instance"]) == len(old["second_factors"]) == 1
    gateways = [Gateway(installation, f"gateway-{n}", **BOTH) for n in (1, 2)]
    control = Control(installation, **BOTH)
    owner = Person(control, installation.email)
    made = owner.call("POST", owner.keys_path, {"name": "to revoke"})[1]
    second = next(k for k in owner.get(owner.org_path + "/provider-keys")["items"] if k["label"] == "second")
    exchange = f"{owner.org_path}/provider-keys/{second['id']}/rotation"
    try:
        assert owner.call("POST", exchange, {"secret": "sk-third"})[0] == 200   # waits, sealed, meanwhile
        for gateway in gateways:
            wait_until(lambda: gateway.chat(made["key"], say("hello"))[0] == 200, 5, "the new key")
        with Load(gateways, key) as load:
            load.some_more()
            said = rotate(installation, BOTH)
            load.some_more()
            assert owner.call("DELETE", f"{owner.keys_path}/{made['id']}")[0] == 204
            for gateway in gateways:
                wait_until(lambda: gateway.chat(made["key"], say("hello"))[0] == 401, 1, "the revoked key's end")
            for disabled in (True, False):
                status, _ = owner.call("PATCH", f"{owner.org_path}/provider-keys/{second['id']}", {"disabled": disabled})
                assert status == 200
                load.some_more()
            assert owner.call("POST", "/api/v1/organisations", {"name": "their own, made meanwhile"})[0] == 201
            load.some_more()
        assert set(load.answers) == {200}, {a: load.answers.count(a) for a in set(load.answers)}
        new = sealed_by(installation)
        assert len({i for ids in new.values() for i in ids}) == 1 and not new["instance"] & old["instance"]
        assert "may be removed" in said and "the instance's pepper: 1 re-sealed" in said
        # Again: there is nothing left to do.
        assert "the instance's pepper: 0 re-sealed" in rotate(installation, LAST)
        assert installation.query("select count(*) from audit_log where action = 'master_key.rotate'") == "1"
    finally:
        control.stop()
        for gateway in gateways:
            gateway.stop()
    # The old one goes: everything opens with the new one alone, and nothing with the old.
    gateways[0].start(**LAST)
    control = Control(installation, **LAST)
    try:
        owner = Person(control, installation.email)
        fresh = owner.call("POST", owner.keys_path, {"name": "after"})[1]["key"]
        for each in (key, fresh):
            wait_until(lambda: gateways[0].chat(each, say("hello"))[0] == 200, 5, "the key")
        # The secret that waited opens, and after the switch the one that is kept.
        assert owner.call("POST", exchange + "/switch")[0] == 200
        for what, method in (("", "DELETE"), (None, None)):
            status, check = owner.call("POST", exchange.removesuffix("rotation") + "check")
            assert (status, check["outcome"]) == (200, "ok")
            if method:
                assert owner.call(method, exchange + what)[0] == 200
    finally:
        control.stop()
        gateways[0].stop()
    done = installation.command("key", "create", "--project", "Default", "--name", "x", check=False)
    assert done.returncode == 1 and "does not open this database" in done.stderr


def test_a_key_that_opens_nothing_is_no_rotation(installation):
    before = sealed_by(installation)
    done = rotate(installation, {"DOTEB_MASTER_KEY": "cd" * 32}, check=False)
    assert done.returncode == 1 and "is not in DOTEB_MASTER_KEY" in done.stderr and "may be removed" not in done.stdout
    assert sealed_by(installation) == before
    # Interrupted halfway, it goes on where it stopped: back to the first key, in two runs.
    installation.query("update organisations set data_key_sealed = '\\x01' where name = 'their own, made meanwhile'")
    back = {"DOTEB_MASTER_KEY": f"{MASTER_KEY},{NEW}"}
    done = rotate(installation, back, check=False)
    assert done.returncode == 1 and "1 that none of the keys opens" in done.stdout
    installation.query("update organisations set data_key_sealed = (select data_key_sealed from organisations "
                       "where is_operator) where name = 'their own, made meanwhile'")
    assert "may be removed" in rotate(installation, {"DOTEB_MASTER_KEY": MASTER_KEY})


@pytest.fixture
def locked_out(installation, control):
    """A person with a session and a second factor."""
    person = Person(control, installation.email)
    installation.query("insert into second_factors (user_id, secret_sealed, confirmed_at) values "
                       f"('{person.session['user']['id']}', '\\x00', now()) on conflict (user_id) do update set confirmed_at = now()")
    return person


def test_recovery_by_link(installation, control, locked_out):
    link = installation.command("admin", "recover", "--email", installation.email.upper())
    assert link.startswith("http") and "/reset/finish#" in link
    assert locked_out.call("GET", "/api/v1/session")[0] == 401
    body = {"token": link.split("#")[1], "password": "a new long password"}
    assert Person(control).call("POST", "/api/v1/password-reset/finish", body)[0] == 204
    assert Person(control).call("POST", "/api/v1/password-reset/finish", body)[0] == 410
    assert Person(control, installation.email, "a new long password").session["user"]["email"] == installation.email
    assert installation.query("select count(*) from second_factors") == "0"
    assert installation.query("select actor_kind from audit_log where action = 'admin.recover'") == "cli"
    assert installation.command("admin", "recover", "--email", installation.email, "--password-stdin",
                                text=installation.password + "\n") == ""


def test_recovery_by_password(installation, control, locked_out):
    recover = ["admin", "recover", "--email", installation.email, "--password-stdin"]
    short = installation.command(*recover, text="short\n", check=False)
    assert short.returncode == 1 and locked_out.call("GET", "/api/v1/session")[0] == 200
    installation.command(*recover, text="another long password\n")
    assert locked_out.call("GET", "/api/v1/session")[0] == 401
    assert Person(control, installation.email, "another long password").session
    unknown = installation.command("admin", "recover", "--email", "nobody@example.com", check=False)
    assert unknown.returncode == 1 and "no working account" in unknown.stderr
