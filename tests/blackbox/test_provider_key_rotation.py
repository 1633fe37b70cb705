"""A provider key's life: its secret is checked at the provider, exchanged for another in steps with a way back
from each, and the list says what providers answered to it."""
import json
import socket
import sys
import threading
import time
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

import harness
from control_client import Person, add_organisation, add_user
from harness import MASTER_KEY, Control, Gateway, say, wait_until
from test_signers import PAIR, TokenService

sys.path.insert(0, str(harness.ROOT / "tests" / "sign"))
import accounts  # noqa: E402

OLD, NEW = "sk-old-secret-0001", "sk-new-secret-0002"
# What the provider answers to the list of models, and what a check makes of it.
OUTCOMES = [(None, "ok"), (401, "refused"), (402, "refused"), (403, "refused"), (429, "rate_limited"),
            (404, "unclear"), (500, "unclear"), (503, "unclear")]


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def gateway(installation, simulator):
    gateway = Gateway(installation)
    yield gateway
    gateway.stop()


def secret_for(status):
    return "sk-0123456789ab" + (f"-status={status}" if status else "")


def add(owner, base_url, secret=OLD, provider="openai", **more):
    return owner.call("POST", owner.org_path + "/provider-keys",
                      {"provider": provider, "secret": secret, "base_url": base_url} | more)


def made(owner, base_url, secret=OLD, **more):
    status, key = add(owner, base_url, secret, **more)
    assert status == 201, key
    return key


def shown(owner, id):
    return next(k for k in owner.all(owner.org_path + "/provider-keys") if k["id"] == id)


def step(owner, id, what="", method="POST", body=None, headers=None):
    return owner.call(method, f"{owner.org_path}/provider-keys/{id}{what}", body, headers)


def begin(owner, id, secret=NEW):
    return step(owner, id, "/rotation", body={"secret": secret})


def in_use(gateway, simulator, key, tail):
    """Asks until the provider sees the secret of this end."""
    def asked():
        status, head, answer = gateway.chat(key, say("hi"), {"x-no-fallback": "true"})
        assert status == 200, answer
        return simulator.get("/_sim/requests/" + head["x-request-id"])[-1]["key_tail"]
    wait_until(lambda: asked() == tail, 5, f"requests with the secret that ends in {tail}")


# ---------------------------------------------------------------------- checks

@pytest.mark.parametrize("status,outcome", OUTCOMES)
def test_a_new_key_is_checked_before_it_is_stored(status, outcome, owner, simulator, installation):
    count = "select count(*) from provider_keys"
    before, secret = installation.query(count), secret_for(status)
    answer, body = add(owner, simulator.base_url, secret, "openai", check=True)
    if outcome == "refused":
        assert (answer, body["field"]) == (422, "secret") and str(status) in body["detail"]
        assert secret not in json.dumps(body) and installation.query(count) == before
        return
    assert answer == 201, body
    check = body["last_check"]
    assert (check["outcome"], check["status"]) == (outcome, status or 200)
    assert check["request"] == f"GET {simulator.base_url}/models" and check["detail"].endswith(".")
    assert shown(owner, body["id"])["last_check"] == check
    assert step(owner, body["id"], method="DELETE")[0] == 204


@pytest.mark.parametrize("status,outcome", OUTCOMES)
def test_a_stored_key_is_checked_when_asked(status, outcome, owner, simulator):
    key = made(owner, simulator.base_url, secret_for(status))
    assert key["last_check"] is None
    answer, check = step(owner, key["id"], "/check")
    assert (answer, check["outcome"], check["status"]) == (200, outcome, status or 200)
    now = shown(owner, key["id"])
    assert now["last_check"] == check
    assert now["etag"] == key["etag"], "a check is no edit"
    noted = owner.get(owner.org_path + "/audit", action="provider_key.check")["items"][0]
    assert noted["target"]["id"] == key["id"] and noted["after"] == check
    assert step(owner, key["id"], method="DELETE")[0] == 204


