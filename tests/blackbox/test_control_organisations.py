"""Organisations, projects, members and invitations: what may become of them, and that the gateways
know within a second."""
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from control_client import Person, add_user
from harness import Control, http, say, wait_until
from tenants import World, make_people


@pytest.fixture(scope="module")
def people(control, installation):
    return make_people(control, installation, "guest")


@pytest.fixture
def world(installation, people):
    return World(installation, people)


def works(gateway, key):
    return http("GET", gateway.base_url + "/key", headers={"Authorization": f"Bearer {key}"})[0]


def audit(world, action):
    return world.people["owner"].all(world.path + "/audit", action=action)


# ---------------------------------------------------------------- organisations

def test_a_new_organisation_is_its_maker_s_and_seals_with_a_key_of_its_own(people, installation):
    owner = people["owner"]
    status, made = owner.call("POST", "/api/v1/organisations", {"name": "Northwind"})
    assert status == 201 and (made["members"], made["projects"], made["is_operator"]) == (1, 1, False)
    org = next(o for o in owner.get("/api/v1/session")["organisations"] if o["id"] == made["id"])
    assert (org["role"], [p["name"] for p in org["projects"]]) == ("owner", ["Default"])
    path = f"/api/v1/organisations/{made['id']}"
    assert owner.get(path) == made
    assert owner.call("POST", path + "/provider-keys", {"provider": "openai", "secret": "sk-own-0123456789"})[0] == 201
    assert installation.query("select count(distinct data_key_sealed) = count(*) from organisations") == "t"


def test_a_tenant_s_provider_key_serves_its_own_requests(people, installation, simulator, gateway):
    """The data key that was made for the organisation opens at the gateway."""
    world = World(installation, people)
    world.make("/provider-keys", {"provider": "openai", "secret": "sk-tenant-0123456789", "base_url": simulator.base_url})
    for unreachable in (world.ids["provider-keys"], world.second):
        people["owner"].call("PATCH", f"{world.path}/provider-keys/{unreachable}", {"disabled": True})
    key = world.make_key(people["owner"], "calls")["key"]
    wait_until(lambda: works(gateway, key) == 200, 3, "the key")
    status, _, answer = gateway.chat(key, say("hello"))
    assert status == 200, answer


def test_renaming(world):
    owner = world.people["owner"]
    status, got = owner.call("PATCH", world.path, {"name": "Südwind & Söhne"})
    assert (status, got["name"]) == (200, "Südwind & Söhne")
    (row,) = audit(world, "organisation.update")
    assert (row["before"]["name"], row["after"]["name"]) == (world.name, "Südwind & Söhne")
    assert owner.call("PATCH", world.path, {"name": "Südwind & Söhne"})[0] == 200
    assert len(audit(world, "organisation.update")) == 1   # the same name again is no change
    for bad in ({}, {"name": ""}, {"name": "x" * 101}, {"name": None}, {"name": "a", "is_operator": True}):
        assert owner.call("PATCH", world.path, bad)[0] == 422, bad


def test_archiving_ends_its_keys_within_a_second(world, gateway, installation):
    owner = world.people["owner"]
    key = world.make_key(owner, "live")["key"]
    wait_until(lambda: works(gateway, key) == 200, 3, "the key")
    status, body = owner.call("POST", world.path + "/archive", {"name": world.name.upper()})
    assert (status, body["field"]) == (422, "name")
    assert works(gateway, key) == 200
    assert owner.call("POST", world.path + "/archive", {"name": world.name})[0] == 204
    wait_until(lambda: works(gateway, key) == 401, 1, "the end of the organisation's key")
    assert owner.call("GET", world.path)[0] == 404
    assert world.org not in {o["id"] for o in owner.get("/api/v1/session")["organisations"]}
    assert installation.query("select count(*) from audit_log where action = 'organisation.archive' and "
                              f"organisation_id = '{world.org}'") == "1"


