"""The audit log: every change leaves one row in the transaction of the change, and no secret."""
import csv
import io
import json
import uuid

import pytest

import harness
from control_client import Person, add_organisation, add_user
from harness import PASSWORD, http


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


def audit(person, **query):
    return person.all(person.org_path + "/audit", **query)


def newest(person, **query):
    return person.get(person.org_path + "/audit", limit=1, **query)["items"][0]


def test_a_key_s_life(owner, installation):
    made = owner.call("POST", owner.keys_path, {"name": "audited"}, {"User-Agent": "tests/1"})[1]
    assert owner.call("DELETE", f"{owner.keys_path}/{made['id']}")[0] == 204
    assert owner.call("DELETE", f"{owner.keys_path}/{made['id']}")[0] == 204   # nothing changes: no row
    revoked, created = audit(owner, target=made["id"])
    assert (created["action"], revoked["action"]) == ("api_key.create", "api_key.revoke")
    assert created["actor"] == {"kind": "user", "id": owner.session["user"]["id"], "name": installation.email}
    assert (created["ip"], created["user_agent"]) == ("127.0.0.1", "tests/1")
    assert created["target"] == {"id": made["id"], "name": "audited"}
    assert created["project_id"] == owner.project
    assert created["before"] is None and created["after"]["name"] == "audited"
    assert "requests" not in created["after"] and "key" not in created["after"]
    assert revoked["before"]["revoked_at"] is None and revoked["after"]["revoked_at"]


def test_signing_and_provider_keys(owner):
    key = owner.call("POST", owner.keys_path, {"name": "signs"})[1]
    path = owner.keys_path.replace("api-keys", "signing-keys")
    pair = owner.call("POST", path, {"api_key_id": key["id"]})[1]
    assert owner.call("DELETE", f"{path}/{pair['id']}")[0] == 204
    assert [x["action"] for x in audit(owner, target=pair["id"])] == ["signing_key.revoke", "signing_key.create"]
    keys = owner.org_path + "/provider-keys"
    made = owner.call("POST", keys, {"provider": "openai", "label": "a", "secret": "sk-0123456789abcdef"})[1]
    assert owner.call("PATCH", f"{keys}/{made['id']}", {"label": "b"})[0] == 200
    assert owner.call("PATCH", f"{keys}/{made['id']}", {"label": "b"})[0] == 200   # the same again
    changed, created = audit(owner, target=made["id"])
    assert (changed["action"], changed["before"]["label"], changed["after"]["label"]) == \
        ("provider_key.update", "a", "b")
    assert created["action"] == "provider_key.create" and created["target"]["name"] == "a"


def test_signing_in_and_out(control, installation, owner):
    email = f"{uuid.uuid4().hex}@example.com"
    uid = add_user(installation, email, "viewer")
    person = Person(control, email)
    assert person.call("DELETE", "/api/v1/session")[0] == 204
    assert [x["action"] for x in audit(owner, actor=uid)] == ["session.end", "session.create"]
    # Wrong passwords change nothing.
    http("POST", control.root + "/api/v1/session", {"email": email, "password": "wrong-wrong"})
    assert len(audit(owner, actor=uid)) == 2


def test_a_person_s_sign_in_is_seen_where_they_are_a_member_and_nowhere_else(control, installation, owner):
    org, _ = add_organisation(installation, "elsewhere")
    email = f"{uuid.uuid4().hex}@example.com"
    uid = add_user(installation, email, "owner", org)
    other = Person(control, email)
    assert [x["action"] for x in audit(other)] == ["session.create"]
    assert audit(owner, actor=uid) == []
    # Of somebody who is a member nowhere the operator learns.
    stray = f"{uuid.uuid4().hex}@example.com"
    uid = add_user(installation, stray)
    http("POST", control.root + "/api/v1/session", {"email": stray, "password": PASSWORD})
    assert [x["action"] for x in audit(owner, actor=uid)] == ["session.create"]


def test_the_command_line(owner, installation, tmp_path):
    installation.command("key", "create", "--project", "Default", "--name", "from the shell")
    got = newest(owner, action="api_key.create")
    assert (got["actor"]["kind"], got["actor"]["id"], got["ip"]) == ("cli", None, None)
    assert "@" in got["actor"]["name"] and got["target"]["name"] == "from the shell"
    installation.command("provider-key", "add", "--provider", "openai", "--label", "shell", "--secret-stdin",
                         text="sk-from-the-shell-0123\n")
    assert newest(owner, action="provider_key")["after"]["label"] == "shell"
    installation.command("admin", "create", "--email", "second@example.com", "--password-stdin",
                         text=PASSWORD + "\n")
    got = newest(owner, action="admin")
    assert (got["after"]["email"], got["target"]["name"]) == ("second@example.com", "second@example.com")
    catalogue = tmp_path / "import.json"
    catalogue.write_text((harness.ROOT / "catalogue/providers.json").read_text())
    installation.command("catalogue", "import", str(catalogue), "--dry-run")
    assert not audit(owner, action="catalogue")
    installation.command("catalogue", "import", str(catalogue))
    assert newest(owner, action="catalogue")["after"] == {"file": str(catalogue)}


