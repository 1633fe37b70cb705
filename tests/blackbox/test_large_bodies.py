"""Large requests: a picture of 20 MB goes through whatever is spoken on either side, is held twice at
most, and no other request of its worker waits for it."""
import base64
import json
import random
import socket
import threading
from pathlib import Path

import pytest

import harness
from harness import wait_until
from raw_requests import picture, question, send

MB = 1_000_000
IMAGE = base64.b64encode(random.Random(1).randbytes(15 * MB)).decode()   # 20 MB of text
# Under a sanitizer memory costs many times what it does, and is kept when it is free; there it is looked at
# who does the work.
SANITIZED = b"san_init" in (harness.BUILD / "gateway/doteb-gateway").read_bytes()
STALL_MS = 5
WORK_MS = 1   # reading 20 MB takes longer anywhere
TRIES = 8   # a machine that is busy with other things stalls as well, now and then
SLACK_MB = 8

PROVIDERS = {  # provider protocol: catalogue provider, model, what its base URL ends in
    "openai": ("openai", "gpt-5.2", "/v1"),
    "openai-responses": ("aws-mantle", "gpt-5.6-luna", "/v1"),
    "anthropic": ("anthropic", "claude-sonnet-4-5", "/v1"),
    "google": ("google-ai-studio", "gemini-3.5-flash", "/v1beta"),
    "bedrock": ("aws-bedrock", "claude-sonnet-4-5", ""),
}
CELLS = [("openai", "openai"), ("openai", "anthropic"), ("openai", "google"), ("openai", "bedrock"),
         ("openai", "openai-responses"), ("openai-responses", "openai-responses"),
         ("openai-responses", "anthropic"), ("anthropic", "anthropic"), ("anthropic", "openai"),
         ("google", "google"), ("google", "openai"), ("bedrock", "bedrock"), ("bedrock", "openai")]


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        secret = "AKIDEXAMPLE:secret" if provider == "aws-bedrock" else "sk-provider-secret"
        installation.add_provider_key(provider, simulator.root + base, secret=secret)
    return installation.create_key()


@pytest.fixture(scope="module")
def gateway(installation, key):
    gateway = harness.Gateway(installation, DOTEB_WORKERS="1")
    yield gateway
    gateway.stop()


def turns(gateway):
    """Turns of the worker's loop so far: all of them, and those longer than STALL_MS."""
    metrics = gateway.metrics()
    name = "doteb_worker_turn_seconds_bucket"
    fine = metrics[f'{name}{{le="{STALL_MS / 1000:g}"}}']
    return metrics[f'{name}{{le="+Inf"}}'], metrics[f'{name}{{le="+Inf"}}'] - fine


def peak_mb(gateway, reset=False):
    if reset:
        open(f"/proc/{gateway.pid}/clear_refs", "w").write("5")
    status = open(f"/proc/{gateway.pid}/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def second_thread_ms(gateway):
    """CPU time of the worker's second thread."""
    for task in Path(f"/proc/{gateway.pid}/task").iterdir():
        if (task / "comm").read_text() == "bulk\n":
            return int((task / "schedstat").read_text().split()[0]) / 1e6
    raise AssertionError("there is no such thread")


@pytest.mark.parametrize("client,provider", CELLS)
def test_a_picture_of_20_mb(gateway, simulator, key, client, provider):
    name, model, _ = PROVIDERS[provider]
    path, body = picture(client, f"{name}/{model}", "[sim text=seen] what is it?", IMAGE)
    data = json.dumps(body).encode()
    stalled = []
    for _ in range(TRIES):
        before, long_before = turns(gateway)
        worked = second_thread_ms(gateway)
        rest = peak_mb(gateway, reset=True)
        answer = send(gateway, key, client, path, data, {"x-no-fallback": "true"})
        assert answer.status == 200 and b"seen" in answer.body, answer.body[:300]
        grown = peak_mb(gateway) - rest
        after, long_after = turns(gateway)
        assert after - before > 20
        assert second_thread_ms(gateway) - worked > WORK_MS
        stalled.append((long_after - long_before, round(grown)))
        if SANITIZED:
            return
        if long_after == long_before:
            break
    assert stalled[-1][0] == 0, f"turns over {STALL_MS} ms and MB held: {stalled}"
    assert grown < 2 * len(data) / MB + SLACK_MB, stalled


def leave(gateway, key, data):
    """Sends a request whole and is gone."""
    with socket.create_connection(("127.0.0.1", gateway.port)) as s:
        head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n")
        s.sendall(head.encode() + data)


def at_once(n, work):
    threads = [threading.Thread(target=work) for _ in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


@pytest.mark.parametrize("provider", ["openai", "bedrock"])
def test_clients_leave_while_their_pictures_are_worked_on(gateway, installation, key, provider):
    name, model, _ = PROVIDERS[provider]
    path, body = picture("openai", f"{name}/{model}", "[sim text=seen] what is it?", IMAGE)
    data = json.dumps(body | {"user": f"left-{provider}"}).encode()
    rows = ("select count(*) from requests r join labels l on l.label_id = r.end_user_id "
            f"where l.value = 'left-{provider}'")
    at_once(6, lambda: leave(gateway, key, data))
    wait_until(lambda: gateway.metrics()["doteb_requests_active"] == 0, what="nobody is served any more")
    wait_until(lambda: gateway.metrics()["doteb_body_bytes"] == 0, what="no body is held any more")
    wait_until(lambda: int(installation.query(rows)) == 6, what="each has a row")
    answer = send(gateway, key, "openai", path, data, {"x-no-fallback": "true"})
    assert answer.status == 200 and b"seen" in answer.body


def test_the_way_out_waits_for_work_on_pictures(installation, key):
    name, model, _ = PROVIDERS["bedrock"]
    path, body = picture("openai", f"{name}/{model}", "[sim text=seen] what is it?", IMAGE)
    data = json.dumps(body).encode()
    gateway = harness.Gateway(installation, "leaving", DOTEB_WORKERS="1", DOTEB_SHUTDOWN_TIMEOUT="200ms")
    at_once(4, lambda: leave(gateway, key, data))
    gateway.stop()   # the sanitizers would tell of anything left behind


BOMBS = {"openai": ('"messages":[{"role":"user","content":[', '{"type":"text","text":"a"}'),
         "openai-responses": ('"store":false,"input":[{"role":"user","content":[', "1"),
         "anthropic": ('"max_tokens":9,"messages":[{"role":"user","content":[', "{}")}


@pytest.mark.parametrize("client", BOMBS)
def test_parts_of_a_few_bytes_have_a_bound(gateway, key, client):
    """They would take a hundred times their size."""
    path, _ = question(client, "m", "x")
    head, part = BOMBS[client]
    model = "google-ai-studio/gemini-3.5-flash"
    data = f'{{"model":"{model}",{head}{",".join([part] * 1_500_000)}]}}]}}'.encode()
    rest = peak_mb(gateway, reset=True)
    answer = send(gateway, key, client, path, data, {"x-no-fallback": "true"})
    assert answer.status == 413 and b"more parts than this gateway takes" in answer.body, answer.body[:300]
    wait_until(lambda: gateway.metrics()["doteb_body_bytes"] == 0, what="no body is held any more")
    if not SANITIZED:
        assert peak_mb(gateway) - rest < 64 * 1.05 + 6 * len(data) / MB + SLACK_MB
