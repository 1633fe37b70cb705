"""docs/roles.md cell by cell against the running daemon, and every route with the ids of another
organisation. The table is made of the route table, so that a new route is tested by being there."""
import re
import uuid

import pytest

from control_client import Person, Script, printed_routes
from harness import ROOT
from tenants import BODIES, MEMBER_ROUTES, OPERATOR_ROUTES, ROLES, ROUTES, World, make_people

ROW = re.compile(r"^\| `(\w+) ([^`]+)` \|(.*)\|$", re.MULTILINE)


def table():
    """{(method, path): {role: cell}} as the document says."""
    rows = {}
    for method, path, cells in ROW.findall((ROOT / "docs/roles.md").read_text().split("\n## ")[0]):
        rows[method, path] = dict(zip(ROLES, [c.strip() for c in cells.split("|")][-4:]))
    return rows


TABLE = table()
CELLS = [(m, p, role, cell) for (m, p), row in TABLE.items() for role, cell in row.items()]


@pytest.fixture(scope="module")
def people(control, installation):
    return make_people(control, installation, "stranger")


@pytest.fixture
def world(installation, people):
    return World(installation, people)


def test_every_route_has_its_row_and_its_body():
    assert set(TABLE) == {(m, p) for m, p, *_ in MEMBER_ROUTES}
    assert {c for *_, c in CELLS} == {"yes", "own", "no"}
    flagged = re.findall(r'^ROUTE\((\w+), "([^"]+)", [^"]*ROUTE_BODY', (ROOT / "control/routes.def").read_text(), re.M)
    assert set(BODIES) == set(flagged)


def test_the_operator_s_calls_are_listed():
    rest = (ROOT / "docs/roles.md").read_text().split("\n## The operator's")[1]
    assert {(m, p) for m, p, _ in ROW.findall(rest)} == {(m, p) for m, p, *_ in OPERATOR_ROUTES}


@pytest.mark.parametrize("method,route", [(m, p) for m, p, *_ in OPERATOR_ROUTES])
def test_no_owner_does_what_is_the_operator_s(method, route, world, people):
    status, answer = people["owner"].call(method, world.concrete(route), world.body(method, route, people["owner"]))
    assert (status, answer["type"]) == (403, "urn:doteb:problem:role"), answer


def worked(status, answer, path):
    if re.search(r"/requests/[0-9a-f-]{36}$", path):   # allowed; there is no such request
        return status == 404 and "request" in answer["detail"]
    return status in (200, 201, 204)


@pytest.mark.parametrize("method,route,role,cell", CELLS)
def test_cell(method, route, role, cell, world, people):
    who = people[role]
    path, body = world.concrete(route), world.body(method, route, who)
    status, answer = who.call(method, path, body)
    if cell == "yes":
        assert worked(status, answer, path), answer
        return
    assert (status, answer["type"]) == (403, "urn:doteb:problem:role"), answer
    if cell == "own":
        path, body = world.own(method, route, who)
        status, answer = who.call(method, path, body)
        assert worked(status, answer, path), answer


@pytest.mark.parametrize("method,route", [(m, p) for m, p, *_ in ROUTES])
def test_signed_out(method, route, world, control):
    body = world.body(method, route, world.people["owner"])
    stranger = Person(control)
    assert stranger.call(method, world.concrete(route), body)[0] == 401
    stranger.cookie = "doteb_session=" + "A" * 43
    assert stranger.call(method, world.concrete(route), body)[0] == 401


@pytest.mark.parametrize("method,route", [(m, p) for m, p, *_ in ROUTES
                                          if "{org}" not in p and "/account" not in p
                                          and not p.startswith("/api/v1/instance/")])
def test_any_signed_in_person(method, route, world, people, control):
    who = people["stranger"]
    if (method, route) == ("DELETE", "/api/v1/session"):
        who = Person(control, who.email)
    assert who.call(method, route, world.body(method, route, who))[0] in (200, 201, 204)


