"""Nobody's edit is lost (ETag, If-Match), and a create that is sent twice is made once (Idempotency-Key)."""
import json
import subprocess
import threading
import uuid

import pytest

from control_client import DOCUMENT, Script
from harness import Control, wait_until
from tenants import World, make_people

P = "/api/v1/organisations/{org}/projects/{project}"
EDITS = [p for p, item in DOCUMENT["paths"].items() if "patch" in item and "{org}" in p]
TYPES = {kind: f"urn:doteb:problem:{kind}" for kind in ("changed", "in-progress", "key-reused", "bad-request")}


@pytest.fixture(scope="module")
def people(control, installation):
    return make_people(control, installation)


@pytest.fixture(scope="module")
def world(installation, people):
    return World(installation, people)


@pytest.fixture(scope="module")
def owner(people):
    return people["owner"]


def read(owner, world, path):
    """The thing of the path, from itself or from its list."""
    if path == world.path:
        return owner.get(path)
    parent, _, name = path.rpartition("/")
    return next(x for x in owner.all(parent) if name in (x.get("id"), x.get("user", {}).get("id")))


def match(tag):
    return {"If-Match": f'"{tag}"'}


@pytest.mark.parametrize("route", EDITS)
def test_an_edit_of_what_has_changed_is_refused(route, world, owner, installation):
    path, body = world.concrete(route), lambda: world.body("PATCH", route, owner)
    if route.endswith("/api-keys/{id}"):
        body = lambda: {"name": uuid.uuid4().hex}  # noqa: E731
    read_first = read(owner, world, path)
    status, changed = owner.call("PATCH", path, body(), match(read_first["etag"]))
    assert status == 200 and owner.headers["etag"] == f'"{changed["etag"]}"'
    assert changed == read(owner, world, path) and changed["etag"] != read_first["etag"]
    rows = f"select count(*) from audit_log where organisation_id = '{world.org}'"
    before = installation.query(rows)
    for stale in (match(read_first["etag"]), match("x"), {"If-Match": ""}, {"If-Match": f'W/"{changed["etag"]}"'}):
        status, answer = owner.call("PATCH", path, body(), stale)
        assert (status, answer["type"], answer["field"]) == (412, TYPES["changed"], "If-Match"), stale
    assert read(owner, world, path) == changed and installation.query(rows) == before
    for good in ({"If-Match": changed["etag"]}, {"If-Match": "*"}):
        assert owner.call("PATCH", path, {k: changed[k] for k in body() if k in changed} or body(), good)[0] == 200
    good = {"If-Match": f'"other", "{read(owner, world, path)["etag"]}"'}
    assert owner.call("PATCH", path, body(), good)[0] == 200


def test_what_usage_counts_is_no_edit(world, owner, installation):
    path = world.concrete(P)
    tag = read(owner, world, path)["etag"]
    world.make_key(owner, "one more")
    assert read(owner, world, path)["etag"] == tag
    assert owner.call("PATCH", path, {"name": "counted"}, match(tag))[0] == 200


def test_removing_and_acting_ask_too(world, owner):
    key = world.make_key(owner, "to go")
    path = f"{world.path}/projects/{world.project}/api-keys/{key['id']}"
    assert owner.call("PATCH", path, {"name": "changed"})[0] == 200
    for method, where in (("DELETE", path), ("POST", path + "/rotate")):
        status, answer = owner.call(method, where, {} if method == "POST" else None, match(key["etag"]))
        assert (status, answer["type"]) == (412, TYPES["changed"])
    now = read(owner, world, path)
    assert (now["name"], now["last4"]) == ("changed", key["last4"])
    status, rotated = owner.call("POST", path + "/rotate", {}, match(now["etag"]))
    assert status == 200 and rotated["etag"] == read(owner, world, path)["etag"]
    assert owner.call("DELETE", path, None, match(rotated["etag"]))[0] == 204


def test_an_account_is_edited_the_same_way(owner):
    owner.get("/api/v1/account")
    tag = owner.headers["etag"]
    assert owner.call("PATCH", "/api/v1/account", {"name": uuid.uuid4().hex}, {"If-Match": tag})[0] == 200
    assert owner.headers["etag"] != tag
    assert owner.call("PATCH", "/api/v1/account", {"name": "x"}, {"If-Match": tag})[0] == 412


def together(calls):
    """Answers of calls that start as one."""
    start, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(n):
        start.wait()
        answers[n] = calls[n]()
    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return answers


def test_of_edits_at_once_one_wins(world, owner, control):
    token = world.make_token(["projects"], "owner")["token"]
    path = world.concrete(P)
    for _ in range(8):
        tag = read(owner, world, path)["etag"]
        answers = together([lambda: Script(control, token).call("PATCH", path, {"name": uuid.uuid4().hex}, match(tag))
                            for _ in range(4)])
        assert sorted(a[0] for a in answers) == [200, 412, 412, 412]
        won = next(a[1] for a in answers if a[0] == 200)
        assert read(owner, world, path) == won


# ---------------------------------------------------------------- idempotency keys

CREATES = [(p, item["post"]) for p, item in DOCUMENT["paths"].items()
           if "post" in item and not p.endswith("/archive") and
           any(q.get("$ref", "").endswith("/IdempotencyKey") for q in item["post"].get("parameters", []))]


def once():
    return {"Idempotency-Key": uuid.uuid4().hex}


def counted(installation):
    return installation.query("select count(*) from audit_log")


