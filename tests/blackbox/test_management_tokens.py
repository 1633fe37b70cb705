"""Management tokens: the scope column of docs/roles.md call by call, and what they never open."""
import re
import uuid

import pytest

from control_client import Person, Script, add_user
from harness import ROOT, http, say
from tenants import MEMBER_ROUTES, ROLES, ROUTES, World, make_people

ROW = re.compile(r"^\| `(\w+) ([^`]+)` \| [^|]*\| ([^|]*)\|", re.MULTILINE)
TABLE = {(m, p): scope.strip() for m, p, scope in ROW.findall((ROOT / "docs/roles.md").read_text())}
SCOPES = re.findall(r'^SCOPE\(\w+, "([^"]+)"', (ROOT / "control/scopes.def").read_text(), re.M)
TYPES = {kind: f"urn:doteb:problem:{kind}" for kind in ("scope", "role", "management-token", "not-found")}


@pytest.fixture(scope="module")
def people(control, installation):
    return make_people(control, installation, "stranger")


@pytest.fixture
def world(installation, people):
    return World(installation, people)


@pytest.fixture(scope="module")
def still(installation, people):
    """A world that is not changed."""
    return World(installation, people)


@pytest.fixture(scope="module")
def elsewhere(installation, people, still):
    """A token of another organisation, whose maker is an owner in both."""
    other = World(installation, people | {"owner": people["stranger"]})
    still.join(people["stranger"].session["user"]["id"], "owner")
    return other.make_token(SCOPES, "owner")["token"]


@pytest.fixture
def script(control, world):
    """Makes a token and who calls with it."""
    def make(scopes=SCOPES, role="owner", who=None):
        return Script(control, world.make_token(scopes, role, who)["token"])
    return make


def refused(answer, status, kind):
    assert (answer[0], answer[1]["type"]) == (status, TYPES[kind]), answer


def worked(answer, path):
    if re.search(r"/requests/[0-9a-f-]{36}$", path):   # allowed; there is no such request
        return answer[0] == 404 and "request" in answer[1]["detail"]
    return answer[0] in (200, 201, 204)


def test_the_table_is_whole():
    assert set(TABLE) == {(m, p) for m, p, *_ in MEMBER_ROUTES}
    assert set(TABLE.values()) - {""} == set(SCOPES)
    rows = re.findall(r'^ALLOW\((\w+), "([^"]+)"', (ROOT / "control/scopes.def").read_text(), re.M)
    assert len(set(rows)) == len(rows) and set(rows) <= {(m, p) for m, p, *_ in ROUTES}
    # A token makes no token, and ends no organisation.
    assert not [p for (_, p), scope in TABLE.items() if scope and ("management-tokens" in p or "archive" in p)]


@pytest.mark.parametrize("method,route", TABLE)
def test_cell(method, route, world, script, people):
    scope, path = TABLE[method, route], world.concrete(route)
    body = world.body(method, route, people["owner"])
    others = [s for s in SCOPES if s != scope]
    refused(script(others).call(method, path, body), 403, "scope")
    if scope:
        answer = script([scope]).call(method, path, body)
        assert worked(answer, path), answer


@pytest.mark.parametrize("method,route", [r for r, scope in TABLE.items() if scope])
def test_another_organisation_is_not_there(method, route, still, elsewhere, control, people):
    body = still.body(method, route, people["owner"])
    refused(Script(control, elsewhere).call(method, still.concrete(route), body), 404, "not-found")


@pytest.mark.parametrize("method,route", [(m, p) for m, p, *_ in ROUTES if "{org}" not in p])
def test_no_account_is_opened(method, route, still, elsewhere, control, people):
    body = still.body(method, route, people["owner"])
    answer = Script(control, elsewhere).call(method, still.concrete(route), body)
    if route in ("/api/v1/providers", "/api/v1/models"):
        assert answer[0] == 200
    else:
        refused(answer, 403, "scope")