def test_the_operator_s_organisation_stays(control, installation):
    operator = Person(control, installation.email)
    name = operator.session["organisations"][0]["name"]
    assert operator.call("POST", operator.org_path + "/archive", {"name": name})[0] == 409


# ---------------------------------------------------------------- projects

def test_projects(world):
    owner, path = world.people["owner"], world.path + "/projects"
    made = world.make("/projects", {"name": "Support", "mode": "api-keys"})
    assert (made["mode"], made["api_keys"], made["requests"], made["cost"]) == ("api-keys", 0, 0, "0")
    assert [p["name"] for p in owner.all(path, limit=1)] == ["Default", "Support"]
    for name in ("Support", "SUPPORT"):
        status, body = owner.call("POST", path, {"name": name})
        assert (status, body["field"]) == (409, "name")
    one = f"{path}/{made['id']}"
    assert owner.call("PATCH", one, {"name": "default"})[0] == 409
    status, got = owner.call("PATCH", one, {"name": "Care", "mode": "credits"})
    assert status == 200 and (got["name"], got["mode"]) == ("Care", "credits")
    for bad in ({}, {"mode": "free"}, {"name": ""}, {"archived": "yes"}, {"project_id": made["id"]}):
        assert owner.call("PATCH", one, bad)[0] == 422, bad
    changed, created = owner.all(world.path + "/audit", target=made["id"])
    assert (changed["before"]["name"], changed["after"]["name"], created["action"]) == \
        ("Support", "Care", "project.create")
    world.make_key(owner, "counted")
    assert {p["name"]: p["api_keys"] for p in owner.all(path)} == {"Default": 2, "Care": 0}


def test_an_archived_project_s_keys_stop_and_come_back(world, gateway):
    owner = world.people["owner"]
    key = world.make_key(owner, "live")["key"]
    one = f"{world.path}/projects/{world.project}"
    wait_until(lambda: works(gateway, key) == 200, 3, "the key")
    status, got = owner.call("PATCH", one, {"archived": True})
    assert status == 200 and got["archived_at"]
    wait_until(lambda: works(gateway, key) == 401, 1, "the end of the project's key")
    assert owner.call("PATCH", one, {"archived": True})[1]["archived_at"] == got["archived_at"]
    assert owner.all(world.path + "/projects") == []
    assert [p["id"] for p in owner.all(world.path + "/projects", status="archived")] == [world.project]
    assert owner.call("POST", one + "/api-keys", {"name": "too late"})[0] == 409
    assert owner.get(one + "/api-keys")["items"]   # what was there is still to be seen
    world.make("/projects", {"name": "Default"})   # the name is free meanwhile
    assert owner.call("PATCH", one, {"archived": False})[0] == 409
    assert owner.call("PATCH", one, {"archived": False, "name": "First"})[0] == 200
    wait_until(lambda: works(gateway, key) == 200, 1, "the key again")


# ---------------------------------------------------------------- members

def members(world):
    return {m["user"]["email"]: m for m in world.people["owner"].all(world.path + "/members", limit=2)}


def member_path(world, who):
    return f"{world.path}/members/{who.session['user']['id']}"


def test_members_are_listed_with_role_and_keys(world):
    developer = world.people["developer"]
    world.make_key(developer, "mine")
    got = members(world)
    assert {p.email: got[p.email]["role"] for n, p in world.people.items() if n != "guest"} == \
        {p.email: n for n, p in world.people.items() if n != "guest"}
    assert (got[developer.email]["api_keys"], got[world.people["viewer"].email]["api_keys"]) == (1, 0)
    assert got[developer.email]["last_seen_at"]