@pytest.mark.parametrize("route", [p for p, _ in CREATES])
def test_the_same_create_again_gives_the_same_answer(route, world, owner, installation):
    path, body, key = world.concrete(route), world.body("POST", route, owner), once()
    first = owner.raw("POST", path, body, key)
    assert first[0] in (200, 201) and "idempotency-replayed" not in first[1], first
    before = counted(installation)
    again = owner.raw("POST", path, body, key)
    assert (again[0], again[2]) == (first[0], first[2])
    assert (again[1]["idempotency-replayed"], again[1].get("etag")) == ("true", first[1].get("etag"))
    assert counted(installation) == before
    status, answer = owner.call("POST", path, (body or {}) | {"name": "other"} if body is not None else None,
                                key) if body is not None else (422, {"type": TYPES["key-reused"]})
    assert (status, answer["type"]) == (422, TYPES["key-reused"])


def test_archiving_again_is_shut_out(world, installation, people):
    """The answer is kept, but an archived organisation opens to nobody."""
    gone = World(installation, people)
    key = once()
    assert people["owner"].call("POST", gone.path + "/archive", {"name": gone.name}, key)[0] == 204
    assert people["owner"].call("POST", gone.path + "/archive", {"name": gone.name}, key)[0] == 404


def test_a_kept_answer_is_sealed_bound_to_its_caller_and_ends(world, owner, people, installation, control):
    path, body, key = world.path + f"/projects/{world.project}/api-keys", {"name": "kept"}, once()
    made = owner.call("POST", path, body, key)[1]
    stored = installation.query("select encode(answer_sealed, 'hex') || key_hash::text from idempotent_answers "
                                "order by created_at desc limit 1")
    assert len(stored) > 2 * len(json.dumps(made))
    for text in (made["key"], made["id"], '"name"', key["Idempotency-Key"]):
        assert text not in stored and text.encode().hex() not in stored
    # Another person's key of that name, and a token's, are others.
    assert people["admin"].call("POST", path, body, key)[1]["id"] != made["id"]
    script = Script(control, world.make_token(["keys"], "owner")["token"])
    theirs = script.call("POST", path, body, key)[1]
    assert theirs["id"] != made["id"] and script.call("POST", path, body, key)[1] == theirs
    # Whoever may no longer make it does not get it again.
    installation.query(f"update management_tokens set scopes = '{{read}}' where organisation_id = '{world.org}'")
    assert script.call("POST", path, body, key)[0] == 403
    installation.query("update idempotent_answers set created_at = now() - interval '25 hours'")
    later = owner.call("POST", path, body, key)[1]
    assert later["id"] != made["id"] and owner.call("POST", path, body, key)[1] == later


def test_what_was_refused_is_not_kept(world, owner):
    key = once()
    assert owner.call("POST", world.path + "/projects", {"name": ""}, key)[0] == 422
    assert owner.call("POST", world.path + "/projects", {"name": uuid.uuid4().hex}, key)[0] == 201


@pytest.mark.parametrize("bad", ["", "a" * 256, "\t", "\x7f", "café"])
def test_keys_that_are_none(bad, world, owner):
    status, answer = owner.call("POST", world.path + "/projects", {"name": "x"}, {"Idempotency-Key": bad})
    assert (status, answer["type"], answer["field"]) == (400, TYPES["bad-request"], "Idempotency-Key")


def test_creates_at_once_make_one(world, owner, control, installation):
    token = world.make_token(["projects"], "owner")["token"]
    for _ in range(5):
        name, key = uuid.uuid4().hex, once()
        answers = together([lambda: Script(control, token).call("POST", world.path + "/projects", {"name": name}, key)
                            for _ in range(6)])
        assert {a[0] for a in answers} <= {201, 409}
        assert {a[1]["type"] for a in answers if a[0] == 409} <= {TYPES["in-progress"]}
        made = {json.dumps(a[1]) for a in answers if a[0] == 201}
        assert len(made) == 1 and installation.query(f"select count(*) from projects where name = '{name}'") == "1"


def test_one_under_way_is_refused(world, owner, installation):
    """A create that waits for a lock holds its key: the same meanwhile is told so."""
    path, key, body = world.path + "/projects", once(), {"name": uuid.uuid4().hex}
    other = subprocess.Popen(["psql", "-XAtq", installation.pg.url(installation.database)], stdin=subprocess.PIPE, text=True)
    waiting = threading.Thread(target=lambda: owner.call("POST", path, body, key))
    locks = "select count(*) from pg_locks where relation = 'projects'::regclass and {}"
    try:
        print("begin; lock table projects in share mode;", file=other.stdin, flush=True)
        wait_until(lambda: installation.query(locks.format("mode = 'ShareLock'")) == "1", 10, "the lock")
        waiting.start()
        wait_until(lambda: installation.query(locks.format("not granted")) == "1", 10, "the wait")
        status, answer = owner.call("POST", path, body, key)
    finally:
        other.communicate("rollback;\n")
    waiting.join()
    assert (status, answer["type"]) == (409, TYPES["in-progress"])
    assert owner.call("POST", path, body, key)[0] == 201


def test_housekeeping_wipes_kept_answers(world, owner, installation, control):
    owner.call("POST", world.path + "/projects", {"name": uuid.uuid4().hex}, once())
    installation.query("update idempotent_answers set created_at = now() - interval '25 hours'")
    second = Control(installation)   # a daemon keeps house as it starts
    try:
        wait_until(lambda: installation.query("select count(*) from idempotent_answers") == "0", 10, "the purge")
    finally:
        second.stop()
