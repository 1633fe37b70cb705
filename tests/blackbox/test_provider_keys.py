"""Several keys of one provider: their models, their order, their end, and what the gateway makes of it."""
import uuid

import pytest

import harness
from control_client import Person
from harness import say


FIRST, SECOND = "1111", "2222"


@pytest.fixture(scope="module")
def gateway(installation, simulator):
    gateway = harness.Gateway(installation)
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def key(installation):
    return installation.create_key()


@pytest.fixture(scope="module")
def pair(installation, simulator, owner):
    """Two keys of openai at the simulator: the first one's secret ends in 1111, the second's in 2222."""
    for label, tail in (("first", FIRST), ("second", SECOND)):
        installation.add_provider_key("openai", simulator.base_url, f"sk-012345678-{tail}", label)
    return mine(owner)


def mine(owner, provider="openai"):
    return [k["id"] for k in owner.all(owner.org_path + "/provider-keys") if k["provider"] == provider]


def change(owner, id, **fields):
    return owner.call("PATCH", f"{owner.org_path}/provider-keys/{id}", fields)


def order(owner, ids, provider="openai"):
    return owner.call("POST", owner.org_path + "/provider-keys/order", {"provider": provider, "ids": ids})


def used(gateway, simulator, key, wanted, model="openai/gpt-4"):
    """Asks until the provider sees these keys, in this order, for one request."""
    def tried():
        status, head, answer = gateway.chat(key, say("hi", model), {"x-no-fallback": "true"})
        assert status in (200, 403), answer
        return [r["key_tail"] for r in simulator.get("/_sim/requests/" + head["x-request-id"])]
    harness.wait_until(lambda: tried() == wanted, 15, f"a request that is tried with {wanted}")


def test_the_order_is_the_gateway_s(gateway, simulator, key, owner, pair):
    first, second = pair
    used(gateway, simulator, key, [FIRST])
    status, got = order(owner, [second, first])
    assert (status, got["ids"]) == (200, [second, first]) and mine(owner) == [second, first]
    used(gateway, simulator, key, [SECOND])
    noted = owner.get(owner.org_path + "/audit", action="provider_key.order")["items"]
    assert order(owner, [second, first])[0] == 200, "as it is already: nothing to note"
    assert order(owner, [first, second])[0] == 200
    after = owner.get(owner.org_path + "/audit", action="provider_key.order")["items"]
    assert len(after) == len(noted) + 1 >= 2
    used(gateway, simulator, key, [FIRST])


def test_an_order_names_every_key_once(owner, pair):
    first, second = pair
    for ids in ([first], [first, first], [first, second, str(uuid.uuid4())], [first, str(uuid.uuid4())],
                [first, first.upper()], ["x"], [], [1]):
        status, body = order(owner, ids)
        assert (status, body["field"]) == (422, "ids"), ids
    assert order(owner, pair, "nope")[1]["field"] == "provider"
    assert order(owner, pair, "groq")[1]["field"] == "ids"
    assert mine(owner) == pair


def test_a_key_serves_its_models_only(gateway, simulator, key, owner, pair):
    first, second = pair
    status, got = change(owner, first, models=["gpt-4o"])
    assert (status, got["models"]) == (200, ["gpt-4o"])
    used(gateway, simulator, key, [SECOND])
    used(gateway, simulator, key, [FIRST], "openai/gpt-4o")
    assert change(owner, second, models=["gpt-4o"])[0] == 200
    used(gateway, simulator, key, [])
    status, _, answer = gateway.chat(key, say("hi", "openai/gpt-4"), {"x-no-fallback": "true"})
    assert status == 403 and "None of your provider keys serves 'gpt-4'" in answer["error"]["message"]
    for id in pair:
        assert change(owner, id, models=[])[1]["models"] == []
    used(gateway, simulator, key, [FIRST])


@pytest.mark.parametrize("fields,field", [
    ({"models": ["claude-opus-4-5"]}, "models"), ({"models": ["nope"]}, "models"), ({"models": "gpt-4"}, "models"),
    ({"models": [1]}, "models"), ({"models": ["gpt-4", "gpt-4"]}, "models"), ({"models": [""]}, "models"),
    ({"models": ["m"] * 501}, "models"), ({"options": {"region": "-"}}, "options.region"),
    ({"options": {"host": "a"}}, "options.host"), ({"options": []}, "options")])
def test_bad_changes(fields, field, owner, pair):
    status, body = change(owner, pair[0], **fields)
    assert (status, body["field"]) == (422, field), body


def test_a_new_key_s_models(owner):
    path = owner.org_path + "/provider-keys"
    status, made = owner.call("POST", path, {"provider": "groq", "secret": "gsk-0123456789ab", "models": []})
    assert (status, made["models"]) == (201, [])
    status, body = owner.call("POST", path, {"provider": "groq", "secret": "gsk-0123456789ab", "models": ["gpt-4"]})
    assert (status, body["field"]) == (422, "models")


def test_options_are_replaced_and_still_needed(owner):
    status, made = owner.call("POST", owner.org_path + "/provider-keys", {
        "provider": "azure", "secret": "0123456789abcdef", "options": {"resource": "one", "api_version": "v1"}})
    assert status == 201, made
    assert change(owner, made["id"], options={"resource": "two"})[1]["options"] == {"resource": "two"}
    status, body = change(owner, made["id"], options={})
    assert (status, body["field"]) == (422, "options.resource")


def test_a_limited_key_gives_way_to_the_next(gateway, installation, key, pair):
    tag = uuid.uuid4().hex[:8]
    status, head, answer = gateway.chat(key, say(f"x [sim fail_first=1:429 tag={tag}]", "openai/gpt-4"),
                                        {"x-no-fallback": "true"})
    assert status == 200, answer
    tried = installation.row_of(head["x-request-id"])["attempts"]
    assert [(a["provider_key_id"], a["status"]) for a in tried] == [(pair[0], 429), (pair[1], 200)]


def test_a_deleted_key_is_gone(gateway, installation, simulator, key, owner, pair):
    first, second = pair
    path = f"{owner.org_path}/provider-keys/{first}"
    before = owner.call("GET", owner.org_path + "/audit", action="provider_key.delete")[1]["items"]
    assert owner.call("DELETE", path)[0] == 204
    assert owner.call("DELETE", path)[0] == 404
    assert installation.query(f"select count(*) from provider_keys where provider_key_id = '{first}'") == "0"
    used(gateway, simulator, key, [SECOND])
    after = owner.call("GET", owner.org_path + "/audit", action="provider_key.delete")[1]["items"]
    assert len(after) == len(before) + 1 and after[0]["target"]["id"] == first
