"""Clients that sign their requests (AWS Signature Version 4) with a signing key of their API key:
making, listing and revoking one; botocore as the signer; everything that must be refused.
"""
import datetime
import hashlib
import http.client
import json
import subprocess

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import pytest

import harness
from control_client import Person, add_organisation, add_user
from harness import wait_until

MODEL = "aws-bedrock/claude-haiku-4-5"
BODY = json.dumps({"messages": [{"role": "user", "content": [{"text": "Say hello."}]}]}).encode()


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module", autouse=True)
def provider(installation, simulator):
    installation.add_provider_key("aws-bedrock", simulator.root)


def path_of(person):
    return f"/api/v1/organisations/{person.org}/projects/{person.project}/signing-keys"


def api_key(person, name="signs", **more):
    status, made = person.call("POST", person.keys_path, {"name": name, **more})
    assert status == 201, made
    return made


def signing_key(person, key):
    status, made = person.call("POST", path_of(person), {"api_key_id": key["id"]})
    assert status == 201, made
    return made


@pytest.fixture(scope="module")
def key(owner):
    return api_key(owner)


@pytest.fixture(scope="module")
def pair(owner, key, gateway):
    made = signing_key(owner, key)
    wait_until(lambda: call(gateway, made)[0] == 200, what="the pair to work")
    return made


def client(gateway, pair, **more):
    return boto3.client(
        "bedrock-runtime", region_name="eu-central-1", endpoint_url=gateway.root,
        aws_access_key_id=pair["access_key_id"],
        aws_secret_access_key=pair["secret_access_key"],
        config=botocore.config.Config(retries={"total_max_attempts": 1}), **more)


def ask(text="Say hello."):
    return [{"role": "user", "content": [{"text": text}]}]


def signed(gateway, pair, path=f"/model/{MODEL.replace('/', '%2F')}/converse", body=BODY, at=None,
           token=None, headers=None, auth=botocore.auth.SigV4Auth):
    """Headers that botocore's own signer makes."""
    request = botocore.awsrequest.AWSRequest(
        "POST", gateway.root + path, data=body,
        headers={"Content-Type": "application/json"} | (headers or {}))
    credentials = botocore.credentials.Credentials(pair["access_key_id"],
                                                   pair["secret_access_key"], token)
    now = botocore.auth.get_current_datetime
    if at:
        botocore.auth.get_current_datetime = lambda *_, **__: at.replace(tzinfo=None)
    try:
        auth(credentials, "bedrock", "us-east-1").add_auth(request)
    finally:
        botocore.auth.get_current_datetime = now
    return dict(request.headers)


def send(gateway, headers, path=f"/model/{MODEL.replace('/', '%2F')}/converse", body=BODY):
    """(status, headers, parsed body)."""
    status, head, data = harness.http("POST", gateway.root + path, body, headers)
    return status, head, json.loads(data)


def call(gateway, pair, **how):
    return send(gateway, signed(gateway, pair, **how))


def has_no_row(installation, gateway, pair, head):
    """The refused request of head, once the ledger has the row of a good request made after it."""
    status, good, _ = call(gateway, pair)
    assert status == 200
    installation.row_of(good["x-request-id"])
    return installation.query("select count(*) from requests where request_id = "
                              f"'{head['x-request-id']}'") == "0"


# ------------------------------------------------------------------ the control API

def test_a_secret_is_shown_once_and_stored_sealed(owner, installation, control, key):
    made = signing_key(owner, key)
    listed = next(k for k in owner.all(path_of(owner), api_key=key["id"]) if k["id"] == made["id"])
    assert listed == {k: v for k, v in made.items() if k != "secret_access_key"}
    text = subprocess.run(["pg_dump", installation.pg.url(installation.database)], check=True,
                          capture_output=True, text=True).stdout
    assert made["access_key_id"] in text
    secret = made["secret_access_key"]
    assert secret not in text and secret.encode().hex() not in text
    assert secret not in control.log.read_text()


