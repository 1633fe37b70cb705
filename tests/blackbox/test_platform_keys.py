"""The operator's provider keys, lent to other organisations: who gets them, in which order, and what is seen
of them by whom."""
import json
import uuid

import pytest

import harness
from control_client import Person, add_user
from harness import http, say, wait_until
from raw_provider import RawProvider

I = "/api/v1/instance/organisations"
SECRET, LABEL, OWN = "sk-of-the-platform-Qz7x", "the platform's own", "sk-of-the-tenant"
MODEL = "openai/gpt-4"


@pytest.fixture(scope="module")
def provider(scratch):
    """Knows the platform's key alone."""
    simulator = harness.Simulator(scratch / "platform-provider", "--api-key", SECRET)
    yield simulator
    simulator.stop()


@pytest.fixture(scope="module")
def gateway(installation, provider):
    installation.add_provider_key("openai", provider.base_url, SECRET, LABEL)
    gateway = harness.Gateway(installation)
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def operator(control, installation):
    return Person(control, installation.email)


class Tenant:
    """An organisation of its own with an API key and no provider key."""

    def __init__(self, installation, control, gateway, name):
        email = f"{uuid.uuid4().hex}@example.com"
        add_user(installation, email)
        self.owner, self.gateway = Person(control, email), gateway
        self.org = self.owner.call("POST", "/api/v1/organisations", {"name": name})[1]["id"]
        self.path = f"/api/v1/organisations/{self.org}"
        self.project = self.owner.get(self.path + "/projects")["items"][0]["id"]
        self.key = self.make(f"/projects/{self.project}/api-keys", {"name": "k"})["key"]

    def make(self, where, body):
        status, made = self.owner.call("POST", self.path + where, body)
        assert status == 201, made
        return made

    def ask(self, headers=None):
        return self.gateway.chat(self.key, say("hello", MODEL), headers)

    def until(self, status, code=None):
        """The answer is this one within a second."""
        def asked():
            got = self.ask()
            return got[0] == status and (code is None or got[2]["error"]["code"] == code) and got
        return wait_until(asked, seconds=1, what=f"{status} {code}")

    def mode(self, word):
        status, answer = self.owner.call("PATCH", f"{self.path}/projects/{self.project}", {"mode": word})
        assert status == 200, answer

    def models(self):
        _, _, body = http("GET", self.gateway.root + "/v1/models", headers={"Authorization": f"Bearer {self.key}"})
        return {m["id"] for m in json.loads(body)["data"]}


@pytest.fixture(scope="module")
def tenant(installation, control, gateway):
    return Tenant(installation, control, gateway, "Borrowers")


def lend(operator, org, verb="lend", status=200):
    got, answer = operator.call("POST", f"{I}/{org}/{verb}")
    assert got == status, answer
    return answer


def tried(installation, head):
    row = installation.row_of(head["x-request-id"])
    return row, [(a["status"], a.get("lent", False)) for a in row["attempts"]]


def test_nobody_is_lent_to_who_was_not_allowed(tenant):
    wait_until(lambda: tenant.ask()[0] != 401, what="the API key to be known")
    assert tenant.until(403, "no_provider_key") and tenant.models() == set()
    tenant.mode("credits")
    answer = tenant.until(403, "platform_keys_not_lent")
    assert "operator" in answer[2]["error"]["message"]
    tenant.mode("hybrid")


def test_a_fresh_organisation_is_served_by_the_platforms_key(tenant, operator, installation):
    assert lend(operator, tenant.org)["platform_keys"] is True
    _, head, _ = tenant.until(200)
    assert tried(installation, head)[1] == [(200, True)]
    assert MODEL in tenant.models()


def test_no_account_of_the_clients_goes_to_the_provider(tenant, operator, installation):
    raw = RawProvider()
    raw.say("lent", [b"{}"])
    installation.add_provider_key("azure", raw.root + "/v1", "sk-azure", "azure")
    account = {"OpenAI-Organization": "org-tenant", "OpenAI-Project": "proj-tenant", "OpenAI-Beta": "b=1",
               "x-no-fallback": "true"}
    def head():
        tenant.gateway.chat(tenant.key, say("[raw lent]", "azure/gpt-4"), account)
        return raw.heads.get("lent")
    seen = wait_until(head, what="the provider to be asked").lower()
    seen = seen if isinstance(seen, str) else seen.decode()
    assert "openai-beta" in seen and "org-tenant" not in seen and "proj-tenant" not in seen
    azure, = [k for k in operator.all(operator.org_path + "/provider-keys") if k["provider"] == "azure"]
    assert operator.call("DELETE", f"{operator.org_path}/provider-keys/{azure['id']}")[0] == 204