def test_a_refused_change_leaves_no_row_and_a_failed_row_no_change(owner, installation):
    before = len(audit(owner))
    assert owner.call("POST", owner.keys_path, {"name": ""})[0] == 422
    assert owner.call("DELETE", f"{owner.keys_path}/{uuid.uuid4()}")[0] == 404
    assert len(audit(owner)) == before
    installation.query("alter table audit_log add constraint full_disk check (action <> 'api_key.create') not valid")
    try:
        status, _, _ = http("POST", owner.control.root + owner.keys_path, {"name": "must not be"},
                            owner.auth() | {"X-CSRF-Token": owner.csrf})
        assert status == 500
    finally:
        installation.query("alter table audit_log drop constraint full_disk")
    assert "must not be" not in {k["name"] for k in owner.all(owner.keys_path, status="all")}
    # Nor a cookie of a session that was never kept.
    installation.query("alter table audit_log add constraint full_disk check (action <> 'session.create') not valid")
    try:
        status, head, _ = http("POST", owner.control.root + "/api/v1/session",
                               {"email": owner.email, "password": PASSWORD})
        assert status == 500 and "set-cookie" not in head
    finally:
        installation.query("alter table audit_log drop constraint full_disk")


def test_rows_are_only_ever_added(installation):
    for sql in ("delete from audit_log", "update audit_log set action = 'a.b'", "truncate audit_log"):
        with pytest.raises(ValueError, match="only ever added"):
            installation.query(sql)


def test_filters_and_pages(owner):
    whole = audit(owner, limit=200)
    assert audit(owner, limit=3) == whole
    assert [x["created_at"] for x in whole] == sorted((x["created_at"] for x in whole), reverse=True)
    keys = [x for x in whole if x["action"].startswith("api_key.")]
    assert audit(owner, action="api_key") == keys and len(keys) > 3
    assert audit(owner, action="api") == []
    assert audit(owner, action="api_key.create") == [x for x in keys if x["action"] == "api_key.create"]
    middle = whole[len(whole) // 2]["created_at"]
    assert audit(owner, from_=middle) == [x for x in whole if x["created_at"] >= middle]
    assert audit(owner, to=middle) == [x for x in whole if x["created_at"] < middle]
    assert audit(owner, project=owner.project) == [x for x in whole if x["project_id"] == owner.project]
    for name, bad in (("action", "API"), ("action", "a%"), ("actor", "me"), ("from", "yesterday"), ("cursor", "x")):
        status, body = owner.call("GET", owner.org_path + "/audit", **{name: bad})
        assert (status, body["field"]) == (422, name)


def test_export(owner):
    names = ['=HYPERLINK("http://evil.example")', "+1", "-1", "@cmd", 'quo"te, comma']
    for name in names:
        owner.call("POST", owner.keys_path, {"name": name})
    status, text = owner.call("GET", owner.org_path + "/audit/export", action="api_key.create")
    assert status == 200
    assert owner.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(text)))
    shown = [r["target"] for r in rows][:5][::-1]
    assert shown == ["'" + n for n in names[:4]] + [names[4]]
    assert len(rows) == len(audit(owner, action="api_key.create"))
    assert json.loads(rows[0]["after"])["name"] == names[4]
    assert {r["actor"] for r in rows} >= {owner.email}


def test_no_secret_is_ever_in_it(owner, installation):
    key = owner.call("POST", owner.keys_path, {"name": "secret"})[1]
    pair = owner.call("POST", owner.keys_path.replace("api-keys", "signing-keys"), {"api_key_id": key["id"]})[1]
    owner.call("POST", owner.org_path + "/provider-keys", {"provider": "openai", "secret": "sk-very-secret-0001"})
    text = installation.query("select string_agg(a::text, '') from audit_log a")
    assert key["id"] in text
    for secret in (key["key"], pair["secret_access_key"], "sk-very-secret-0001", PASSWORD, owner.csrf,
                   owner.cookie.split("=")[1], harness.MASTER_KEY):
        assert secret not in text
