"""Deleting an account: what stands in the way, what goes, and what is left of the person."""
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import harness
from control_client import Person, Script, add_organisation, add_user
from harness import PASSWORD, http
from mailbox import Mailbox, text_of
from test_control_accounts import sign_up
from test_control_second_factor import settle, somewhere, totp, turn_on

PATH = "/api/v1/account/deletion"
GONE = {"password": PASSWORD}


@pytest.fixture(scope="module")
def mailbox():
    box = Mailbox()
    yield box
    box.stop()


@pytest.fixture(scope="module")
def control(installation, mailbox):
    control = harness.Control(installation, **mailbox.settings(
        DOTEB_SIGNUP="open", DOTEB_TRUSTED_PROXIES="127.0.0.1"))
    yield control
    control.stop()


@pytest.fixture(scope="module")
def operator(control, installation):
    return Person(control, installation.email)


def member(installation, control, org, role):
    email = f"{uuid.uuid4().hex}@example.com"
    add_user(installation, email, role, org)
    return Person(control, email)


def end(person, **body):
    return person.call("POST", PATH, GONE | body, somewhere())


def archive(person, org, name):
    assert person.call("POST", f"/api/v1/organisations/{org}/archive", {"name": name})[0] == 204


def test_the_password_and_the_code_are_asked_for_again(installation, control, operator):
    person = member(installation, control, operator.org, "viewer")
    assert person.call("POST", PATH, GONE, csrf=False)[0] == 403
    assert person.call("POST", PATH, {})[0] == 422
    assert end(person, password="wrong")[1]["type"].endswith(":wrong-password")
    settle()
    secret, codes = turn_on(person)
    status, problem = end(person)
    assert (status, problem["field"]) == (422, "code")
    assert end(person, code="000000")[1]["type"].endswith(":wrong-code")
    assert person.get("/api/v1/account")["email"] == person.email
    other = member(installation, control, operator.org, "viewer")
    _, others = turn_on(other)
    assert end(person, code=others[0])[1]["type"].endswith(":wrong-code")
    assert end(person, code=codes[0])[0] == 204
    assert end(other, code=totp(secret))[0] == 403 and end(other, code=others[1])[0] == 204
    assert Script(control, "x").call("POST", PATH, GONE)[0] == 401


def test_guessing_the_password_here_is_slowed_down(installation, control, operator):
    person = member(installation, control, operator.org, "viewer")
    codes = [end(person, password=f"guess {i}")[0] for i in range(7)]
    assert codes[:5] == [403] * 5 and 429 in codes[5:]


def test_the_last_owner_stays_until_there_is_another(installation, control):
    org, _ = add_organisation(installation, "Kept")
    owner, other = (member(installation, control, org, role) for role in ("owner", "admin"))
    assert owner.get(PATH) == {"last_operator": False, "organisations_total": 1, "api_keys": 0, "organisations": [
        {"id": org, "name": "Kept", "reason": "last_owner"}]}
    status, problem = end(owner)
    assert (status, problem["type"]) == (409, "urn:doteb:problem:conflict")
    assert "only owner of Kept" in problem["detail"]
    assert other.get(PATH)["organisations"] == []
    assert owner.call("PATCH", f"/api/v1/organisations/{org}/members/{other.session['user']['id']}", {"role": "owner"})[0] == 200
    assert owner.get(PATH)["organisations"] == [] and end(owner)[0] == 204
    assert [m["user"]["email"] for m in other.all(other.org_path + "/members")] == [other.email]


def test_who_is_alone_archives_first(control, mailbox):
    person = sign_up(control, mailbox)
    org = person.session["organisations"][0]
    status, made = person.call("POST", "/api/v1/organisations", {"name": "Another"})
    assert status == 201
    assert [(o["name"], o["reason"]) for o in person.get(PATH)["organisations"]] == \
        [("Another", "only_member"), (org["name"], "only_member")]
    assert "only member of Another (and 1 more); archive it first" in end(person)[1]["detail"]
    for one, name in ((org["id"], org["name"]), (made["id"], "Another")):
        archive(person, one, name)
    assert person.get(PATH)["organisations"] == [] and end(person)[0] == 204