class Silent:
    """Takes connections and says nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d/v1" % self.listener.getsockname()[1]
        self.taken = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                self.taken.append(self.listener.accept()[0])
            except OSError:
                return

    def stop(self):
        self.listener.close()
        for s in self.taken:
            s.close()


def test_a_silent_provider_keeps_nobody_out(owner, control, installation):
    """Six checks hang; people sign in and read meanwhile."""
    silent, got = Silent(), []
    key = made(owner, silent.url)
    others = [made(owner, silent.url)["id"] for _ in range(5)]

    def check(id):   # waits longer than the client's usual ten seconds
        head = owner.auth() | {"X-CSRF-Token": owner.csrf}
        url = f"{control.root}{owner.org_path}/provider-keys/{id}/check"
        got.append(json.loads(harness.http("POST", url, b"", head, timeout=60)[2]))
    hanging = [threading.Thread(target=check, args=(id,)) for id in [key["id"], *others]]
    try:
        for t in hanging:
            t.start()
        wait_until(lambda: silent.taken, 5, "the first question")
        start = time.monotonic()
        Person(control, installation.email).get(owner.org_path + "/provider-keys")
        assert not got and time.monotonic() - start < 8, "while the checks hang"
    finally:
        silent_for = time.monotonic()
        wait_until(lambda: got, 15, "the deadline")
        silent.stop()   # the others end at once
        for t in hanging:
            t.join()
    assert time.monotonic() - silent_for < 30
    timed_out = [c for c in got if "in time" in c["detail"]]
    assert timed_out and {(c["outcome"], c["status"]) for c in got} == {("unreachable", None)}
    assert 9000 <= timed_out[0]["duration_ms"] <= 12000
    for id in [key["id"], *others]:
        assert step(owner, id, method="DELETE")[0] == 204


def test_a_provider_that_is_not_there(owner):
    for url, words in (("http://127.0.0.1:1/v1", "nobody answers"), ("http://nowhere.invalid/v1", None)):
        status, key = add(owner, url, check=True)
        if words is None:   # refused on save: the name does not resolve
            assert (status, key["field"]) == (422, "base_url")
            continue
        assert status == 201 and key["last_check"]["outcome"] == "unreachable" and words in key["last_check"]["detail"]
        assert step(owner, key["id"], method="DELETE")[0] == 204


def test_a_private_address_is_not_asked(owner, simulator, installation):
    """What is saved may point elsewhere later: the address is judged when it is connected to."""
    key = made(owner, simulator.base_url)
    strict = Control(installation, DOTEB_BASE_URL_OVERRIDE_PRIVATE="false", DOTEB_UPSTREAM_ALLOW="")
    try:
        admin = Person(strict, installation.email)
        before = simulator.get("/_sim/last")
        for url in (simulator.base_url, simulator.base_url.replace("127.0.0.1", "localhost")):
            installation.query(f"update provider_keys set base_url = '{url}' where provider_key_id = '{key['id']}'")
            status, check = step(admin, key["id"], "/check")
            assert (status, check["outcome"], check["status"]) == (200, "unreachable", None)
            assert "private" in check["detail"]
            status, got = begin(admin, key["id"])
            assert (status, got["rotation"]["state"]) == (200, "unverified")
            assert step(admin, key["id"], "/rotation", "DELETE")[0] == 200
        assert simulator.get("/_sim/last") == before
        status, body = add(admin, simulator.base_url, check=True)
        assert (status, body["field"]) == (422, "base_url")
        # The catalogue's own address is the operator's.
        installation.query(f"update providers set base_url = '{simulator.base_url}' where slug = 'openai'")
        installation.query(f"update provider_keys set base_url = null where provider_key_id = '{key['id']}'")
        assert step(admin, key["id"], "/check")[1]["outcome"] == "ok"
    finally:
        strict.stop()
        installation.query("update providers set base_url = 'https://api.openai.com/v1' where slug = 'openai'")
    assert step(owner, key["id"], method="DELETE")[0] == 204


def sent(simulator):
    last = simulator.get("/_sim/last")
    return last, {k.lower(): v for k, v in last["headers"]}


@pytest.mark.parametrize("provider,path,target,header,lead", [
    ("openai", "/v1", "/v1/models", "authorization", "Bearer "),
    ("anthropic", "/v1", "/v1/models?limit=1", "x-api-key", ""),
    ("google-ai-studio", "/v1beta", "/v1beta/models?pageSize=1", "x-goog-api-key", ""),
    ("azure", "/v1", "/v1/models?api-version=v1", "api-key", ""),
    ("aws-bedrock", "", "/model/doteb-check/converse", "authorization", "Bearer ")])
def test_what_each_kind_of_provider_is_asked(provider, path, target, header, lead, owner, scratch):
    """A provider that knows one key: the right one is taken, another refused."""
    strict = harness.Simulator(scratch / f"strict-{provider}", "--api-key", "the-right-secret")
    options = {"azure": {"resource": "r", "api_version": "v1"}, "aws-bedrock": {"region": "us-east-1"}}
    more = {"options": options[provider]} if provider in options else {}
    try:
        status, key = add(owner, strict.root + path, "the-right-secret", provider, check=True, **more)
        assert (status, key["last_check"]["outcome"]) == (201, "ok"), key
        last, head = sent(strict)
        method = "POST" if provider == "aws-bedrock" else "GET"
        assert (last["method"], last["target"]) == (method, target)
        assert head[header] == lead + "the-right-secret"
        assert key["last_check"]["request"] == f"{method} {strict.root}{target}"
        status, body = add(owner, strict.root + path, "the-wrong-secret", provider, check=True, **more)
        assert (status, body["field"]) == (422, "secret"), body
        assert step(owner, key["id"], method="DELETE")[0] == 204
    finally:
        strict.stop()


def test_aws_is_asked_for_its_list_with_a_signature(owner, simulator, installation):
    """The list's host is not that of the calls. (Names below localhost are this machine.)"""
    base = f"http://bedrock-runtime.localhost:{simulator.port}"
    real = installation.query("select base_url from providers where slug = 'aws-bedrock'")
    installation.query(f"update providers set base_url = '{base}' where slug = 'aws-bedrock'")
    try:
        status, key = add(owner, None, json.dumps(PAIR), "aws-bedrock", check=True, options={"region": "eu-west-1"})
        assert (status, key["last_check"]["outcome"]) == (201, "ok"), key
        assert key["last_check"]["request"] == f"GET http://bedrock.localhost:{simulator.port}/foundation-models"
        last, head = sent(simulator)
        request = botocore.awsrequest.AWSRequest(
            method="GET", url=f"http://{head['host']}{last['target']}",
            headers={n: head[n] for n in ("host", "x-amz-date", "x-amz-security-token")})
        request.context["timestamp"] = head["x-amz-date"]
        judge = botocore.auth.SigV4Auth(
            botocore.credentials.Credentials("AKIDEXAMPLE", PAIR["secret_access_key"]), "bedrock", "eu-west-1")
        text = judge.string_to_sign(request, judge.canonical_request(request))
        assert head["authorization"].endswith("Signature=" + judge.signature(text, request))
        assert step(owner, key["id"], method="DELETE")[0] == 204
    finally:
        installation.query(f"update providers set base_url = '{real}' where slug = 'aws-bedrock'")