def test_at_most_five_that_work_and_none_of_a_revoked_key(owner):
    mine = api_key(owner, "five")
    pairs = [signing_key(owner, mine) for _ in range(5)]
    status, body = owner.call("POST", path_of(owner), {"api_key_id": mine["id"]})
    assert (status, body["field"]) == (422, "api_key_id") and "five" in body["detail"]
    path = f"{path_of(owner)}/{pairs[0]['id']}"
    assert owner.call("DELETE", path)[0] == 204
    assert owner.call("DELETE", path)[0] == 204
    pairs[0] = signing_key(owner, mine)
    assert {k["id"] for k in owner.all(path_of(owner), limit=2, api_key=mine["id"])} == {
        p["id"] for p in pairs}
    assert owner.call("DELETE", f"{owner.keys_path}/{mine['id']}")[0] == 204
    assert owner.all(path_of(owner), api_key=mine["id"]) == []
    status, body = owner.call("POST", path_of(owner), {"api_key_id": mine["id"]})
    assert (status, body["field"]) == (422, "api_key_id")


def test_a_developer_makes_and_revokes_their_own_only(owner, control, installation, key, pair):
    add_user(installation, "signer@example.com", "developer")
    developer = Person(control, "signer@example.com")
    status, body = developer.call("POST", path_of(owner), {"api_key_id": key["id"]})
    assert (status, body["type"]) == (403, "urn:doteb:problem:role")
    assert developer.call("DELETE", f"{path_of(owner)}/{pair['id']}")[0] == 403
    made = signing_key(developer, api_key(developer))
    assert developer.call("DELETE", f"{path_of(developer)}/{made['id']}")[0] == 204


def test_another_organisation_s_api_key_is_not_there(control, installation, key, pair):
    org, _ = add_organisation(installation, "elsewhere")
    add_user(installation, "elsewhere@example.com", "owner", org)
    outsider = Person(control, "elsewhere@example.com")
    status, body = outsider.call("POST", path_of(outsider), {"api_key_id": key["id"]})
    assert (status, body["field"]) == (422, "api_key_id")
    assert outsider.all(path_of(outsider)) == []
    assert outsider.all(path_of(outsider), api_key=key["id"]) == []
    assert outsider.call("DELETE", f"{path_of(outsider)}/{pair['id']}")[0] == 404


# ------------------------------------------------------------------ the gateway

def test_boto3_with_its_own_signature(gateway, installation, simulator, key, pair):
    bedrock = client(gateway, pair)
    answer = bedrock.converse(modelId=MODEL, messages=ask("Signed by hand."))
    assert answer["output"]["message"]["content"][0]["text"].endswith("Signed by hand.")
    row = installation.row_of(answer["ResponseMetadata"]["HTTPHeaders"]["x-request-id"])
    assert (row["api_key_id"], row["status"], row["provider"]) == (key["id"], 200, "aws-bedrock")
    assert row["input_tokens"] > 0 and row["cost"] > 0
    sent = dict((k.lower(), v) for k, v in simulator.get("/_sim/last")["headers"])
    assert pair["access_key_id"] not in json.dumps(sent)   # the provider sees its own key only

    answer = bedrock.converse_stream(modelId=MODEL, messages=ask("As a stream."))
    events = list(answer["stream"])
    text = "".join(e["contentBlockDelta"]["delta"].get("text", "")
                   for e in events if "contentBlockDelta" in e)
    assert text.endswith("As a stream.") and "metadata" in events[-1]
    row = installation.row_of(answer["ResponseMetadata"]["HTTPHeaders"]["x-request-id"])
    assert (row["api_key_id"], row["streamed"]) == (key["id"], True)


@pytest.mark.parametrize("model", ["no:such:model", "ünï cödé+~model", "a%2Fb//c"])
def test_odd_model_ids_are_signed_as_they_are_sent(gateway, pair, model):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client(gateway, pair).converse(modelId=model, messages=ask())
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 404, error
    assert error["Error"]["Code"] == "ResourceNotFoundException"


def test_a_provider_s_model_id_with_a_colon(gateway, installation, pair):
    model = installation.query(
        "select provider_model from offers o join providers p using (provider_id) "
        "where p.slug = 'aws-bedrock' and provider_model like '%claude-haiku-4-5%:0' limit 1")
    assert ":" in model
    answer = client(gateway, pair).converse(modelId=f"aws-bedrock/{model}", messages=ask())
    assert answer["output"]["message"]["content"][0]["text"].endswith("Say hello.")


def test_a_large_body_in_many_pieces(gateway, pair):
    text = "a" * 3_000_000
    answer = client(gateway, pair).converse(modelId=MODEL, messages=ask(text))
    assert answer["stopReason"] == "end_turn"