@pytest.mark.parametrize("role", ROLES)
def test_the_role_is_the_lesser_of_token_and_maker(role, world, script, people, installation):
    least = {"viewer": ("GET", "/projects", None), "developer": ("POST", f"/projects/{world.project}/api-keys", {"name": "k"}),
             "admin": ("POST", "/projects", {"name": "p"}), "owner": None}
    caller = script(role=role)
    for need, call in least.items():
        if not call:
            continue
        answer = caller.call(call[0], world.path + call[1], call[2])
        if ROLES.index(role) >= ROLES.index(need):
            assert answer[0] in (200, 201), answer
        else:
            refused(answer, 403, "role")
    # The maker comes down in the world, and the token with them.
    maker = people["admin"]
    theirs = script(role="admin", who=maker)
    assert theirs.call("POST", world.path + "/projects", {"name": "q"})[0] == 201
    installation.query(f"update members set role = 'viewer' where organisation_id = '{world.org}' "
                       f"and user_id = '{maker.session['user']['id']}'")
    refused(theirs.call("POST", world.path + "/projects", {"name": "r"}), 403, "role")
    assert theirs.call("GET", world.path + "/projects")[0] == 200


def test_a_lesser_token_of_an_owner_does_not_touch_owners(world, script, people):
    other = people["admin"].session["user"]["id"]
    world.installation.query(f"update members set role = 'owner' where organisation_id = '{world.org}' "
                             f"and user_id = '{other}'")
    caller = script(role="admin")
    refused(caller.call("PATCH", f"{world.path}/members/{other}", {"role": "viewer"}), 403, "role")
    refused(caller.call("DELETE", f"{world.path}/members/{other}"), 403, "role")
    refused(caller.call("POST", world.path + "/invitations", {"email": "x@example.com", "role": "owner"}), 403, "role")


def test_a_developer_s_token_changes_what_is_theirs(world, script, people):
    key = world.make_key(people["owner"], "somebody else's")["id"]
    caller = script(role="developer", who=people["admin"])
    keys = f"{world.path}/projects/{world.project}/api-keys"
    refused(caller.call("PATCH", f"{keys}/{key}", {"name": "x"}), 403, "role")
    status, own = caller.call("POST", keys, {"name": "mine"})
    assert (status, own["owner"]["id"]) == (201, people["admin"].session["user"]["id"])
    assert caller.call("PATCH", f"{keys}/{own['id']}", {"name": "x"})[0] == 200


ENDS = {
    "revoked": "update management_tokens set revoked_at = now() where organisation_id = '{org}'",
    "expired": "update management_tokens set expires_at = now() where organisation_id = '{org}'",
    "gone": "delete from members where organisation_id = '{org}' and user_id = '{user}'",
    "disabled": "update users set disabled_at = now() where user_id = '{user}'",
    "archived": "update organisations set archived_at = now() where organisation_id = '{org}'",
}


@pytest.mark.parametrize("end", ENDS)
def test_the_ends_of_a_token(end, world, script, control, installation):
    user = add_user(installation, f"{uuid.uuid4().hex}@example.com", "admin", world.org)
    maker = Person(control, installation.query(f"select email from users where user_id = '{user}'"))
    caller = script(["read"], "viewer", maker)
    assert caller.call("GET", world.path)[0] == 200
    installation.query(ENDS[end].format(org=world.org, user=user))
    refused(caller.call("GET", world.path), 401, "management-token")