def test_an_organisation_of_many_is_told_of_a_few(installation, control):
    email = f"{uuid.uuid4().hex}@example.com"
    uid = add_user(installation, email)
    installation.query(
        "with o as (insert into organisations (organisation_id, name, data_key_sealed) select gen_random_uuid(), "
        "'Many ' || n, data_key_sealed from organisations, generate_series(1, 60) n where is_operator "
        f"returning organisation_id) insert into members (organisation_id, user_id, role) select organisation_id, '{uid}', 'owner' from o")
    person = Person(control, email)
    answer = person.get(PATH)
    assert (len(answer["organisations"]), answer["organisations_total"]) == (50, 60)
    assert "(and 59 more)" in end(person)[1]["detail"]


def test_the_last_operator_stays(installation, control, operator):
    owner = member(installation, control, operator.org, "owner")     # so that it is not about the organisation
    assert operator.get(PATH)["last_operator"] is True
    status, problem = end(operator)
    assert (status, problem["type"]) == (409, "urn:doteb:problem:conflict") and "operates" in problem["detail"]
    installation.command("admin", "create", "--email", "next@example.com", "--password-stdin", text=PASSWORD + "\n")
    other = Person(control, "next@example.com")
    assert operator.get(PATH)["last_operator"] is False
    assert end(other)[0] == 204 and operator.get(PATH)["last_operator"] is True
    assert end(owner)[0] == 204
    # And the operator's organisation, which nobody archives, needs an owner.
    installation.query("update users set is_operator = true where user_id = "
                       f"'{member(installation, control, operator.org, 'viewer').session['user']['id']}'")
    installation.query(f"delete from members where role = 'owner' and organisation_id = '{operator.org}' "
                       f"and user_id <> '{operator.session['user']['id']}'")
    assert [o["reason"] for o in operator.get(PATH)["organisations"]] == ["last_owner"]
    assert "only owner" in end(operator)[1]["detail"]
    installation.query(f"update users set is_operator = false where email <> '{operator.email}'")


def test_two_owners_who_go_at_once_leave_one(installation, control):
    for _ in range(4):
        org, _ = add_organisation(installation, "Raced")
        owners = [member(installation, control, org, "owner") for _ in range(2)]
        member(installation, control, org, "viewer")
        with ThreadPoolExecutor(2) as pool:
            assert sorted(status for status, _ in pool.map(end, owners)) == [204, 409]


def everything(installation, but):
    """All of the database as text, without some tables."""
    tables = installation.query("select string_agg(relname, ' ') from pg_class where relkind = 'r' "
                                "and relnamespace = 'public'::regnamespace").split()
    return {t: installation.query(f"select coalesce(string_agg(x::text, e'\\n'), '') from {t} x")
            for t in tables if t not in but}


