"""The OpenAPI document, the route table and what the daemon does are one: every route, every role,
every other organisation."""
import re
import uuid

import pytest

from control_client import (DOCUMENT, Person, add_organisation, add_user, printed_routes)
from harness import ROOT, http

SIGNING_KEYS = "/api/v1/organisations/{org}/projects/{project}/signing-keys"
ROLES = ["viewer", "developer", "admin", "owner"]
BODIES = {
    ("POST", "/api/v1/organisations/{org}/projects/{project}/api-keys"): {"name": "k"},
    ("POST", SIGNING_KEYS): {},  # the fixture `objects` knows what API key there is
    ("POST", "/api/v1/organisations/{org}/provider-keys"): {"provider": "openai", "secret": "sk-1"},
    ("PATCH", "/api/v1/organisations/{org}/provider-keys/{id}"): {"label": "x"},
}
MEMBER_ROUTES = [(m, p, role) for m, p, auth, role, *_ in printed_routes() if role != "none"]


@pytest.fixture(scope="module")
def people(installation, control):
    everyone = {}
    for role in ROLES:
        add_user(installation, f"{role}@example.com", role)
        everyone[role] = Person(control, f"{role}@example.com")
    return everyone


@pytest.fixture(scope="module")
def objects(installation, people):
    """Ids that exist, by the template's last collection."""
    admin = people["admin"]
    key = admin.call("POST", admin.keys_path, {"name": "theirs"})[1]
    provider_key = admin.call("POST", admin.org_path + "/provider-keys",
                              {"provider": "openai", "secret": "sk-123456789012"})[1]
    signer = admin.call("POST", admin.keys_path, {"name": "signs"})[1]
    BODIES["POST", SIGNING_KEYS]["api_key_id"] = signer["id"]
    pair = admin.call("POST", SIGNING_KEYS.format(org=admin.org, project=admin.project),
                      {"api_key_id": signer["id"]})[1]
    return {"api-keys": key["id"], "signing-keys": pair["id"], "provider-keys": provider_key["id"],
            "requests": str(uuid.uuid4())}


def concrete(template, org, project, objects):
    collection = template.split("/")[-2]
    return (template.replace("{org}", org).replace("{project}", project)
            .replace("{id}", objects.get(collection, str(uuid.uuid4()))))


def documented():
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def test_every_route_is_documented_and_every_documented_route_exists():
    have = {(m, p): (auth, role) for m, p, auth, role, *_ in printed_routes()}
    want = {}
    for method, path, operation in documented():
        word = operation["x-role"]
        open_to_all = operation.get("security") == []
        assert open_to_all == (word == "none"), (method, path)
        want[method, path] = ("none" if word == "none" else "user",
                              "none" if word in ("none", "user") else word)
    assert have == want


def test_documented_parameters_are_those_of_the_path_and_csrf():
    for method, path, operation in documented():
        given = operation.get("parameters", []) + DOCUMENT["paths"][path].get("parameters", [])
        refs = {p.get("$ref", "").rsplit("/", 1)[-1] for p in given}
        names = set(re.findall(r"\{(\w+)\}", path))
        assert names == {{"Organisation": "org", "Project": "project", "Id": "id"}[r]
                         for r in refs & {"Organisation", "Project", "Id"}}, path
        changes = method != "GET" and operation["x-role"] != "none"
        assert ("Csrf" in refs) == changes, (method, path)


def test_names_of_steps_are_the_gateway_s():
    steps = re.findall(r"^STEP\((\w+)\)", (ROOT / "gateway/steps.def").read_text(), re.M)
    source = re.sub(r'"\s*\\?\s*"', "", (ROOT / "control/store/request_store.c").read_text())
    listed = re.search(r"\(array\[('auth'[^\]]*)\]\)\[n\]", source).group(1)
    assert re.findall(r"'(\w+)'", listed) == steps


@pytest.mark.parametrize("method,route,needed", MEMBER_ROUTES)
@pytest.mark.parametrize("role", ROLES)
def test_roles(method, route, needed, role, people, objects):
    person = people[role]
    path = concrete(route, person.org, person.project, objects)
    status, body = person.call(method, path, BODIES.get((method, route)))
    if ROLES.index(role) < ROLES.index(needed):
        assert (status, body["type"]) == (403, "urn:doteb:problem:role"), body
    elif route.endswith("requests/{id}"):
        assert status == 404  # allowed; there is no such request
    elif role == "developer" and (method == "DELETE" or (method, route) == ("POST", SIGNING_KEYS)):
        assert status == 403 and "somebody else's" in body["detail"]
    else:
        assert status in (200, 201, 204), body


