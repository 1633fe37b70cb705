"""Live rows of the request log as server-sent events: to whom they come, through which filter, what
a reconnect gets, and what ends a stream."""
import datetime as dt
import http.client
import json
import queue
import threading
import urllib.parse
import uuid

import pytest

from control_client import Person, add_organisation, add_user

WAIT = 20


def uuid7(at):
    ms = int(at.timestamp() * 1000)
    return str(uuid.UUID(int=(ms << 80) | (7 << 76) | (2 << 62) | (uuid.uuid4().int & ((1 << 62) - 1))))


class Viewer:
    """An EventSource: events as (name, id, data) in a queue, None at the stream's end."""

    def __init__(self, person, org=None, last=None, **query):
        self.events, self.last = queue.Queue(), last
        path = f"/api/v1/organisations/{org or person.org}/requests/events"
        if query:
            path += "?" + urllib.parse.urlencode(query)
        self.connection = http.client.HTTPConnection("127.0.0.1", person.control.port, timeout=60)
        self.connection.request("GET", path, headers=person.auth() | ({"Last-Event-ID": last} if last else {}))
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        event = {}
        try:
            for raw in self.answer:
                line = raw.decode().rstrip("\n")
                if not line:
                    self.last = event.get("id", self.last)
                    if "data" in event:
                        self.events.put((event["event"], event["id"], json.loads(event["data"])))
                    event = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    event[name] = value
        except (OSError, http.client.HTTPException, ValueError):
            pass
        self.events.put(None)

    def next(self):
        return self.events.get(timeout=WAIT)

    def reload(self):
        event = self.next()
        assert event and event[0] == "reload", event
        return self

    def rows(self, n):
        got = [self.next() for _ in range(n)]
        assert all(e and e[0] == "request" for e in got), got
        return [e[2]["id"] for e in got]

    def ended(self):
        while (event := self.next()) is not None:
            assert event[0] == "reload", event
        return True

    def nothing_yet(self):
        return self.events.empty()

    def close(self):
        if self.connection.sock:
            self.connection.sock.shutdown(2)
        self.thread.join(WAIT)
        self.connection.close()


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def insert(installation, owner):
    installation.query("select ensure_request_partitions((now() at time zone 'UTC')::date, 1)")
    key = owner.call("POST", owner.keys_path, {"name": "k"})[1]["id"]

    def insert(org=None, project=None, n=1, seconds_ago=0, **columns):
        """Ids of n new rows, newest last."""
        ids = []
        values = {"outcome": 0, "status": 200, "streamed": "false", "cost": 0, "duration_us": 1000,
                  "api_key_id": f"'{key}'"} | columns
        rows = []
        for i in range(n):
            at = dt.datetime.now(dt.timezone.utc) - dt.timedelta(seconds=seconds_ago) + dt.timedelta(milliseconds=i)
            ids.append(uuid7(at))
            rows.append(f"('{org or owner.org}', 30, '{at.date()}', '{ids[-1]}', '{at.isoformat()}', "
                        f"'{project or owner.project}', '{owner.session['user']['id']}', 1, false, "
                        + ", ".join(str(v) for v in values.values()) + ")")
        installation.query("insert into requests (organisation_id, retention_days, day, request_id, created_at, "
                           "project_id, user_id, endpoint, estimated, " + ", ".join(values) + ") values "
                           + ",".join(rows))
        # What the ledger writes with them: filters go by it.
        installation.query(
            "insert into rollup_usage as u (organisation_id, grain, project_id, api_key_id, user_id, model_id, provider_id, "
            "requests, ok, streamed, cost, duration_hist) select organisation_id, date_bin('30 minutes', created_at, 'epoch'), "
            "project_id, api_key_id, user_id, coalesce(model_id, 0), coalesce(provider_id, 0), count(*), "
            "count(*) filter (where outcome = 0), count(*) filter (where streamed), sum(cost), array_fill(1::bigint, array[64]) "
            f"from requests where request_id = any('{{{','.join(ids)}}}') group by 1, 2, 3, 4, 5, 6, 7 "
            "on conflict (organisation_id, grain, project_id, api_key_id, user_id, model_id, provider_id) do update set "
            "requests = u.requests + excluded.requests, ok = u.ok + excluded.ok, streamed = u.streamed + excluded.streamed, "
            "cost = u.cost + excluded.cost")
        return ids
    return insert


@pytest.fixture
def watch():
    viewers = []

    def watch(*args, **query):
        viewers.append(Viewer(*args, **query))
        return viewers[-1]
    yield watch
    for v in viewers:
        v.close()


def test_two_viewers_see_each_new_row_once_and_late_ones_too(owner, insert, watch):
    before = insert()
    a, b = watch(owner).reload(), watch(owner).reload()
    assert a.answer.headers["content-type"] == "text/event-stream"
    assert a.answer.headers["x-accel-buffering"] == "no" and a.answer.headers["cache-control"] == "no-store"
    first = insert()
    assert a.rows(1) == b.rows(1) == first != before
    late = insert(seconds_ago=120)      # a long request: it began before those above
    assert a.rows(1) == b.rows(1) == late
    again = insert(n=3)
    assert a.rows(3) == b.rows(3) == again


def test_a_row_is_what_the_list_shows(owner, insert, watch):
    viewer = watch(owner).reload()
    insert(cost="0.25")
    _, _, row = viewer.next()
    assert row == owner.get(owner.org_path + "/requests", limit=1, q=row["id"])["items"][0]


def test_a_reconnect_gets_what_it_missed_and_only_that(owner, insert, watch):
    first = watch(owner).reload()
    seen = insert(n=2)
    assert first.rows(2) == seen
    last = first.last
    first.close()
    witness = watch(owner).reload()
    missed = insert(n=3)
    assert witness.rows(3) == missed        # they are in the feed
    back = watch(owner, last=last)
    assert back.rows(3) == missed
    more = insert()
    assert back.rows(1) == more