def test_nobody_reaches_above_their_own_role(world):
    admin, owner, viewer = (world.people[r] for r in ("admin", "owner", "viewer"))
    for who, role in ((viewer, "owner"), (admin, "owner")):
        status, body = admin.call("PATCH", member_path(world, who), {"role": role})
        assert status == 403 and "above their own" in body["detail"]
    for method, body in (("PATCH", {"role": "viewer"}), ("DELETE", None)):
        status, answer = admin.call(method, member_path(world, owner), body)
        assert status == 403 and "above yours" in answer["detail"]
    status, body = admin.call("POST", world.path + "/invitations", {"email": "x@example.com", "role": "owner"})
    assert status == 403
    theirs = world.make("/invitations", {"email": "boss@example.com", "role": "owner"})
    assert admin.call("POST", f"{world.path}/invitations/{theirs['id']}/resend")[0] == 403
    assert admin.call("PATCH", member_path(world, viewer), {"role": "admin"})[0] == 200
    assert admin.call("PATCH", member_path(world, admin), {"role": "developer"})[0] == 200   # down, oneself
    assert admin.call("PATCH", member_path(world, viewer), {"role": "viewer"})[0] == 403
    assert members(world)[viewer.email]["role"] == "admin"


def test_the_last_owner_stays(world):
    owner, admin = world.people["owner"], world.people["admin"]
    for method, body in (("PATCH", {"role": "admin"}), ("DELETE", None)):
        status, answer = owner.call(method, member_path(world, owner), body)
        assert (status, answer["type"]) == (409, "urn:doteb:problem:conflict")
    assert owner.call("PATCH", member_path(world, owner), {"role": "owner"})[0] == 200
    assert owner.call("PATCH", member_path(world, admin), {"role": "owner"})[0] == 200
    assert owner.call("DELETE", member_path(world, owner))[0] == 204
    assert owner.call("GET", world.path)[0] == 404


def test_two_owners_who_leave_at_once_do_not_both_go(installation, people):
    for _ in range(8):
        world = World(installation, people)
        pair = [people["owner"], people["admin"]]
        installation.query(f"update members set role = 'owner' where organisation_id = '{world.org}' and "
                           f"user_id = '{people['admin'].session['user']['id']}'")
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda p: p.call("DELETE", member_path(world, p))[0], pair))
        assert sorted(done) == [204, 409], done
        assert installation.query("select count(*) from members where role = 'owner' and organisation_id = "
                                  f"'{world.org}'") == "1"


def test_removing_and_leaving(world, gateway):
    owner, admin, developer, viewer = (world.people[r] for r in ("owner", "admin", "developer", "viewer"))
    kept, gone = world.make_key(developer, "kept")["key"], world.make_key(admin, "gone")["key"]
    wait_until(lambda: works(gateway, kept) == works(gateway, gone) == 200, 3, "the keys")
    assert owner.call("DELETE", member_path(world, developer))[0] == 204
    assert developer.call("GET", world.path)[0] == 404   # at once, session or not
    assert owner.call("DELETE", member_path(world, admin) + "?api_keys=revoke")[0] == 204
    wait_until(lambda: works(gateway, gone) == 401, 1, "the end of the removed one's key")
    assert works(gateway, kept) == 200
    assert viewer.call("DELETE", member_path(world, viewer))[0] == 204
    assert viewer.call("GET", world.path)[0] == 404
    assert owner.call("DELETE", member_path(world, viewer))[0] == 404
    assert owner.call("DELETE", member_path(world, owner) + "?api_keys=burn")[0] == 422
    rows = audit(world, "member.remove")
    assert rows[0]["target"]["name"] == viewer.email
    assert [(r["target"]["id"], r["after"]["api_keys"]) for r in rows] == [
        (viewer.session["user"]["id"], "kept"), (admin.session["user"]["id"], "revoked"),
        (developer.session["user"]["id"], "kept")]


# ---------------------------------------------------------------- invitations

def invite(world, email, role="developer", who="owner"):
    made = world.make("/invitations", {"email": email, "role": role}, world.people[who])
    return made, made["link"].split("#")[1]


def lookup(control, token):
    return Person(control).call("POST", "/api/v1/invitations/lookup", {"token": token})


