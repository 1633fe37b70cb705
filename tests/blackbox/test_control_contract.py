"""The OpenAPI document, the route table and what the daemon does are one. (Who may what:
test_control_roles.py.)"""
import re
import uuid

import pytest

from control_client import DOCUMENT, Person, add_organisation, add_user, printed_routes
from harness import ROOT, http
from tenants import BODIES


@pytest.fixture(scope="module")
def people(installation, control):
    """Two members of the operator's organisation."""
    everyone = {}
    for role in ("admin", "owner"):
        add_user(installation, f"{role}@example.com", role)
        everyone[role] = Person(control, f"{role}@example.com")
    return everyone


@pytest.fixture(scope="module")
def operator(control, installation):
    return Person(control, installation.email)


def concrete(template, person):
    return (template.replace("{org}", person.org).replace("{project}", person.project)
            .replace("{id}", str(uuid.uuid4())))


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


def test_documented_answers_are_those_of_the_checks_before_a_handler():
    """A token without the scope, a path with no UUID, an If-Match of what has changed, an
    Idempotency-Key in use or of another call."""
    asking = {(m, p) for m, p, *_, action in printed_routes() if action == "-"}
    for method, path, operation in documented():
        refs = {p.get("$ref", "").rsplit("/", 1)[-1] for p in operation.get("parameters", [])}
        answers = set(operation["responses"])
        posts = method == "POST" and path.startswith("/api/v1/organisations") and (method, path) not in asking
        edits = (method in ("PATCH", "DELETE") and ("{org}" in path or "/instance/" in path)) or \
            (posts and "{id}" in path)
        if operation["x-role"] != "none":
            assert "403" in answers, (method, path)
        if edits:
            assert "IfMatch" in refs and "412" in answers, (method, path)
        if "{" in path:
            assert "400" in answers, (method, path)
        if posts:
            assert {"409", "422"} <= answers, (method, path)
        assert ("IdempotencyKey" in refs) == posts, (method, path)


def test_names_of_steps_are_the_gateway_s():
    steps = re.findall(r"^STEP\((\w+)\)", (ROOT / "gateway/steps.def").read_text(), re.M)
    source = re.sub(r'"\s*\\?\s*"', "", (ROOT / "control/store/request_store.c").read_text())
    listed = re.search(r"\(array\[('auth'[^\]]*)\]\)\[n\]", source).group(1)
    assert re.findall(r"'(\w+)'", listed) == steps


@pytest.mark.parametrize("method,route", [(m, p) for m, p, a, *_ in printed_routes()
                                             if a == "user" and m != "GET"])
def test_changes_need_the_csrf_token_and_the_same_site(method, route, people):
    admin = people["admin"]
    path = concrete(route, admin)
    body = {"name": "x"} if (method, route) in BODIES else None
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": admin.csrf + "x"},
                    {"X-CSRF-Token": people["owner"].csrf}):
        status, answer = admin.call(method, path, body, headers, csrf=False)
        assert (status, answer["type"]) == (403, "urn:doteb:problem:csrf"), headers
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
        status, answer = admin.call(method, path, body, headers)
        assert (status, answer["type"]) == (403, "urn:doteb:problem:origin"), headers


@pytest.mark.parametrize("route", [p for m, p, a, *_ in printed_routes() if a == "user" and m == "GET"])
def test_unknown_query_parameters_are_named(route, people, operator):
    admin = operator if route.startswith("/api/v1/instance/") else people["admin"]
    status, body = admin.call("GET", concrete(route, admin) + "?nonsense=1")
    assert (status, body["field"]) == (422, "nonsense")


@pytest.mark.parametrize("method,route", [(m, p) for m, p, *_ in printed_routes() if m != "GET"])
def test_no_change_takes_a_query_that_it_does_not_read(method, route, people, operator):
    """Not to end a session, either; one does read one, and no other."""
    person = operator if route.startswith("/api/v1/instance/") else people["owner"]
    body = {"name": "x"} if (method, route) in BODIES else None
    path = concrete(route, person)
    status, answer = person.call(method, path + "?nonsense=1", body)
    assert (status, answer["field"]) == (422, "nonsense")
    assert person.call(method, path + "?x=%zz", body)[0] == 400


@pytest.mark.parametrize("route", [p for m, p, a, *_ in printed_routes() if a == "user" and m == "GET"])
def test_malformed_query_strings_are_refused(route, people, operator):
    """By every route in the same way, and as the document says (the client looks)."""
    admin = operator if route.startswith("/api/v1/instance/") else people["admin"]
    assert admin.call("GET", concrete(route, admin) + "?limit=%00")[0] == 400


def test_malformed_ids_name_their_place(people):
    admin = people["admin"]
    status, body = admin.call("GET", "/api/v1/organisations/1/requests")
    assert (status, body["field"]) == (400, "org")
    status, body = admin.call("GET", f"{admin.org_path}/requests/%27%20or%201=1")
    assert (status, body["field"]) == (400, "id")


def test_unknown_paths_and_methods(control):
    status, head, _ = http("PUT", control.root + "/api/v1/session", {})
    assert status == 405 and set(head["allow"].split(", ")) == {"GET", "POST", "DELETE"}
    for method in ("PATCH", "DELETE"):      # a word is no id
        status, head, _ = http(method, f"{control.root}/api/v1/organisations/{uuid.uuid4()}/provider-keys/order", {})
        assert (status, head["allow"]) == (405, "POST")
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