def test_own_keys_come_first_and_the_platforms_last(tenant, installation, simulator, provider):
    own = tenant.make("/provider-keys", {"provider": "openai", "secret": OWN, "base_url": simulator.base_url})
    where = f"{tenant.path}/provider-keys/{own['id']}"
    head = wait_until(lambda: (h := tenant.ask()[1]) and tried(installation, h)[1] == [(200, False)] and h,
                      what="the own key to be used")
    assert tried(installation, head)[0]["provider_key_id"] == own["id"]
    # Refused keys of its own, more of them than there are attempts: the last attempt is the platform's.
    assert tenant.owner.call("DELETE", where)[0] == 204
    for _ in range(4):
        tenant.make("/provider-keys", {"provider": "openai", "secret": "sk-bad", "base_url": provider.base_url})
    def refused():
        status, head, _ = tenant.ask()
        return status == 200 and tried(installation, head)[1] == [(401, False), (401, False), (200, True)]
    wait_until(refused, what="the platform's key after the own ones")
    tenant.mode("api-keys")
    wait_until(lambda: tenant.ask()[0] == 502, seconds=2, what="the own keys alone")
    assert all(not lent for _, lent in tried(installation, tenant.ask()[1])[1])
    tenant.mode("credits")
    wait_until(lambda: tried(installation, tenant.ask()[1])[1] == [(200, True)], seconds=3,
               what="the platform's alone")
    for key in tenant.owner.all(tenant.path + "/provider-keys"):
        assert tenant.owner.call("DELETE", f"{tenant.path}/provider-keys/{key['id']}")[0] == 204


def test_what_the_tenant_and_the_operator_see(tenant, operator, installation):
    _, head, _ = tenant.ask()
    request = head["x-request-id"]
    installation.row_of(request)
    theirs, = operator.all(operator.org_path + "/provider-keys")
    owner = tenant.owner
    one = owner.get(f"{tenant.path}/requests/{request}")
    assert [a["platform_key"] for a in one["attempts_detail"]] == [True]
    now = {"from": "2020-01-01T00:00:00Z"}
    shown = [json.dumps(one), json.dumps(owner.all(tenant.path + "/requests")),
             json.dumps(owner.all(tenant.path + "/provider-keys")), json.dumps(owner.all(tenant.path + "/audit")),
             json.dumps(owner.call("GET", tenant.path + "/requests/export", **now)[1]),
             json.dumps(owner.session), json.dumps(dict(head))]
    for text in shown:
        assert theirs["id"] not in text and LABEL not in text and theirs["last4"] not in text
    assert installation.query("select count(*) from rollup_provider_keys where provider_key_id = "
                              f"'{theirs['id']}' and organisation_id <> '{operator.org}'") == "0"
    used = int(installation.query("select count(*) from requests where organisation_id = "
                                  f"'{tenant.org}' and provider_key_id = '{theirs['id']}'"))
    wait_until(lambda: operator.all(operator.org_path + "/provider-keys")[0]["traffic"]["requests"] >= used > 0,
               what="the traffic of all who use the key")
    assert operator.all(operator.org_path + "/provider-keys")[0]["state"]["word"] == "ok"


def test_members_see_which_models_the_lent_keys_serve(tenant, operator):
    key, = operator.all(operator.org_path + "/provider-keys")
    where = f"{operator.org_path}/provider-keys/{key['id']}"
    def seen():
        organisations = tenant.owner.get("/api/v1/session")["organisations"]
        return [o["platform_providers"] for o in organisations if o["id"] == tenant.org]
    assert seen() == [[{"provider": "openai", "models": []}]]
    for change, served in (({"models": ["gpt-4"]}, [{"provider": "openai", "models": ["gpt-4"]}]),
                           ({"disabled": True}, []),
                           ({"disabled": False, "models": []}, [{"provider": "openai", "models": []}])):
        status, answer = operator.call("PATCH", where, change)[:2]
        assert status == 200, answer
        assert seen() == [served]
    assert operator.get("/api/v1/session")["organisations"][0]["platform_providers"] == [], "its own are no lent ones"


