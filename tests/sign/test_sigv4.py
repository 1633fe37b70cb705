"""Signature Version 4 against botocore, both ways: it judges what we sign, and we judge what it signs."""

import datetime
import os
import random
import subprocess
import urllib.parse

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SEED = int(os.environ.get("DOTEB_TEST_SEED", "4001"))
ROUNDS = 300
MODELS = [
    "anthropic.claude-3-5-sonnet-20241022-v2:0", "us.amazon.nova-pro-v1:0", "meta.llama3-1-8b-instruct-v1:0",
    "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0",
    "mistral.mistral-7b-instruct-v0:2", "odd name+with%percent~and.dots", "ü-modèle",
]


@pytest.fixture(scope="module")
def probe():
    process = subprocess.Popen([os.environ["DOTEB_SIGV4_PROBE"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)

    def ask(word, sample, headers, now):
        fields = [sample["method"], sample["path"], sample["query"], sample["body"], sample["region"],
                  sample["service"], sample["id"], sample["secret"], sample["token"], str(int(now * 1e6))]
        for pair in headers:
            fields += pair
        octets = [f if isinstance(f, bytes) else f.encode() for f in fields]
        process.stdin.write("\t".join([word] + [o.hex() for o in octets]) + "\n")
        process.stdin.flush()
        return process.stdout.readline().rstrip("\n")

    yield ask
    process.stdin.close()
    assert process.wait(10) == 0


def text(rnd, alphabet, low, high):
    return "".join(rnd.choice(alphabet) for _ in range(rnd.randint(low, high)))


def sample_of(rnd):
    """A request as it goes on the wire: path and query encoded once, as AWS's SDKs do."""
    printable = [chr(c) for c in range(33, 127)] + list(" éሴ")
    model = rnd.choice(MODELS) if rnd.random() < 0.7 else text(rnd, printable, 1, 40)
    pairs = [(text(rnd, printable, 1, 8), text(rnd, printable, 0, 8)) for _ in range(rnd.randint(0, 5))]
    return {
        "method": rnd.choice(["POST", "GET", "PUT"]),
        "path": "/model/" + urllib.parse.quote(model, safe="-._~") + rnd.choice(["/converse", "/invoke", "/"]),
        "query": "&".join(f"{urllib.parse.quote(k, safe='-._~')}={urllib.parse.quote(v, safe='-._~')}"
                          for k, v in pairs),
        "body": rnd.randbytes(rnd.randint(0, 3000)),
        "region": rnd.choice(["us-east-1", "eu-central-1", "ap-southeast-2"]),
        "service": "bedrock",
        "id": text(rnd, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, 32),
        "secret": text(rnd, printable[:94], 20, 60),
        "token": text(rnd, printable[:94], 1, 900) if rnd.random() < 0.4 else "",
    }


def headers_of(rnd, host):
    values = [chr(c) for c in range(33, 127)] + ["  ", " "]
    headers = {"Content-Type": "application/json", "Accept": rnd.choice(["application/json", "*/*"])}
    for i in range(rnd.randint(0, 4)):
        headers[f"X-{text(rnd, 'abcABC0_-', 1, 6)}{i}"] = "v" + text(rnd, values, 0, 20) + "w"
    return headers


def judge(sample, headers, host, when, monkeypatch):
    """botocore's own headers for the request at that moment."""
    query = "?" + sample["query"] if sample["query"] else ""
    request = AWSRequest(method=sample["method"], url=f"https://{host}{sample['path']}{query}",
                         data=sample["body"], headers=headers)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: when.replace(tzinfo=None))
    credentials = Credentials(sample["id"], sample["secret"], sample["token"] or None)
    SigV4Auth(credentials, sample["service"], sample["region"]).add_auth(request)
    return dict(request.headers.items())


def moment(rnd):
    return datetime.datetime.fromtimestamp(rnd.randint(1_500_000_000, 3_000_000_000), datetime.timezone.utc)


def test_botocore_would_have_signed_the_same(probe, monkeypatch):
    rnd = random.Random(SEED)
    for _ in range(ROUNDS):
        sample, when = sample_of(rnd), moment(rnd)
        host = f"bedrock-runtime.{sample['region']}.amazonaws.com"
        headers = headers_of(rnd, host)
        want = judge(sample, headers, host, when, monkeypatch)
        lines = probe("sign", sample, [("Host", host), *headers.items()], when.timestamp()).split("\t")
        got = dict(line.split(": ", 1) for line in lines if line)
        assert got["authorization"] == want["Authorization"], sample
        assert got["x-amz-date"] == want["X-Amz-Date"]
        assert got.get("x-amz-security-token") == want.get("X-Amz-Security-Token")


def test_what_botocore_signs_is_good_and_nothing_else(probe, monkeypatch):
    rnd = random.Random(SEED + 1)
    for _ in range(ROUNDS):
        sample, when = sample_of(rnd), moment(rnd)
        host = "127.0.0.1:4001"
        signed = judge(sample, headers_of(rnd, host), host, when, monkeypatch)
        pairs = [("Host", host), *signed.items(), ("Content-Length", str(len(sample["body"])))]
        rnd.shuffle(pairs)
        now = when.timestamp()
        assert probe("verify", sample, pairs, now + rnd.randint(-300, 300)) == "good", sample
        assert probe("verify", sample, pairs, now + rnd.choice([-301, 301])) == "stale"
        bad = dict(sample)
        what = rnd.choice(["method", "path", "query", "body", "secret"])
        if what == "body":
            bad["body"] = sample["body"] + b"x"
        elif what == "query":
            bad["query"] = sample["query"] + "&zz=1"
        else:
            bad[what] = sample[what] + "x"
        assert probe("verify", bad, pairs, now) == "wrong", what


def test_a_decoded_path_is_another_path(probe, monkeypatch):
    rnd = random.Random(SEED + 2)
    sample, when, host = sample_of(rnd), moment(rnd), "127.0.0.1:4001"
    sample["path"] = "/model/a.b-v1%3A0/converse"
    signed = judge(sample, {}, host, when, monkeypatch)
    pairs = [("Host", host), *signed.items()]
    assert probe("verify", sample, pairs, when.timestamp()) == "good"
    assert probe("verify", dict(sample, path="/model/a.b-v1:0/converse"), pairs, when.timestamp()) == "wrong"