def test_what_goes_and_what_is_left(installation, control, mailbox, operator):
    settle()
    owner = sign_up(control, mailbox)
    org = owner.org
    link = owner.call("POST", owner.org_path + "/invitations",
                      {"email": (email := f"{uuid.uuid4().hex}@example.com"), "role": "admin"})[1]["link"]
    person = sign_up(control, mailbox, email)
    alone = person.session["organisations"][0]
    assert person.call("PATCH", "/api/v1/account", {"name": "Zebulon Quux"})[0] == 200
    assert person.call("POST", "/api/v1/invitations/accept", {"token": link.split("#")[1]})[0] == 200
    archive(person, alone["id"], alone["name"])
    base = f"/api/v1/organisations/{org}"
    project = owner.project
    keys = f"{base}/projects/{project}/api-keys"
    status, key = person.call("POST", keys, {"name": "stays"}, {"Idempotency-Key": "once"})
    assert status == 201
    token = person.call("POST", base + "/management-tokens", {"name": "t", "role": "admin", "scopes": ["read"]})[1]["token"]
    assert Script(control, token).call("GET", base)[0] == 200
    views = [person.call("POST", base + "/views", {"name": n, "page": "activity", "query": "", "shared": n == "shared"})
             for n in ("private", "shared")]
    assert [status for status, _ in views] == [201, 201]
    invited = person.call("POST", base + "/invitations", {"email": "else@example.com", "role": "viewer"})[1]
    _, codes = turn_on(person)
    elsewhere = http("POST", control.root + "/api/v1/session", GONE | {"email": email}, somewhere())
    assert elsewhere[0] == 202
    http("POST", control.root + "/api/v1/password-reset", {"email": email}, somewhere())
    assert mailbox.wait(email, 3)
    uid = person.session["user"]["id"]
    assert person.get(PATH)["api_keys"] == 1

    assert end(person, code=codes[0])[0] == 204
    assert "Max-Age=0" in person.headers["set-cookie"]
    assert person.call("GET", "/api/v1/session")[0] == 401
    assert http("POST", control.root + "/api/v1/session", GONE | {"email": email}, somewhere())[0] == 401
    assert Script(control, token).call("GET", base)[0] == 401
    farewell = mailbox.wait(email, 5)
    assert farewell["Subject"] == "Your account was deleted" and "audit logs" in text_of(farewell)
    harness.wait_until(lambda: installation.query("select count(*) from outbox") == "0", 10, "the queue to be empty")

    # The organisation goes on, with its keys, and knows who has gone.
    item, = [k for k in owner.all(keys) if k["id"] == key["id"]]
    assert item["revoked_at"] is None and "Zebulon" not in json.dumps(item)
    assert [m["user"]["email"] for m in owner.all(base + "/members")] == [owner.email]
    assert [v["name"] for v in owner.get(base + "/views")["items"]] == ["shared"]
    assert invited["id"] not in [i["id"] for i in owner.all(base + "/invitations")]
    row, = owner.all(base + "/audit", action="account.delete")
    assert row["actor"] == {"kind": "user", "id": uid, "name": email} and row["before"] is row["after"] is None
    assert row["target"] == {"id": uid, "name": ""}

    left = everything(installation, {"audit_log"})
    for what in (email, "Zebulon"):
        assert [t for t, text in left.items() if what in text.lower() or what in text] == []
    assert {t for t, text in left.items() if uid in text} == {"users", "api_keys", "management_tokens", "saved_views", "invitations"}
    assert installation.query(f"select email, name, is_operator, password_hash from users where user_id = '{uid}'") == \
        f"deleted-{uid}@doteb.invalid|Deleted account|f|"

    # The address is free, and a new account with it has nothing of the old one.
    mailbox.mails = [m for m in mailbox.mails if m not in mailbox.to(email)]
    again = sign_up(control, mailbox, email)
    assert again.session["user"]["id"] != uid and [o["name"] for o in again.session["organisations"]] == ["Mira Osei"]
    assert again.get("/api/v1/account")["second_factor"] is False


def test_keys_can_be_revoked_with_it(installation, control, operator):
    person = member(installation, control, operator.org, "developer")
    key = person.call("POST", person.keys_path, {"name": "goes"})[1]
    assert end(person, api_keys="maybe")[0] == 422
    assert end(person, api_keys="revoke")[0] == 204
    assert [k["revoked_at"] is not None for k in operator.all(operator.keys_path, status="all") if k["id"] == key["id"]] == [True]


def test_a_refused_end_changes_nothing(installation, control):
    org, _ = add_organisation(installation, "Stays")
    owner = member(installation, control, org, "owner")
    before = everything(installation, {"sessions"})
    assert end(owner)[0] == 409
    assert everything(installation, {"sessions"}) == before