def test_what_the_provider_says_of_the_platforms_key_is_not_told(tenant, operator, installation):
    for fault in ("401", "429"):
        status, head, answer = tenant.gateway.chat(tenant.key, say(f"x [sim status={fault}]", MODEL))
        assert status in (429, 502)
        detail = installation.row_of(head["x-request-id"])["error_detail"]
        assert ":" not in detail and detail in answer["error"]["message"], (detail, answer)


def test_an_error_within_a_stream_of_the_platforms_key_is_not_told(tenant, operator, installation):
    raw = RawProvider()
    def chunk(content):
        return b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                                       "choices": [{"index": 0, "delta": {"role": "assistant", "content": content},
                                                    "finish_reason": None}]}).encode() + b"\n\n"
    error = {"error": {"message": "org-of-the-platform is out of credit", "type": "server_error", "code": "x"}}
    raw.say("told", [chunk("a"), 0.1, b"data: " + json.dumps(error).encode() + b"\n\n"])
    installation.add_provider_key("azure", raw.root + "/v1", "sk-azure", "azure")
    try:
        def answered():
            status, head, text = http("POST", tenant.gateway.base_url + "/chat/completions",
                                      say("[raw told]", "azure/gpt-4", stream=True),
                                      {"x-api-key": tenant.key, "x-no-fallback": "true"})
            return status == 200 and (head, text)
        head, text = wait_until(answered, what="a stream by the new key")
        assert b"upstream_stream_error" in text and b"org-of-the-platform" not in text
        installation.row_of(head["x-request-id"])
        row = tenant.owner.get(f"{tenant.path}/requests/{head['x-request-id']}")
        assert "org-of-the-platform" not in json.dumps(row)
    finally:
        azure, = [k for k in operator.all(operator.org_path + "/provider-keys") if k["provider"] == "azure"]
        assert operator.call("DELETE", f"{operator.org_path}/provider-keys/{azure['id']}")[0] == 204
        raw.stop()


def test_lending_ends_within_a_second(tenant, operator):
    assert lend(operator, tenant.org, "withdraw")["platform_keys"] is False
    mine, = [o for o in tenant.owner.get("/api/v1/session")["organisations"] if o["id"] == tenant.org]
    assert mine["platform_providers"] == []
    tenant.until(403, "platform_keys_not_lent")
    said = [a["action"] for a in operator.all(operator.org_path + "/audit") if a["target"] and
            a["target"]["id"] == tenant.org]
    assert said[:2] == ["organisation.withdraw", "organisation.lend"]
    rows = tenant.owner.all(tenant.path + "/audit", action="organisation")[:2]
    assert [(r["action"], r["before"]["platform_keys"], r["after"]["platform_keys"]) for r in rows] == \
        [("organisation.withdraw", True, False), ("organisation.lend", False, True)]
    assert {r["actor"]["name"] for r in rows} == {"the operator"} and operator.email not in json.dumps(rows)
    lend(operator, operator.org, status=409)
    lend(operator, uuid.uuid4(), status=404)


def test_new_organisations_are_lent_to_if_the_operator_says_so(operator, installation, control, gateway):
    before = operator.get("/api/v1/instance/settings")
    assert before["lend_to_new"] is False
    assert operator.call("PATCH", "/api/v1/instance/settings", {"lend_to_new": True})[1]["lend_to_new"] is True
    made = Tenant(installation, control, gateway, "New here")
    wait_until(lambda: made.ask()[0] == 200, what="a new organisation to be served")
    made.owner.sign_in()
    assert [o["platform_keys"] for o in made.owner.session["organisations"] if o["id"] == made.org] == [True]
    operator.call("PATCH", "/api/v1/instance/settings", {"lend_to_new": False})
    assert Tenant(installation, control, gateway, "Later").ask()[0] != 200