def test_a_service_account_is_asked_for_a_token(installation):
    tokens = TokenService()
    control = Control(installation, DOTEB_GCP_TOKEN_URL=tokens.url)
    options = {"project": "p", "region": "us-central1"}
    try:
        owner = Person(control, installation.email)
        account = json.dumps(json.loads(accounts.account()))
        status, key = add(owner, None, account, "google-vertex", check=True, options=options)
        assert (status, key["last_check"]["outcome"]) == (201, "ok"), key
        assert key["last_check"]["request"] == f"POST {tokens.url}" and len(tokens.asked) == 1
        tokens.stop()
        assert step(owner, key["id"], "/check")[1]["outcome"] == "unreachable"
        assert step(owner, key["id"], method="DELETE")[0] == 204
    finally:
        control.stop()


# ---------------------------------------------------------------------- rotation

def test_a_rotation_step_by_step(owner, gateway, simulator, installation):
    api_key = installation.create_key("steps")
    key = made(owner, simulator.base_url, OLD)
    in_use(gateway, simulator, api_key, "0001")
    status, got = begin(owner, key["id"])
    turn = got["rotation"]
    assert (status, turn["state"], turn["switched_at"]) == (200, "verified", None)
    assert turn["check"]["outcome"] == "ok" and turn["started_at"] and got["last4"] == "0001"
    assert begin(owner, key["id"])[0] == 409
    assert step(owner, key["id"], "/rotation/confirm")[0] == 409
    in_use(gateway, simulator, api_key, "0001")
    # Switched: at once.
    status, got = step(owner, key["id"], "/rotation/switch")
    assert (status, got["rotation"]["state"], got["last4"]) == (200, "switched", "0002")
    assert got["rotation"]["switched_at"] and got["last_check"] == turn["check"]
    assert got == shown(owner, key["id"]) | {"traffic": got["traffic"], "state": got["state"]}
    in_use(gateway, simulator, api_key, "0002")
    assert step(owner, key["id"], "/rotation/switch")[0] == 409 and begin(owner, key["id"])[0] == 409
    # Back.
    status, got = step(owner, key["id"], "/rotation", "DELETE")
    assert (status, got["rotation"], got["last4"], got["last_check"]) == (200, None, "0001", None)
    in_use(gateway, simulator, api_key, "0001")
    for what, method in (("/rotation", "DELETE"), ("/rotation/switch", "POST"), ("/rotation/confirm", "POST")):
        assert step(owner, key["id"], what, method)[0] == 409
    # Before the switch, back means that the new one is gone.
    assert begin(owner, key["id"])[0] == 200
    status, got = step(owner, key["id"], "/rotation", "DELETE")
    assert (status, got["rotation"], got["last4"]) == (200, None, "0001")
    assert step(owner, key["id"], "/rotation/switch")[0] == 409
    # And through: the old one is wiped.
    check = step(owner, key["id"], "/check")[1]
    assert begin(owner, key["id"])[0] == 200
    assert step(owner, key["id"], "/rotation/switch")[0] == 200
    status, got = step(owner, key["id"], "/rotation/confirm")
    assert (status, got["rotation"], got["last4"]) == (200, None, "0002")
    assert got["last_check"]["at"] >= check["at"] and got["last_check"] != check
    assert installation.query("select count(*) from provider_key_rotations") == "0"
    in_use(gateway, simulator, api_key, "0002")
    noted = owner.all(owner.org_path + "/audit")
    mine = [a["action"].split(".")[1] for a in noted if (a["target"] or {}).get("id") == key["id"]]
    assert mine[::-1] == ["create", "start_rotation", "switch_rotation", "end_rotation", "start_rotation",
                          "end_rotation", "check", "start_rotation", "switch_rotation", "confirm_rotation"]
    assert step(owner, key["id"], method="DELETE")[0] == 204