@pytest.mark.parametrize("method,route", [(m, p) for m, p, *_ in MEMBER_ROUTES])
def test_another_organisation_is_not_there(method, route, world, installation):
    """Its real ids, an owner elsewhere: 404, the same as for ids that exist nowhere; and nothing happens."""
    mine = World(installation, world.people | {"owner": world.people["stranger"]})
    outsider, body = world.people["stranger"], world.body(method, route, world.people["owner"])
    rows = f"select count(*) from audit_log where organisation_id = '{world.org}'"
    before = installation.query(rows)
    theirs = outsider.call(method, world.concrete(route), body)
    none = str(uuid.uuid4())
    nowhere = outsider.call(method, world.concrete(route, none, none, none), body)
    assert theirs == nowhere and theirs[0] == 404
    if "{project}" in route:  # mine, with their project
        assert outsider.call(method, mine.concrete(route, project=world.project), body)[0] == 404
    if "{id}" in route:  # mine, with their object
        ids = world.concrete(route).split("/")[route.split("/").index("{id}")]
        body = mine.body(method, route, outsider)
        assert outsider.call(method, mine.concrete(route, id=ids), body)[0] == 404
    assert installation.query(rows) == before


def test_ids_of_another_organisation_in_queries_and_bodies(world, installation):
    mine = World(installation, world.people | {"owner": world.people["stranger"]})
    outsider = world.people["stranger"]
    pairs = f"{mine.path}/projects/{mine.project}/signing-keys"
    assert outsider.call("POST", pairs, {"api_key_id": world.ids["api-keys"]})[0] == 422
    assert outsider.get(pairs, api_key=world.ids["api-keys"])["items"] == []
    assert outsider.get(mine.path + "/audit", project=world.project)["items"] == []
    assert outsider.get(mine.path + "/audit", target=world.ids["api-keys"])["items"] == []
    assert outsider.get(mine.path + "/requests", project=world.project)["items"] == []
    assert outsider.get(mine.path + "/usage", project=world.project)["totals"]["requests"] == 0


@pytest.fixture
def suspended(world, installation):
    """Its organisation, with whatever a call needs made before it was suspended."""
    world.invitation_of = {w.email: world.invite(w.email) for w in world.people.values()}
    world.tokens = [world.make_token([s], "owner")["token"] for s in ("keys", "projects", "read")]
    installation.query("update organisations set suspended_at = now(), suspended_reason = 'Unpaid since May.' "
                       f"where organisation_id = '{world.org}'")
    return world


def refused(status, answer):
    return (status, answer["type"]) == (403, "urn:doteb:problem:suspended") and "Unpaid since May." in answer["detail"]


def test_a_suspended_organisation_is_looked_at_and_not_changed(suspended, people, control, installation):
    """Every route of the table; as an owner, who may all of them, and with tokens."""
    owner, world = people["owner"], suspended
    rows = f"select count(*) from audit_log where organisation_id = '{world.org}'"
    before = installation.query(rows)
    for method, route, *_ in MEMBER_ROUTES:
        if method != "DELETE":
            path = world.concrete(route)
            status, answer = owner.call(method, path, world.body(method, route, owner))
            assert worked(status, answer, path) if method == "GET" else refused(status, answer), (method, route)
    stranger = people["stranger"]
    assert refused(*stranger.call("POST", "/api/v1/invitations/accept", {"token": world.invitation_of[stranger.email]}))
    assert stranger.call("GET", world.path)[0] == 404
    keys, projects, read = [Script(control, token) for token in world.tokens]
    assert refused(*keys.call("POST", f"{world.path}/projects/{world.project}/api-keys", {"name": "k"}))
    assert refused(*projects.call("POST", world.path + "/projects", {"name": "p"}))
    assert read.call("GET", world.path + "/projects")[0] == 200
    assert people["viewer"].call("POST", world.path + "/projects", {"name": "p"})[1]["type"].endswith(":role")
    assert installation.query(rows) == before


@pytest.mark.parametrize("route", [p for m, p, *_ in MEMBER_ROUTES if m == "DELETE" and not p.endswith("/rotation")])
def test_in_a_suspended_organisation_access_can_be_taken_away(route, suspended, people):
    assert people["owner"].call("DELETE", suspended.concrete(route))[0] in (200, 204)


def test_every_change_named_its_action(installation):
    """After all of the above each action of the route table is in the log."""
    seen = set(installation.query("select distinct action from audit_log").split("\n"))
    # What people do to their accounts: test_control_accounts.py and test_control_second_factor.py. What
    # the operator does: test_operator.py.
    operator = {r[5] for r in OPERATOR_ROUTES}
    assert {r[5] for r in printed_routes() if r[5] not in ("-", "session.end_others")
            and not r[5].startswith("account.")} - operator <= seen