def accept(who, token):
    return who.call("POST", "/api/v1/invitations/accept", {"token": token})


def test_an_invitation_s_way(world, control, installation, people):
    guest = people["guest"]
    made, token = invite(world, guest.email.upper())
    assert made["link"] == f"{control.root}/invitation#{token}" and len(token) == 43
    status, view = lookup(control, token)
    assert status == 200 and (view["organisation"], view["role"], view["email"]) == \
        (world.name, "developer", guest.email.upper())
    # Only the hash is kept, and nothing of the token is logged or audited.
    dump = installation.query("select string_agg(i::text, '') from invitations i") + \
        installation.query("select string_agg(a::text, '') from audit_log a")
    assert token not in dump + control.log.read_text()
    assert accept(people["viewer"], token)[1]["type"] == "urn:doteb:problem:invitation-address"
    status, body = accept(guest, token)
    assert (status, body) == (200, {"organisation_id": world.org, "role": "developer"})
    assert members(world)[guest.email]["role"] == "developer"
    assert accept(guest, token)[0] == lookup(control, token)[0] == 404   # once
    (row,) = audit(world, "invitation.accept")
    assert row["actor"]["name"] == guest.email and row["target"]["id"] == made["id"]
    assert made["id"] not in {i["id"] for i in people["owner"].all(world.path + "/invitations")}


def test_who_is_in_no_organisation_is_somebody_all_the_same(world, control, installation):
    """The last one was left: signing in, the account, an invitation and an organisation of one's own go on."""
    email = f"{uuid.uuid4().hex}@example.com"
    user = add_user(installation, email, "viewer", world.org)
    person = Person(control, email)
    assert person.call("DELETE", f"{world.path}/members/{user}")[0] == 204
    person.sign_in()
    assert person.session["organisations"] == [] and person.get("/api/v1/account")["email"] == email
    assert person.call("GET", world.path)[0] == 404
    assert person.call("POST", "/api/v1/invitations/accept", {"token": world.invite(email)})[0] == 200
    assert person.get(world.path)["id"] == world.org
    assert person.call("DELETE", f"{world.path}/members/{user}")[0] == 204
    made = person.call("POST", "/api/v1/organisations", {"name": "Mine again"})[1]
    assert [o["id"] for o in person.get("/api/v1/session")["organisations"]] == [made["id"]]


def test_an_invitation_ends(world, control, installation, people):
    owner, email = people["owner"], people["guest"].email
    made, token = invite(world, email)
    assert owner.call("DELETE", f"{world.path}/invitations/{made['id']}")[0] == 204
    assert lookup(control, token)[0] == 404
    assert owner.call("DELETE", f"{world.path}/invitations/{made['id']}")[0] == 404
    # A second one of the same address ends the first.
    _, first = invite(world, email)
    again, second = invite(world, email.upper())
    assert (lookup(control, first)[0], lookup(control, second)[0]) == (404, 200)
    # So does a new link, which begins a new term.
    status, renewed = owner.call("POST", f"{world.path}/invitations/{again['id']}/resend")
    third = renewed["link"].split("#")[1]
    assert status == 200 and (lookup(control, second)[0], lookup(control, third)[0]) == (404, 200)
    # Time.
    term = installation.query("select extract(epoch from expires_at - now()) / 86400 from invitations "
                              f"where invitation_id = '{again['id']}'")
    assert 6.9 < float(term) <= 7
    installation.query(f"update invitations set expires_at = now() where invitation_id = '{again['id']}'")
    assert lookup(control, third)[0] == accept(people["guest"], third)[0] == 404
    # An organisation that is no more.
    _, token = invite(world, email)
    assert owner.call("POST", world.path + "/archive", {"name": world.name})[0] == 204
    assert lookup(control, token)[0] == accept(people["guest"], token)[0] == 404