@pytest.mark.parametrize("method,route,needed", MEMBER_ROUTES)
def test_another_organisation_is_not_there(method, route, needed, people, objects, installation):
    """Its real ids, an owner elsewhere: 404, the same as for ids that exist nowhere."""
    outsider_org, outsider_project = add_organisation(installation, f"other {uuid.uuid4()}")
    email = f"{uuid.uuid4()}@example.com"
    add_user(installation, email, "owner", outsider_org)
    outsider = Person(people["admin"].control, email)
    victim = people["admin"]
    body = BODIES.get((method, route))
    before = installation.query("select count(*) from api_keys where revoked_at is null")
    theirs = outsider.call(method, concrete(route, victim.org, victim.project, objects), body)
    nowhere = outsider.call(method, concrete(route, str(uuid.uuid4()), str(uuid.uuid4()), {}), body)
    assert theirs == nowhere and theirs[0] == 404
    if "{project}" in route:  # mine, with their project
        assert outsider.call(method, concrete(route, outsider_org, victim.project, objects),
                             body)[0] == 404
    if "{id}" in route:  # mine, with their object
        assert outsider.call(method, concrete(route, outsider_org, outsider_project, objects),
                             body)[0] == 404
    assert installation.query("select count(*) from api_keys where revoked_at is null") == before


@pytest.mark.parametrize("method,route,needed", MEMBER_ROUTES)
def test_nobody_is_let_in_without_a_session(method, route, needed, people, objects, control):
    path = concrete(route, people["admin"].org, people["admin"].project, objects)
    stranger = Person(control)
    assert stranger.call(method, path, BODIES.get((method, route)))[0] == 401
    stranger.cookie = "doteb_session=" + "A" * 43
    assert stranger.call(method, path, BODIES.get((method, route)))[0] == 401


@pytest.mark.parametrize("method,route", [(m, p) for m, p, a, *_ in printed_routes()
                                             if a == "user" and m != "GET"])
def test_changes_need_the_csrf_token_and_the_same_site(method, route, people, objects):
    admin = people["admin"]
    path = concrete(route, admin.org, admin.project, objects)
    body = BODIES.get((method, route))
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": admin.csrf + "x"},
                    {"X-CSRF-Token": people["owner"].csrf}):
        status, answer = admin.call(method, path, body, headers, csrf=False)
        assert (status, answer["type"]) == (403, "urn:doteb:problem:csrf"), headers
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
        status, answer = admin.call(method, path, body, headers)
        assert (status, answer["type"]) == (403, "urn:doteb:problem:origin"), headers


@pytest.mark.parametrize("route", [p for m, p, a, *_ in printed_routes() if a == "user" and m == "GET"])
def test_unknown_query_parameters_are_named(route, people, objects):
    admin = people["admin"]
    status, body = admin.call("GET", concrete(route, admin.org, admin.project, objects) + "?nonsense=1")
    assert (status, body["field"]) == (422, "nonsense")


def test_malformed_ids_name_their_place(people):
    admin = people["admin"]
    status, body = admin.call("GET", "/api/v1/organisations/1/requests")
    assert (status, body["field"]) == (400, "org")
    status, body = admin.call("GET", f"{admin.org_path}/requests/%27%20or%201=1")
    assert (status, body["field"]) == (400, "id")


def test_unknown_paths_and_methods(control):
    status, head, _ = http("PUT", control.root + "/api/v1/session", {})
    assert status == 405 and set(head["allow"].split(", ")) == {"GET", "POST", "DELETE"}
    for path in ("/api", "/api/v1", "/api/v1/sessions", "/api/v2/session", "/api/v1/session/"):
        status, head, body = http("GET", control.root + path)
        assert status == 404 and head["content-type"] == "application/problem+json", path


def test_a_member_who_leaves_and_an_archived_organisation_are_shut_out(installation, control):
    org, _ = add_organisation(installation, "short-lived")
    user = add_user(installation, "leaver@example.com", "admin", org)
    person = Person(control, "leaver@example.com")
    assert person.call("GET", f"/api/v1/organisations/{org}/requests")[0] == 200
    installation.query(f"delete from members where user_id = '{user}'")
    assert person.call("GET", f"/api/v1/organisations/{org}/requests")[0] == 404
    installation.query(f"insert into members values ('{org}', '{user}', 'owner')")
    installation.query(f"update organisations set archived_at = now() where organisation_id = '{org}'")
    assert person.call("GET", f"/api/v1/organisations/{org}/requests")[0] == 404
    installation.query(f"update users set disabled_at = now() where user_id = '{user}'")
    assert person.call("GET", "/api/v1/session")[0] == 401
