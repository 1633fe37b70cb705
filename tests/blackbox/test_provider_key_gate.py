"""Everything that keys go through while two gateways serve 500 requests a second: a provider key's secret is
exchanged (switched, taken back, switched and confirmed), the master key is changed, an API key is revoked. No
request fails that should not, and the revoked key's end is known on both within a second."""
import pytest

from control_client import Person
from harness import MASTER_KEY, Control, Gateway, say, wait_until
from steady_load import SteadyLoad

NEW_MASTER = "ab" * 32
BOTH = {"DOTEB_MASTER_KEY": f"{NEW_MASTER},{MASTER_KEY}", "DOTEB_LOG_LEVEL": "warn"}
LAST = {"DOTEB_MASTER_KEY": NEW_MASTER}
RATE, WANTED, LEAST = 560, 500, 300


@pytest.fixture
def owner(installation):
    control = Control(installation, **BOTH)
    yield Person(control, installation.email)
    control.stop()


def seen(gateway, simulator, key):
    status, head, answer = gateway.chat(key, say("hi"))
    assert status == 200, answer
    return simulator.get("/_sim/requests/" + head["x-request-id"])[-1]["key_tail"]


def test_keys_change_under_load(owner, installation, simulator, capsys):
    path = owner.org_path + "/provider-keys"
    status, key = owner.call("POST", path, {"provider": "openai", "secret": "sk-old-secret-0001",
                                            "base_url": simulator.base_url})
    assert status == 201, key
    api_key, revoked = (owner.call("POST", owner.keys_path, {"name": name})[1] for name in ("load", "to revoke"))
    gateways = [Gateway(installation, f"gateway-{n}", **BOTH) for n in (1, 2)]

    def step(what="", method="POST", body=None):
        status, got = owner.call(method, f"{path}/{key['id']}/rotation{what}", body)
        assert status == 200, got

    def everywhere(tail):
        for gateway in gateways:
            wait_until(lambda: seen(gateway, simulator, api_key["key"]) == tail, 5, f"the secret {tail}")

    def some_more(load, seconds=1.5):
        have = load.done
        wait_until(lambda: load.done >= have + seconds * LEAST, 30, "traffic")

    try:
        for gateway in gateways:
            wait_until(lambda: gateway.chat(revoked["key"], say("hello"))[0] == 200, 5, "the new key")
        ports = [g.port for g in gateways]
        with SteadyLoad(ports, api_key["key"], RATE) as calm:   # what this machine can do when nothing changes
            some_more(calm, 5)
        with SteadyLoad(ports, api_key["key"], RATE) as load:
            some_more(load)
            step(body={"secret": "sk-new-secret-0002"})
            said = installation.command("master-key", "rotate", env=BOTH)   # with a secret that waits
            assert "may be removed" in said
            some_more(load)
            step("/switch")
            everywhere("0002")
            some_more(load)
            step(method="DELETE")
            everywhere("0001")
            some_more(load)
            step(body={"secret": "sk-new-secret-0002"})
            step("/switch")
            everywhere("0002")
            assert owner.call("DELETE", f"{owner.keys_path}/{revoked['id']}")[0] == 204
            for gateway in gateways:
                wait_until(lambda: gateway.chat(revoked["key"], say("hello"))[0] == 401, 1, "the revoked key's end")
            some_more(load)
            step("/confirm")
            some_more(load)
            for gateway in gateways:
                assert gateway.chat(revoked["key"], say("hello"))[0] == 401
        with capsys.disabled():
            print(f"\n{load.mean:.0f} requests/s while keys changed, {calm.mean:.0f} before")
        assert set(calm.counts) == set(load.counts) == {200}, (calm.counts, load.counts, load.wrong[:3])
        assert load.mean >= (WANTED if calm.mean >= WANTED + 20 else LEAST)
        newest = simulator.get("/_sim/last?n=20")
        assert {dict((k.lower(), v) for k, v in r["headers"])["authorization"] for r in newest} == \
            {"Bearer sk-new-secret-0002"}
        # Switched, and the old secret kept, when the old master key goes.
        step(body={"secret": "sk-third-secret-0003"})
        step("/switch")
        everywhere("0003")
    finally:
        for gateway in gateways:
            gateway.stop()
    gateways[0].start(**LAST)
    late = Control(installation, **LAST)
    try:
        again = Person(late, installation.email)
        wait_until(lambda: seen(gateways[0], simulator, api_key["key"]) == "0003", 5, "the new secret")
        assert again.call("POST", f"{path}/{key['id']}/check")[1]["outcome"] == "ok"
        assert again.call("DELETE", f"{path}/{key['id']}/rotation")[1]["last4"] == "0002"
        wait_until(lambda: seen(gateways[0], simulator, api_key["key"]) == "0002", 5, "the old secret")
    finally:
        late.stop()
        gateways[0].stop()
