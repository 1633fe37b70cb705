"""Assertions of service accounts, judged by Google's own library and by another implementation of RSA."""

import base64
import json
import os
import subprocess
import time
import urllib.parse

import accounts
import google.auth.jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@pytest.fixture(scope="module")
def ask():
    process = subprocess.Popen([os.environ["DOTEB_GCP_PROBE"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)

    def one(account, url=accounts.GOOGLE, now=None):
        fields = [account, url, str(int((time.time() if now is None else now) * 1e6))]
        process.stdin.write("\t".join(f.encode().hex() for f in fields) + "\n")
        process.stdin.flush()
        word, rest = process.stdout.readline().rstrip("\n").split(" ", 1)
        return word, rest

    yield one
    process.stdin.close()
    assert process.wait(10) == 0


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def assertion_of(form):
    fields = dict(urllib.parse.parse_qsl(form, strict_parsing=True))
    assert fields.pop("grant_type") == GRANT
    assert list(fields) == ["assertion"]
    return fields["assertion"]


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_google_would_take_it(ask, bits):
    key = accounts.rsa_key(bits)
    word, form = ask(accounts.account(key))
    assert word == "ok"
    jwt = assertion_of(form)
    claims = google.auth.jwt.decode(jwt, certs={"0123456789abcdef": accounts.public_pem(key)},
                                    audience=accounts.GOOGLE)
    assert claims["iss"] == "robot@a-project.iam.gserviceaccount.com"
    assert claims["scope"] == SCOPE
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - time.time()) < 60
    head, body, signature = jwt.split(".")
    assert json.loads(unpadded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "0123456789abcdef"}
    key.public_key().verify(unpadded(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())


def test_the_time_is_the_callers(ask):
    _, form = ask(accounts.account(), now=1_700_000_000)
    claims = json.loads(unpadded(assertion_of(form).split(".")[1]))
    assert (claims["iat"], claims["exp"]) == (1_700_000_000, 1_700_003_600)


def test_accounts_in_other_spellings(ask):
    old = accounts.pem(accounts.rsa_key(), form=serialization.PrivateFormat.TraditionalOpenSSL)
    for changes in ({"private_key": old}, {"private_key_id": None}, {"token_uri": None},
                    {"client_email": "odd\"name\\é@x"}):
        word, form = ask(accounts.account(**changes))
        assert word == "ok", changes
        claims = json.loads(unpadded(assertion_of(form).split(".")[1]))
        assert claims["iss"] == changes.get("client_email", "robot@a-project.iam.gserviceaccount.com")


def test_a_test_may_name_another_service(ask):
    here = "http://127.0.0.1:1/token"
    for uri in (here, accounts.GOOGLE):
        _, form = ask(accounts.account(token_uri=uri), url=here)
        assert json.loads(unpadded(assertion_of(form).split(".")[1]))["aud"] == here
    word, why = ask(accounts.account(token_uri="http://127.0.0.1:2/token"), url=here)
    assert (word, "token_uri" in why) == ("refused", True)


REFUSED = [
    ({"type": "authorized_user"}, "service_account"), ({"type": "external_account"}, "service_account"),
    ({"type": None}, "service_account"), ({"type": 1}, "service_account"),
    ({"client_email": None}, "client_email"), ({"client_email": ""}, "client_email"),
    ({"private_key": None}, "private_key"), ({"private_key": "x"}, "PEM"), ({"private_key": 7}, "private_key"),
    ({"private_key_id": 7}, "private_key_id"),
    ({"token_uri": "https://evil.example/token"}, "token_uri"),
    ({"token_uri": "https://oauth2.googleapis.com/token/"}, "token_uri"),
    ({"token_uri": "http://169.254.169.254/"}, "token_uri"), ({"token_uri": {}}, "token_uri"),
]


@pytest.mark.parametrize("changes,names", REFUSED)
def test_what_is_no_service_account_is_refused(ask, changes, names):
    word, why = ask(accounts.account(**changes))
    assert word == "refused" and names in why


def test_keys_that_do_not_serve(ask):
    for key, names in ((accounts.pem(accounts.elliptic_key()), "RSA"),
                       (accounts.pem(accounts.rsa_key(1024)), "bits"),
                       (accounts.pem(accounts.rsa_key(), password=b"secret"), "unencrypted"),
                       (accounts.public_pem(accounts.rsa_key()), "PEM")):
        word, why = ask(accounts.account(private_key=key))
        assert word == "refused" and names in why
        assert key.split("\n")[1] not in why


def test_texts_that_are_no_account(ask):
    twice = accounts.account()[:-2] + ', "token_uri": "https://evil.example/"}'
    for text in ("", "[]", "{}", "{", "null", '"service_account"', accounts.account() + "x", twice,
                 json.dumps({"type": "service_account", "x": "y" * 20000})):
        word, why = ask(text)
        assert word == "refused", text[:100]