def test_an_empty_body_is_signed_too(gateway, pair):
    status, head, _ = call_with_body(gateway, pair, b"")
    assert (status, head.get("x-amzn-errortype")) == (400, "ValidationException")


def call_with_body(gateway, pair, body):
    return send(gateway, signed(gateway, pair, body=body), body=body)


def test_signed_content_hash_is_taken(gateway, pair):
    assert call(gateway, pair, auth=botocore.auth.S3SigV4Auth)[0] == 403   # S3's path, not ours
    digest = hashlib.sha256(BODY).hexdigest()
    assert call(gateway, pair, headers={"X-Amz-Content-SHA256": digest})[0] == 200


REFUSED = [
    ("wrong secret", lambda g, p: call(g, p | {"secret_access_key": "A" * 40}),
     "InvalidSignatureException", "does not match"),
    ("unknown id", lambda g, p: call(g, p | {"access_key_id": "DOTEB" + "A" * 20}),
     "UnrecognizedClientException", "not known"),
    ("an id of AWS's", lambda g, p: call(g, p | {"access_key_id": "AKIAIOSFODNN7EXAMPLE"}),
     "UnrecognizedClientException", "not known"),
    ("late clock", lambda g, p: call(g, p, at=shifted(-301)), "InvalidSignatureException", "clock"),
    ("fast clock", lambda g, p: call(g, p, at=shifted(301)), "InvalidSignatureException", "clock"),
    ("session token", lambda g, p: call(g, p, token="FwoGZXIvYXdzE"),
     "UnrecognizedClientException", "Session tokens"),
    ("tampered body", lambda g, p: send(g, signed(g, p), body=BODY.replace(b"hello", b"hullo")),
     "InvalidSignatureException", "does not match"),
    ("tampered path", lambda g, p: send(g, signed(g, p), path="/model/openai%2Fgpt-4/converse"),
     "InvalidSignatureException", "does not match"),
    ("added query", lambda g, p: send(g, signed(g, p), path=f"/model/{MODEL.replace('/', '%2F')}"
                                      "/converse?a=1"),
     "InvalidSignatureException", "does not match"),
    ("tampered header", lambda g, p: send(
        g, signed(g, p, headers={"X-Amz-Meta": "a"}) | {"X-Amz-Meta": "b"}),
     "InvalidSignatureException", "does not match"),
    ("header taken away", lambda g, p: send(
        g, {k: v for k, v in signed(g, p, headers={"X-Amz-Meta": "a"}).items()
            if k != "X-Amz-Meta"}),
     "InvalidSignatureException", "does not match"),
    ("unsigned payload", lambda g, p: call(g, p, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}),
     "InvalidSignatureException", "unsigned payloads"),
    ("no date", lambda g, p: send(g, {k: v for k, v in signed(g, p).items() if k != "X-Amz-Date"}),
     "IncompleteSignatureException", "x-amz-date"),
    ("no signature", lambda g, p: send(g, {"Authorization": "AWS4-HMAC-SHA256 Credential="
                                           f"{p['access_key_id']}/20260101/us-east-1/bedrock/"
                                           "aws4_request"}),
     "IncompleteSignatureException", "malformed"),
]


def shifted(seconds):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


@pytest.mark.parametrize("attempt,exception,words", [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])
def test_refused(gateway, installation, key, pair, attempt, exception, words):
    status, head, body = attempt(gateway, pair)
    assert (status, head.get("x-amzn-errortype")) == (403, exception), body
    assert words in body["message"]
    assert pair["secret_access_key"] not in json.dumps(body)
    assert has_no_row(installation, gateway, pair, head)


def test_inside_the_skew(gateway, pair):
    for seconds in (-280, 280):
        assert call(gateway, pair, at=shifted(seconds))[0] == 200