def test_an_invitation_holds_no_longer_than_its_maker_may_give_it(world, control, people):
    made, token = invite(world, people["guest"].email, "admin", who="admin")
    assert lookup(control, token)[0] == 200
    assert people["owner"].call("PATCH", member_path(world, people["admin"]), {"role": "developer"})[0] == 200
    assert lookup(control, token)[0] == accept(people["guest"], token)[0] == 404
    # Nor does an owner's outlive their being one, though an admin may still invite.
    assert people["owner"].call("PATCH", member_path(world, people["viewer"]), {"role": "owner"})[0] == 200
    _, crown = invite(world, "heir@example.com", "owner", who="viewer")
    assert lookup(control, crown)[0] == 200
    assert people["owner"].call("PATCH", member_path(world, people["viewer"]), {"role": "admin"})[0] == 200
    assert lookup(control, crown)[0] == 404
    status, renewed = people["owner"].call("POST", f"{world.path}/invitations/{made['id']}/resend")
    assert status == 200 and renewed["invited_by"]["email"] == people["owner"].email
    assert accept(people["guest"], renewed["link"].split("#")[1])[0] == 200


def test_two_who_follow_a_link_at_once_are_one_member(world, people, control):
    _, token = invite(world, people["guest"].email)
    twice = [people["guest"], Person(control, people["guest"].email)]
    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(lambda p: accept(p, token)[0], twice))
    assert done == [200, 404]


def test_who_cannot_be_invited(world, people):
    owner = people["owner"]
    status, body = owner.call("POST", world.path + "/invitations", {"email": people["viewer"].email, "role": "viewer"})
    assert (status, body["field"]) == (409, "email")
    for email in ("nobody", "@x.example", "a@", "a b@c.example", "a@b\n.example", "x" * 250 + "@example.com"):
        status, body = owner.call("POST", world.path + "/invitations", {"email": email, "role": "viewer"})
        assert (status, body["field"]) == (422, "email"), email
    for role in ("none", "operator", "", None):
        status, body = owner.call("POST", world.path + "/invitations", {"email": "a@b.example", "role": role})
        assert (status, body["field"]) == (422, "role"), role


def test_the_link_is_mailed_where_mail_is_possible(world, control, installation):
    made, _ = invite(world, "silent@example.com")
    assert made["mailed"] is False and installation.query("select count(*) from outbox") == "0"
    posting = Control(installation, DOTEB_MAIL_LOG="true")
    try:
        owner = Person(posting, world.people["owner"].email)
        status, made = owner.call("POST", world.path + "/invitations",
                                  {"email": "mailed@example.com", "role": "viewer"})
        assert status == 201 and made["mailed"] is True
        text = wait_until(lambda: [x for x in posting.log.read_text().splitlines() if made["link"] in x], 20,
                          "the mail in the log")[0]
        assert "mailed@example.com" in text and world.name in text
        assert owner.call("POST", f"{world.path}/invitations/{made['id']}/resend")[1]["mailed"] is True
    finally:
        posting.stop()


def test_open_invitations_are_bounded(world, people, installation):
    installation.query(
        "insert into invitations (organisation_id, invitation_id, email, role, token_hash, invited_by, expires_at) "
        f"select '{world.org}', gen_random_uuid(), i || '@example.com', 'viewer', sha256(i::text::bytea), "
        f"'{people['owner'].session['user']['id']}', now() from generate_series(1, 99) i")
    status, _ = people["owner"].call("POST", world.path + "/invitations", {"email": "one@more.example", "role": "viewer"})
    assert status == 409
    assert len(people["owner"].all(world.path + "/invitations", limit=7)) == 100
    # Renewing an address that has one is still possible.
    assert people["owner"].call("POST", world.path + "/invitations", {"email": "7@example.com", "role": "viewer"})[0] == 201


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "' or 1=1", 7, None, "x" * 129])
def test_bad_tokens(token, control, people):
    for call in (lambda: lookup(control, token), lambda: accept(people["guest"], token)):
        status, body = call()
        assert status == 404 or (status == 422 and body["field"] == "token"), body