@pytest.mark.parametrize("last", ["x", "0123456789abcdef.1", ".", "a.b.c", "0123456789abcdef.-1", "9" * 300])
def test_an_id_of_another_daemon_begins_anew(owner, watch, last):
    watch(owner, last=last).reload()


def test_more_rows_than_a_poll_brings_are_a_reload(owner, insert, watch):
    viewer = watch(owner).reload()
    insert(n=250)
    assert viewer.next()[0] == "reload"
    after = insert()
    assert viewer.rows(1) == after


def test_filters_are_the_list_s(owner, insert, watch, installation):
    model, slug = installation.query("select model_id, slug from models order by slug limit 1").split("|")
    provider, name = installation.query("select provider_id, slug from providers order by slug limit 1").split("|")
    key = owner.call("POST", owner.keys_path, {"name": "other"})[1]["id"]
    second = owner.call("POST", owner.org_path + "/projects", {"name": str(uuid.uuid4())})[1]["id"]
    cases = {
        ("model", slug): {"model_id": model}, ("provider", name): {"provider_id": provider},
        ("api_key", key): {"api_key_id": f"'{key}'"}, ("project", second): {"project": second},
        ("status", "error"): {"outcome": 3}, ("status", "5xx"): {"status": 502, "outcome": 2},
        ("status", "4xx"): {"status": 404, "outcome": 1}, ("outcome", "client_gone"): {"outcome": 4},
        ("streamed", "true"): {"streamed": "true"}, ("min_cost", "0.5"): {"cost": "0.5"},
        ("min_duration_ms", 2000): {"duration_us": 2000000},
    }
    viewers = {q: watch(owner, **dict([q])).reload() for q in cases}
    everything = watch(owner).reload()
    ids = {q: insert(**columns)[0] for q, columns in cases.items()}
    plain = insert()[0]
    assert set(everything.rows(len(ids) + 1)) == {*ids.values(), plain}
    listed = {q: {i["id"] for i in owner.all(owner.org_path + "/requests", **dict([q]))} for q in cases}
    for q, viewer in viewers.items():
        want = listed[q] & {*ids.values(), plain}
        assert ids[q] in want and plain not in want
        assert set(viewer.rows(len(want))) == want, q
        assert viewer.nothing_yet(), q


def test_filters_are_judged(owner):
    for query, field in (({"min_cost": "-1"}, "min_cost"), ({"min_cost": "much"}, "min_cost"),
                         ({"streamed": "perhaps"}, "streamed"), ({"min_duration_ms": "0"}, "min_duration_ms"),
                         ({"q": "01234567"}, "q"), ({"from": "2026-01-01T00:00:00Z"}, "from")):
        status, body = owner.call("GET", owner.org_path + "/requests/events", **query)
        assert (status, body["field"]) == (422, field)


def test_rows_of_another_organisation_never_come(owner, insert, watch, installation, control):
    org, project = add_organisation(installation, f"other {uuid.uuid4()}")
    add_user(installation, f"{org}@example.com", "viewer", org)
    other = Person(control, f"{org}@example.com")
    mine, theirs = watch(owner).reload(), watch(other, org=org).reload()
    their_last = theirs.last
    foreign = insert(org=org, project=project)
    assert theirs.rows(1) == foreign
    ours = insert()
    assert mine.rows(1) == ours and mine.nothing_yet() and theirs.nothing_yet()
    # An id of their feed opens nothing of it here.
    watch(owner, last=their_last).reload()
    assert watch(owner, org=org).status == 404


def test_a_revoked_session_a_removed_member_and_a_disabled_user_lose_the_stream(
        owner, insert, watch, installation, control):
    def person(role):
        email = f"{uuid.uuid4().hex}@example.com"
        return Person(control, email) if add_user(installation, email, role) else None
    signed_out, removed, disabled = (person("viewer") for _ in range(3))
    viewers = [watch(p).reload() for p in (signed_out, removed, disabled)]
    witness = watch(owner).reload()
    assert signed_out.call("DELETE", "/api/v1/session")[0] == 204
    assert owner.call("DELETE", f"{owner.org_path}/members/{removed.session['user']['id']}?api_keys=keep")[0] == 204
    installation.query(f"update users set disabled_at = now() where user_id = '{disabled.session['user']['id']}'")
    assert all(v.ended() for v in viewers)
    assert [watch(p).status for p in (signed_out, removed, disabled)] == [401, 404, 401]
    after = insert()
    assert witness.rows(1) == after


def test_of_one_person_s_streams_the_oldest_ends(owner, watch, insert, installation, control):
    email = f"{uuid.uuid4().hex}@example.com"
    add_user(installation, email, "viewer")
    many = Person(control, email)
    viewers = [watch(many).reload() for _ in range(13)]
    assert viewers[0].ended()
    row = insert()
    assert all(v.rows(1) == row for v in viewers[1:])


def test_streams_hold_no_job_thread_and_there_is_a_limit(installation, owner):
    import harness
    control = harness.Control(installation, DOTEB_JOB_THREADS="1", DOTEB_LIVE_VIEWERS_MAX="8")
    viewers = []
    try:
        person = Person(control, installation.email)
        viewers = [Viewer(person).reload() for _ in range(8)]
        assert person.call("GET", person.org_path + "/requests", limit=1)[0] == 200
        refused = Viewer(person)
        assert refused.status == 503 and refused.answer.headers["retry-after"]
    finally:
        control.stop()      # and a stop ends them all cleanly
    assert all(v.ended() for v in viewers)