@pytest.mark.parametrize("status,outcome", OUTCOMES)
def test_a_new_secret_is_verified(status, outcome, owner, simulator, installation):
    key = made(owner, simulator.base_url)
    answer, body = begin(owner, key["id"], secret_for(status))
    if outcome == "refused":
        assert (answer, body["field"]) == (422, "secret")
        assert installation.query("select count(*) from provider_key_rotations") == "0"
        assert begin(owner, key["id"])[0] == 200, "nothing was kept"
    else:
        assert (answer, body["rotation"]["state"]) == (200, "verified" if outcome == "ok" else "unverified")
        assert body["rotation"]["check"]["outcome"] == outcome
    assert step(owner, key["id"], method="DELETE")[0] == 204
    assert installation.query("select count(*) from provider_key_rotations") == "0"


def test_secrets_that_are_none(owner, simulator):
    key = made(owner, simulator.base_url)
    for secret in ("", " x", "a\nb", "\u00e9", "x" * 16385):
        status, body = begin(owner, key["id"], secret)
        assert (status, body["field"]) == (422, "secret"), secret[:5]
    assert begin(owner, key["id"], 5)[0] == 422
    assert step(owner, key["id"], "/rotation", body={})[0] == 422
    assert step(owner, key["id"], method="DELETE")[0] == 204


