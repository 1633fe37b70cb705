"""API keys that change while they are in use: rotated, disabled, renamed, given another end."""
import json
import uuid

import pytest

from control_client import Person
from harness import Gateway, http, say, wait_until


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


def judged(gateway, key):
    """What the gateway says of a key: 200, or the error's code."""
    status, _, body = http("GET", gateway.base_url + "/key", headers={"Authorization": f"Bearer {key}"})
    return status if status == 200 else json.loads(body)["error"]["code"]


def becomes(gateway, key, what):
    wait_until(lambda: judged(gateway, key) == what, 1.5, f"{what} for the key")


def make(owner, **fields):
    return owner.call("POST", owner.keys_path, {"name": uuid.uuid4().hex} | fields)[1]


def rotate(owner, made, **fields):
    status, got = owner.call("POST", f"{owner.keys_path}/{made['id']}/rotate", fields)
    assert status == 200, got
    return got


def patch(owner, made, **fields):
    return owner.call("PATCH", f"{owner.keys_path}/{made['id']}", fields)


def test_both_secrets_work_in_the_grace_and_count_on_one_key(owner, gateway, installation):
    made = make(owner)
    becomes(gateway, made["key"], 200)
    got = rotate(owner, made, grace_hours=2)
    assert got["key"] != made["key"] and got["last4"] == got["key"][-4:] and got["id"] == made["id"]
    assert got["previous_works_until"] and got["name"] == made["name"]
    becomes(gateway, got["key"], 200)
    ids = []
    for key in (made["key"], got["key"]):
        status, head, _ = gateway.chat(key, say("hello"))
        assert status == 200
        ids.append(head["x-request-id"])
    assert {installation.row_of(i)["api_key_id"] for i in ids} == {made["id"]}
    # The grace passes; the new one stays.
    installation.query(f"update api_keys set previous_expires_at = now() where api_key_id = '{made['id']}'")
    becomes(gateway, made["key"], "api_key_expired")
    assert judged(gateway, got["key"]) == 200
    assert owner.all(owner.keys_path, limit=200)[0]["id"] and patch(owner, made, name="x")[1]["previous_works_until"] is None


def test_of_three_secrets_the_first_ends_at_once(owner, gateway):
    made = make(owner)
    second = rotate(owner, made, grace_hours=24)["key"]
    third = rotate(owner, made)["key"]
    becomes(gateway, third, 200)
    becomes(gateway, made["key"], "invalid_api_key")
    assert judged(gateway, second) == 200


def test_without_grace_the_old_secret_ends_at_once(owner, gateway):
    made = make(owner)
    becomes(gateway, made["key"], 200)
    got = rotate(owner, made, grace_hours=0)
    assert got["previous_works_until"] is None
    becomes(gateway, made["key"], "api_key_expired")
    becomes(gateway, got["key"], 200)


def test_revoking_and_disabling_hold_for_both_secrets(owner, gateway):
    made = make(owner)
    got = rotate(owner, made, grace_hours=1)
    both = (made["key"], got["key"])
    becomes(gateway, both[1], 200)
    status, shown = patch(owner, made, disabled=True)
    assert status == 200 and shown["disabled_at"]
    for key in both:
        becomes(gateway, key, "api_key_disabled")
    assert patch(owner, made, disabled=True)[1]["disabled_at"] == shown["disabled_at"]
    assert made["id"] in {k["id"] for k in owner.all(owner.keys_path, status="active")}
    assert patch(owner, made, disabled=False)[1]["disabled_at"] is None
    for key in both:
        becomes(gateway, key, 200)
    assert owner.call("DELETE", f"{owner.keys_path}/{made['id']}")[0] == 204
    for key in both:
        becomes(gateway, key, "api_key_revoked")
    for status, _ in (patch(owner, made, disabled=False), patch(owner, made, name="back"),
                      owner.call("POST", f"{owner.keys_path}/{made['id']}/rotate", {})):
        assert status == 409


def test_a_gateway_that_starts_later_knows_both(owner, installation, simulator, key):
    made = make(owner)
    got = rotate(owner, made, grace_hours=1)
    off = make(owner)
    patch(owner, off, disabled=True)
    late = Gateway(installation, "late")
    try:
        assert (judged(late, made["key"]), judged(late, got["key"])) == (200, 200)
        assert judged(late, off["key"]) == "api_key_disabled"
    finally:
        late.stop()


def test_the_end_is_set_moved_and_taken_away(owner, gateway):
    made = make(owner)
    becomes(gateway, made["key"], 200)
    assert patch(owner, made, expires_at="2099-01-01T00:00:00Z")[1]["expires_at"] == "2099-01-01T00:00:00.000Z"
    assert patch(owner, made, name="other")[1]["expires_at"] == "2099-01-01T00:00:00.000Z"   # not given: as it is
    assert patch(owner, made, expires_at=None)[1]["expires_at"] is None
    for bad in ("2020-01-01T00:00:00Z", "soon", 5):
        status, body = patch(owner, made, expires_at=bad)
        assert (status, body["field"]) == (422, "expires_at"), bad


def test_an_expired_key_is_not_rotated_but_can_be_given_a_new_end(owner, gateway, installation):
    made = make(owner)
    installation.query(f"update api_keys set expires_at = now() where api_key_id = '{made['id']}'")
    becomes(gateway, made["key"], "api_key_expired")
    assert owner.call("POST", f"{owner.keys_path}/{made['id']}/rotate", {})[0] == 409
    assert patch(owner, made, expires_at=None)[0] == 200
    becomes(gateway, made["key"], 200)


@pytest.mark.parametrize("fields,field", [({}, None), ({"disabled": "yes"}, "disabled"), ({"name": ""}, "name"),
                                          ({"hash": "x"}, "hash"), ({"disabled": None}, "disabled")])
def test_bad_changes(fields, field, owner):
    status, body = patch(owner, make(owner), **fields)
    assert status == 422 and body.get("field") == field


@pytest.mark.parametrize("hours", [-1, 721, 1.5, "1", None])
def test_bad_graces(hours, owner):
    status, body = owner.call("POST", f"{owner.keys_path}/{make(owner)['id']}/rotate", {"grace_hours": hours})
    assert (status, body["field"]) == (422, "grace_hours")


def test_no_secret_of_a_rotation_is_kept_or_logged(owner, installation, control):
    made = make(owner)
    got = rotate(owner, made)
    text = installation.query("select string_agg(a::text, '') from audit_log a") + \
        installation.query("select string_agg(k::text, '') from api_keys k") + control.log.read_text()
    assert made["key"] not in text and got["key"] not in text
    row = owner.get(owner.org_path + "/audit", target=made["id"], limit=1)["items"][0]
    assert (row["action"], row["before"]["last4"], row["after"]["last4"]) == \
        ("api_key.rotate", made["last4"], got["last4"])