def test_made_shown_once_listed_and_revoked(world, people, control, installation):
    owner, path = people["owner"], world.path + "/management-tokens"
    status, made = owner.call("POST", path, {"name": "nightly", "role": "admin", "scopes": ["audit", "read", "audit"],
                                             "expires_at": "2099-01-01T00:00:00Z"})
    assert status == 201 and made["scopes"] == ["read", "audit"] and made["maker_role"] == "owner"
    listed = next(t for t in owner.all(path) if t["id"] == made["id"])
    assert listed == {k: v for k, v in made.items() if k != "token"} and listed["last_used_at"] is None
    assert made["token"].endswith(made["last4"])
    caller = Script(control, made["token"])
    assert caller.call("GET", world.path)[0] == 200
    assert next(t for t in owner.all(path) if t["id"] == made["id"])["last_used_at"]
    assert owner.call("DELETE", f"{path}/{made['id']}")[0] == 204
    assert owner.call("DELETE", f"{path}/{made['id']}")[0] == 204
    refused(caller.call("GET", world.path), 401, "management-token")
    assert made["id"] not in {t["id"] for t in owner.all(path)}
    stored = installation.query("select encode(token_hash, 'escape') || token_hash::text || last4 from "
                                f"management_tokens where management_token_id = '{made['id']}'")
    assert made["token"] not in stored and made["token"] not in control.log.read_text()
    actions = installation.query(f"select string_agg(action, ' ' order by created_at) from audit_log "
                                 f"where target_id = '{made['id']}'")
    assert actions == "management_token.create management_token.revoke"


@pytest.mark.parametrize("more,field", [({"scopes": []}, "scopes"), ({"scopes": ["read", "root"]}, "scopes.1"),
                                        ({"scopes": [1]}, "scopes.0"), ({"scopes": "read"}, "scopes"),
                                        ({"role": "god"}, "role"), ({"name": ""}, "name"),
                                        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at")])
def test_refused_fields_are_named(more, field, world, people):
    status, answer = people["owner"].call("POST", world.path + "/management-tokens",
                                          {"name": "t", "role": "viewer", "scopes": ["read"]} | more)
    assert (status, answer["field"]) == (422, field)


def test_nobody_gives_a_role_above_their_own(world, people):
    status, answer = people["admin"].call("POST", world.path + "/management-tokens",
                                          {"name": "t", "role": "owner", "scopes": ["read"]})
    assert (status, answer["type"], answer["field"]) == (403, TYPES["role"], "role")


def test_the_audit_log_says_whose_token_it_was(world, script, people, installation):
    caller = script()
    assert caller.call("POST", world.path + "/projects", {"name": "by script"})[0] == 201
    entry = people["owner"].get(world.path + "/audit", action="project.create")["items"][0]
    assert entry["actor"] == {"kind": "token", "id": people["owner"].session["user"]["id"],
                              "name": f"token script of {people['owner'].email}"}


@pytest.mark.parametrize("given", ["sk-doteb-mgmt-", "sk-doteb-mgmt-" + "a" * 49, "sk-doteb-mgmt-" + "a" * 600])
def test_tokens_that_are_none(given, control, world):
    headers = {"Authorization": f"Bearer {given}"}
    refused(Script(control, "").call("GET", world.path, headers=headers), 401, "management-token")


def test_headers_of_others(world, people, control):
    """A proxy's own Authorization does not disturb a session; a session does not help a bad token."""
    owner = people["owner"]
    for value in ("Basic eDp5", "Bearer eyJhbGciOi", "Bearer", ""):
        assert owner.call("GET", world.path, headers={"Authorization": value})[0] == 200
    refused(owner.call("GET", world.path, headers={"Authorization": "Bearer sk-doteb-mgmt-x"}), 401, "management-token")
    # No page of another site can send a token: its origin says nothing.
    made = world.make_token(["projects"], "owner")["token"]
    assert Script(control, made).call("POST", world.path + "/projects", {"name": "x"},
                                      {"Origin": "https://elsewhere.example"})[0] == 201


def test_keys_and_tokens_are_told_apart(world, script, people, gateway, key):
    answer = Script(people["owner"].control, key).call("GET", world.path)
    refused(answer, 401, "management-token")
    assert "API key" in answer[1]["detail"]
    status, _, body = gateway.chat(script().token, say("hello"))
    assert (status, body["error"]["code"]) == (401, "management_token")
    status, _, body = http("GET", gateway.base_url + "/models", headers={"Authorization": f"Bearer {script().token}"})
    assert status == 401 and b'"management_token"' in body