def test_nobody_switches_what_they_have_not_read(owner, simulator):
    key = made(owner, simulator.base_url)
    stale = {"If-Match": '"' + "0" * 32 + '"'}
    assert step(owner, key["id"], "/rotation", body={"secret": NEW}, headers=stale)[0] == 412
    etag = key["etag"]
    assert step(owner, key["id"], "/check", headers=stale)[0] == 412 and shown(owner, key["id"])["last_check"] is None
    assert step(owner, key["id"], "/check", headers={"If-Match": f'"{etag}"'})[0] == 200
    for what, method, body in (("/rotation", "POST", {"secret": NEW}), ("/rotation/switch", "POST", None),
                               ("/rotation/confirm", "POST", None), ("/rotation", "POST", {"secret": OLD}),
                               ("/rotation", "DELETE", None)):
        assert step(owner, key["id"], what, method, body, stale)[0] == 412, what
        status, got = step(owner, key["id"], what, method, body, {"If-Match": f'"{etag}"'})
        assert status == 200 and got["etag"] != etag, got
        assert owner.headers["etag"].strip('"') == got["etag"] == shown(owner, key["id"])["etag"]
        etag = got["etag"]
    # Sent twice by somebody who did not hear the answer, it is done once.
    again = {"Idempotency-Key": uuid.uuid4().hex}
    first = step(owner, key["id"], "/rotation", body={"secret": NEW}, headers=again)
    assert first[0] == 200 and step(owner, key["id"], "/rotation", body={"secret": NEW}, headers=again) == first
    assert step(owner, key["id"], method="DELETE")[0] == 204


def test_who_may(owner, control, simulator, installation):
    key = made(owner, simulator.base_url)
    org, _ = add_organisation(installation, "theirs")
    add_user(installation, "they@example.com", "owner", org)
    they = Person(control, "they@example.com")
    steps = (("/check", "POST", None), ("/rotation", "POST", {"secret": NEW}), ("/rotation/switch", "POST", None),
             ("/rotation/confirm", "POST", None), ("/rotation", "DELETE", None))
    for role in ("developer", "viewer"):
        add_user(installation, f"{role}@example.com", role)
    for what, method, body in steps:
        for role in ("developer", "viewer"):
            assert step(Person(control, f"{role}@example.com"), key["id"], what, method, body)[0] == 403
        assert step(they, key["id"], what, method, body)[0] == 404
        path = f"{owner.org_path}/provider-keys/{key['id']}{what}"
        assert they.call(method, path, body)[0] == 404
        assert step(owner, str(uuid.uuid4()), what, method, body)[0] == 404
    assert step(owner, key["id"], method="DELETE")[0] == 204


def test_no_secret_is_ever_shown(owner, control, gateway, simulator, installation):
    old, new = "sk-" + uuid.uuid4().hex, "sk-" + uuid.uuid4().hex
    status, key = add(owner, simulator.base_url, old, check=True)
    answers = [key, step(owner, key["id"], "/check"), begin(owner, key["id"], new),
               step(owner, key["id"], "/rotation/switch"), shown(owner, key["id"]),
               step(owner, key["id"], "/rotation", "DELETE"), begin(owner, key["id"], new + "-status=401")]
    text = json.dumps(answers) + control.log.read_text() + gateway.log.read_text()
    for table in ("audit_log", "provider_keys", "provider_key_rotations", "provider_key_checks", "idempotent_answers"):
        text += installation.query(f"select string_agg(t::text, '') from {table} t")
    assert status == 201 and "provider_key.switch_rotation" in text
    for secret in (old, new):
        assert secret not in text and secret[5:30] not in text
    assert step(owner, key["id"], method="DELETE")[0] == 204


# ---------------------------------------------------------------------- state and traffic