def test_a_body_that_is_too_large_is_told_so(gateway, installation, key, pair):
    """Before its bytes are sent: they are not waited for, and the signature is not judged."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.putrequest("POST", f"/model/{MODEL.replace('/', '%2F')}/converse")
    for name, value in signed(gateway, pair).items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(10 ** 12))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, "larger" in json.loads(answer.read())["message"]) == (413, True)
    connection.close()
    assert has_no_row(installation, gateway, pair, {"x-request-id": answer.headers["x-request-id"]})


def test_a_signature_beside_a_key_is_a_conflict(gateway, key, pair):
    status, _, body = send(gateway, signed(gateway, pair) | {"x-api-key": key["key"]})
    assert status == 401 and "Two different" in body["message"]


def test_only_where_requests_are_signed(gateway, pair):
    headers = signed(gateway, pair, path="/v1/chat/completions")
    status, _, body = send(gateway, headers, path="/v1/chat/completions")
    assert (status, body["error"]["code"]) == (401, "missing_api_key")
    status, _, data = harness.http("GET", gateway.root + "/v1/models", headers=headers)
    assert (status, json.loads(data)["error"]["code"]) == (401, "missing_api_key")


def test_signed_requests_obey_the_key_s_restrictions(owner, gateway):
    key = api_key(owner, "restricted", ip_ranges=["127.0.0.1"], models=["aws-bedrock/*"])
    pair, path = signing_key(owner, key), f"{owner.keys_path}/{key['id']}"
    wait_until(lambda: call(gateway, pair)[0] == 200, what="the pair to work")
    for fields, word in (({"models": ["gpt-4"]}, "may not use"), ({"ip_ranges": ["10.0.0.0/8"]}, "address")):
        assert owner.call("PATCH", path, fields)[0] == 200
        wait_until(lambda: word in call(gateway, pair)[2].get("message", ""), 1.5, word)
        assert call(gateway, pair)[0] == 403


@pytest.mark.parametrize("what", ["signing key", "API key"])
def test_making_and_revoking_hold_within_a_second(owner, gateway, what):
    mine = api_key(owner, what)
    made = signing_key(owner, mine)
    wait_until(lambda: call(gateway, made)[0] == 200, 1, "the new one to work")
    path = {"signing key": f"{path_of(owner)}/{made['id']}",
            "API key": f"{owner.keys_path}/{mine['id']}"}[what]
    assert owner.call("DELETE", path)[0] == 204
    wait_until(lambda: call(gateway, made)[0] == 403, 1, "the revoked one to be refused")
    assert call(gateway, made)[1].get("x-amzn-errortype") == "UnrecognizedClientException"
    bearer = {"Authorization": f"Bearer {mine['key']}", "Content-Type": "application/json"}
    assert send(gateway, bearer)[0] == (200 if what == "signing key" else 401)


def test_an_api_key_that_has_expired(owner, gateway, installation):
    mine = api_key(owner, "ends", expires_at=shifted(3600).strftime("%Y-%m-%dT%H:%M:%SZ"))
    made = signing_key(owner, mine)
    wait_until(lambda: call(gateway, made)[0] == 200, what="the pair to work")
    installation.query("update api_keys set expires_at = now() - interval '1 second' "
                       f"where api_key_id = '{mine['id']}'")
    wait_until(lambda: call(gateway, made)[0] == 403, 2, "the expired one to be refused")
    assert "expired" in call(gateway, made)[2]["message"]


def test_a_secret_sealed_for_another_row_does_not_open(owner, gateway, installation, key, pair):
    """Who can write to the table cannot give one tenant's secret to another's row."""
    made = signing_key(owner, key)
    installation.query("update signing_keys set sealed = (select sealed from signing_keys where "
                       f"signing_key_id = '{pair['id']}') where signing_key_id = '{made['id']}'")
    moved = made | {"secret_access_key": pair["secret_access_key"]}
    wait_until(lambda: call(gateway, moved)[0] == 503, 2, "the moved secret to be refused")
    assert gateway.log_events("signing_key.cannot_open")


def test_no_secret_in_the_log(gateway, pair):
    assert pair["secret_access_key"] not in gateway.log.read_text()


def test_a_pair_outlives_its_api_key_s_rotation_and_is_disabled_with_it(owner, gateway):
    made = api_key(owner)
    pair = signing_key(owner, made)
    wait_until(lambda: call(gateway, pair)[0] == 200, 3, "the pair to work")
    path = f"{owner.keys_path}/{made['id']}"
    assert owner.call("POST", path + "/rotate", {"grace_hours": 0})[0] == 200
    wait_until(lambda: call(gateway, pair)[0] == 200, 2, "the pair to work on")
    assert owner.call("PATCH", path, {"disabled": True})[0] == 200
    wait_until(lambda: call(gateway, pair)[0] in (401, 403), 2, "the disabled key's pair to be refused")