def test_state_and_traffic_after_real_requests(owner, gateway, simulator, installation):
    api_key = installation.create_key("traffic")
    first = made(owner, simulator.base_url, OLD)
    assert first["state"] == {"word": "unused", "since": None, "status": None}
    assert first["traffic"] == {"requests": 0, "share": 0, "cost": "0"}

    def ask(text, status):
        def asked():
            got, head, answer = gateway.chat(api_key, say(text), {"x-no-fallback": "true"})
            assert got == status, answer
            return head["x-request-id"]
        installation.row_of(wait_until(asked, 5, f"an answer with {status}"))

    def now(id=first["id"]):
        return shown(owner, id)
    ask("hi", 200)
    state = now()["state"]
    assert (state["word"], state["status"]) == ("ok", 200) and state["since"] is not None
    used = now()["traffic"]
    assert used["requests"] >= 1 and float(used["cost"]) > 0
    for asked, word in ((401, "refused"), (402, "refused"), (403, "refused"), (429, "rate_limited")):
        got, head, _ = gateway.chat(api_key, say(f"x [sim status={asked}]"), {"x-no-fallback": "true"})
        installation.row_of(head["x-request-id"])
        assert got >= 400 and now()["state"] | {"since": ""} == {"word": word, "status": asked, "since": ""}
    assert now()["state"]["since"] >= state["since"]
    # What says nothing of the key changes its traffic only.
    got, head, _ = gateway.chat(api_key, say("x [sim status=500]"), {"x-no-fallback": "true"})
    installation.row_of(head["x-request-id"])
    assert now()["state"]["word"] == "rate_limited" and now()["traffic"]["requests"] > used["requests"]
    ask("hi", 200)
    assert now()["state"]["word"] == "ok"
    assert owner.call("PATCH", f"{owner.org_path}/provider-keys/{first['id']}", {"label": "same"},
                      {"If-Match": f'"{first["etag"]}"'})[0] == 200, "traffic is no edit"
    # A second key takes over: shares are of the provider's attempts, and add up to one.
    second = made(owner, simulator.base_url, NEW)
    assert owner.call("PATCH", f"{owner.org_path}/provider-keys/{first['id']}", {"disabled": True})[0] == 200
    state = now()["state"]
    assert (state["word"], state["since"]) == ("disabled", now()["disabled_at"])
    in_use(gateway, simulator, api_key, "0002")
    wait_until(lambda: now(second["id"])["traffic"]["requests"], 10, "the second key's sums")
    whole = installation.rows("select sum(attempts) n, sum(cost)::text c from rollup_provider_keys")[0]
    keys = [k for k in owner.all(owner.org_path + "/provider-keys") if k["provider"] == "openai"]
    deleted = int(whole["n"]) - sum(k["traffic"]["requests"] for k in keys)
    assert all(abs(k["traffic"]["share"] - k["traffic"]["requests"] / int(whole["n"])) < 0.001 for k in keys)
    assert deleted >= 0 and 0 < sum(k["traffic"]["share"] for k in keys) <= 1.001
    tried = installation.rows("select count(*) n from request_details d cross join jsonb_array_elements(d.attempts)")
    assert int(whole["n"]) == int(tried[0]["n"])
    for id in (first["id"], second["id"]):
        assert step(owner, id, method="DELETE")[0] == 204


def test_an_answer_of_yesterday_is_state_but_no_traffic(owner, simulator, installation):
    key = made(owner, simulator.base_url)
    installation.query(
        "insert into rollup_provider_keys (organisation_id, provider_key_id, grain, provider_id, attempts, refused, "
        "last_refused_at, last_refused_status) select organisation_id, provider_key_id, date_bin('30 minutes', "
        "now() - interval '30 hours', 'epoch'), provider_id, 3, 3, now() - interval '30 hours', 402 "
        f"from provider_keys where provider_key_id = '{key['id']}'")
    got = shown(owner, key["id"])
    assert (got["state"]["word"], got["state"]["status"], got["traffic"]["requests"]) == ("refused", 402, 0)
    installation.query("update rollup_provider_keys set grain = grain - interval '8 days' "
                       f"where provider_key_id = '{key['id']}'")
    assert shown(owner, key["id"])["state"]["word"] == "unused"
    assert step(owner, key["id"], method="DELETE")[0] == 204
