"""Images and files by URL for providers that take them only inside the request: what is fetched, what
is not, and what the client is told."""
import itertools
import json
import socket
import time

import pytest

import harness
from dialect_clients import PIXEL
from file_server import JPEG, PDF
from harness import http, wait_until
from inline_urls import (  # noqa: F401
    ANTHROPIC, BEDROCK, FIELD, PINNED, counted, encoded, files, forget, gateway, key, open_gateway, question,
    refused, sent_images, start)

tags = itertools.count(1)


def test_an_image_is_fetched_and_sent_inside(gateway, key, files, simulator):
    before = counted(gateway, "ok")
    status, head, answer = gateway.chat(key, question(files.url("/png/a?b=c#d")), PINNED)
    assert status == 200, answer
    assert sent_images(simulator) == [{"format": "png", "source": {"bytes": encoded(PIXEL)}}]
    assert files.paths == ["/png/a?b=c"] and counted(gateway, "ok") == before + 1
    lines = files.heads[0].lower().split("\r\n")
    assert lines[0] == "get /png/a?b=c http/1.1"
    names = sorted(x.partition(":")[0] for x in lines[1:] if x)
    assert names == ["accept", "accept-encoding", "connection", "host", "user-agent"]
    assert "accept-encoding: identity" in lines and "connection: close" in lines
    assert any(x.startswith("user-agent: doteb/") for x in lines)


@pytest.mark.parametrize("path,data,kind", [("/jpeg", JPEG, "jpeg"), ("/unlabelled", PIXEL, "png"),
                                            ("/stream", PIXEL, "png"), ("/chunked", PIXEL, "png")])
def test_what_is_an_image(gateway, key, files, simulator, path, data, kind):
    assert gateway.chat(key, question(files.url(path)), PINNED)[0] == 200
    assert sent_images(simulator) == [{"format": kind, "source": {"bytes": encoded(data)}}]


def test_a_url_as_people_write_it(gateway, key, files, simulator):
    raw = json.dumps(question(files.url("/png/ä b").replace("http:", "HTTP:"))).replace("/", r"\/")
    status, _, body = http("POST", gateway.base_url + "/chat/completions", raw.encode(),
                           {"x-api-key": key, "content-type": "application/json"} | PINNED)
    assert status == 200, body
    assert files.paths == ["/png/%C3%A4%20b"] and len(sent_images(simulator)) == 1


def test_many_in_their_order_and_each_once(gateway, key, files, simulator):
    urls = [files.url(f"/{'png' if i % 2 else 'jpeg'}/{i}") for i in range(10)]
    body = question(*urls, *urls)
    body["messages"] += [{"role": "assistant", "content": "Images."}, *question(urls[0])["messages"]]
    assert gateway.chat(key, body, PINNED)[0] == 200
    kinds = [i["format"] for i in sent_images(simulator)]
    assert kinds == ["jpeg", "png"] * 10 + ["jpeg"]
    assert sorted(files.paths) == sorted(u.split(str(files.port))[1] for u in urls)


def test_too_many(gateway, key, files):
    error = refused(gateway, key, question(*[files.url(f"/png/{i}") for i in range(33)]))
    assert error["param"] == "messages[0].content[33].image_url.url" and "32" in error["message"]
    assert not files.heads


FAILURES = [  # path, what is said, how it is counted
    ("/nothing", "status 404 (not found)", "status"),
    ("/broken", "status 500", "status"),
    ("/redirect", "redirect (status 302), which is not followed", "status"),
    ("/html", "leads to 'text/html': no image that providers take", "type"),
    ("/svg", "leads to 'image/svg+xml': no image", "type"),
    ("/pdf", "leads to 'application/pdf': no image", "type"),
    ("/lies", "leads to no image", "type"),
    ("/empty", "leads to no image", "type"),
    ("/mislabelled", "is labelled 'image/jpeg', but what it leads to is 'image/png'", "type"),
    ("/coded", "Content-Encoding", "type"),
    ("/large", "more than the 20971520 bytes", "too_large"),
    ("/endless", "more than the 20971520 bytes", "too_large"),
    ("/cut", "broke off", "unreachable"),
    ("/nonsense", "no HTTP", "unreachable"),
    ("/slow", "did not arrive within 3000 ms", "timeout"),
    ("/silent", "did not arrive within 3000 ms", "timeout"),
]


@pytest.mark.parametrize("path,said,outcome", FAILURES)
def test_what_is_no_image(gateway, key, files, simulator, path, said, outcome):
    before = counted(gateway, outcome)
    error = refused(gateway, key, question(files.url(path)))
    assert error["param"] == FIELD and error["code"] == "invalid_image_url"
    assert error["message"].startswith(f"'{FIELD}' ") and said in error["message"]
    assert str(files.port) not in error["message"] and "127." not in error["message"]
    assert counted(gateway, outcome) == before + 1
    assert files.paths == [path] and not simulator.get("/_sim/requests")


def test_one_failure_ends_the_others(gateway, key, files):
    begun = time.monotonic()
    error = refused(gateway, key, question(files.url("/silent"), files.url("/nothing")))
    assert error["param"] == "messages[0].content[2].image_url.url" and time.monotonic() - begun < 2
    assert files.left.wait(5)


# ------------------------------------------------------------------ policy and candidates

def test_off(installation, key, files):
    gateway = start(installation, "off", DOTEB_INLINE_URLS="off")
    try:
        error = refused(gateway, key, question(files.url("/png")))
        assert error["param"] == FIELD and "DOTEB_INLINE_URLS" in error["message"] and not files.heads
        status, head, _ = gateway.chat(key, question(files.url("/png")))   # another provider takes it
        assert status == 200 and head["x-doteb-provider"] == "anthropic" and not files.heads
    finally:
        gateway.stop()


def test_a_policy_that_is_none(installation):
    gateway = harness.Gateway(installation, "wrong", start=False, DOTEB_INLINE_URLS="yes")
    gateway.spawn([harness.BUILD / "gateway/doteb-gateway"], gateway.env)
    assert gateway.process.wait(20) == 2 and "'yes' is not off, own-keys or on" in gateway.tail()


def test_who_takes_urls_gets_them(gateway, key, files, simulator):
    assert gateway.chat(key, question(files.url("/png"), model=ANTHROPIC), PINNED)[0] == 200
    sent = simulator.get("/_sim/last")["body"]
    assert f'"url":"{files.url("/png")}"' in sent and not files.heads


def test_the_next_key_needs_no_second_fetch(gateway, key, files, simulator):
    text = f"What? [sim fail_first=1:401 tag=inline{next(tags)}]"
    status, head, answer = gateway.chat(key, question(files.url("/png"), text=text), PINNED)
    assert status == 200 and head["x-doteb-attempts"] == "2", answer
    assert len(sent_images(simulator)) == 1 and files.paths == ["/png"]


@pytest.mark.parametrize("first,then", [(BEDROCK, "anthropic"), (ANTHROPIC, "aws-bedrock")])
def test_each_attempt_gets_its_own_form(gateway, key, files, simulator, installation, first, then):
    offers = int(installation.query(   # one a region
        "select count(*) from offers o join providers p using (provider_id) join models m using (model_id) "
        f"where p.slug || '/' || m.slug = '{first}' and o.enabled and (o.ends_at is null or o.ends_at > now())"))
    text = f"What? [sim fail_first={offers}:503 tag=inline{next(tags)}]"
    status, head, answer = gateway.chat(key, question(files.url("/png"), model=first, text=text))
    assert status == 200 and head["x-doteb-provider"] == then, answer
    sent = [r["body"] for r in simulator.get("/_sim/last?n=9")]
    assert len(sent) == offers + 1
    for body in sent:   # Anthropic's own have a model in them, Bedrock's have not
        by_url = '"model"' in body
        assert (files.url("/png") in body, encoded(PIXEL) in body) == (by_url, not by_url)
    assert len({'"model"' in body for body in sent}) == 2 and files.paths == ["/png"]


def test_its_own_dialect_passes_again(gateway, key, files, simulator):
    """After an attempt with the image inside, a provider of the client's protocol gets the body as it came."""
    text = f"See [sim fail_first=1:503 tag=inline{next(tags)}]"
    body = {"model": "claude-haiku-4-5", "max_tokens": 10, "messages": [
        {"role": "user", "content": [{"type": "text", "text": text},
                                     {"type": "image", "source": {"type": "url", "url": files.url("/png")}}]}]}
    raw = json.dumps(body, indent=2)
    status, _, answer = http("POST", gateway.base_url + "/messages", raw.encode(),
                                   {"x-api-key": key, "content-type": "application/json"})
    assert status == 200, answer
    passed = [r["body"] for r in simulator.get("/_sim/last?n=9") if '"model"' in r["body"]]
    name = json.loads(passed[0])["model"]
    assert passed and all(p == raw.replace('"claude-haiku-4-5"', f'"{name}"') for p in passed)


def test_large_bodies_and_large_files(gateway, key, files, simulator):
    """Read, filled in and written by the second thread."""
    long = "x" * 400000
    for path, size in (("/png", len(PIXEL)), ("/big", 19 * 1024 * 1024)):
        assert gateway.chat(key, question(files.url(path), text=long), PINNED)[0] == 200
        headers = dict((k.lower(), v) for k, v in simulator.get("/_sim/last")["headers"])
        assert 0 < int(headers["content-length"]) - len(long) - (size + 2) // 3 * 4 < 1000
    assert "404" in refused(gateway, key, question(files.url("/nothing"), text=long))["message"]
    status, _, answer = gateway.chat(key, {"model": BEDROCK, "messages": [{"role": long, "content": "x"}]}, PINNED)
    assert status == 400 and answer["error"]["param"] == "messages[0].role"


def test_a_failed_fetch_leaves_it_to_who_takes_urls(gateway, key, files):
    status, head, _ = gateway.chat(key, question(files.url("/nothing")))
    assert status == 200 and (head["x-doteb-provider"], head["x-doteb-attempts"]) == ("anthropic", "1")


def test_the_same_dialect_without_urls(installation, key, files, simulator):
    """A provider of the client's own protocol that takes none: the body cannot pass as it is."""
    installation.query("update providers set quirks = quirks || '{\"no_url_media\": true}' where slug = 'anthropic'")
    gateway = start(installation, "same")
    try:
        source = {"type": "url", "url": files.url("/png")}
        body = {"model": ANTHROPIC, "max_tokens": 10, "messages": [{"role": "user", "content": [
            {"type": "text", "text": "See [sim fail_first=1:503 tag=same]"}, {"type": "image", "source": source}]}]}
        headers = {"x-api-key": key} | PINNED
        status, _, answer = http("POST", gateway.base_url + "/messages", body, headers)
        assert status == 503 or status == 502, answer   # and the next time
        status, _, answer = http("POST", gateway.base_url + "/messages", body, headers)
        assert status == 200, answer
        sent = json.loads(simulator.get("/_sim/last")["body"])["messages"][0]["content"][1]
        assert sent["source"] == {"type": "base64", "media_type": "image/png", "data": encoded(PIXEL)}
        body["messages"][0]["content"].pop()
        status, _, answer = http("POST", gateway.base_url + "/messages", body, headers)
        assert status == 200 and len(files.heads) == 2
    finally:
        gateway.stop()
        installation.query("update providers set quirks = quirks - 'no_url_media' where slug = 'anthropic'")


@pytest.mark.parametrize("model,path", [(BEDROCK, "/pdf"), ("openai/gpt-4o-mini", "/pdf")])
def test_documents(gateway, key, files, simulator, model, path):
    body = {"model": model, "max_tokens": 10, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "Read."},
        {"type": "document", "source": {"type": "url", "url": files.url(path)}}]}]}
    status, _, answer = http("POST", gateway.base_url + "/messages", body, {"x-api-key": key} | PINNED)
    assert status == 200, answer
    assert encoded(PDF) in simulator.get("/_sim/last")["body"]
    body["messages"][0]["content"][1]["source"]["url"] = files.url("/png")
    status, _, answer = http("POST", gateway.base_url + "/messages", body, {"x-api-key": key} | PINNED)
    assert status == 400 and "messages[0].content[1].source.url" in answer.decode() and b"no PDF" in answer


def test_a_picture_in_a_tools_result(gateway, key, files, simulator):
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [
        {"type": "image", "source": {"type": "url", "url": files.url("/png")}}]}
    body = {"model": BEDROCK, "max_tokens": 10, "tools": [{"name": "look", "input_schema": {"type": "object"}}],
            "messages": [{"role": "user", "content": "Look."},
                         {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {}}]},
                         {"role": "user", "content": [result]}]}
    status, _, answer = http("POST", gateway.base_url + "/messages", body, {"x-api-key": key} | PINNED)
    assert status == 200 and encoded(PIXEL) in simulator.get("/_sim/last")["body"], answer


# ------------------------------------------------------------------ time, room and connections

def test_the_deadline_is_for_all(open_gateway, key, files):
    begun = time.monotonic()
    error = refused(open_gateway, key, question(*[files.url(f"/late/{i}") for i in range(24)]))
    assert "did not arrive within 1500 ms" in error["message"] and time.monotonic() - begun < 3
    assert 4 < len(files.heads) < 24


def test_four_at_once(gateway, key, files, simulator):
    assert gateway.chat(key, question(*[files.url(f"/late/{i}") for i in range(12)]), PINNED)[0] == 200
    assert len(files.heads) == len(sent_images(simulator)) == 12 and 4 <= files.most <= 5   # one may be ending


def test_no_room_for_more_bodies(installation, key, files):
    gateway = start(installation, "room", DOTEB_BODIES_MAX="500KB")
    try:
        status, _, answer = gateway.chat(key, question(files.url("/half")), PINNED)
        assert status == 503 and answer["error"]["code"] == "overloaded"
        assert gateway.chat(key, question(files.url("/png")), PINNED)[0] == 200
        assert gateway.metrics()["doteb_body_bytes"] == 0
    finally:
        gateway.stop()


def test_together_too_large(open_gateway, key, files):
    assert open_gateway.chat(key, question(files.url("/half")), PINNED)[0] == 200
    for second in ("/half/2", "/stalls"):   # when all have come, or before
        error = refused(open_gateway, key, question(files.url("/half/1"), files.url(second)))
        assert "makes the request too large" in error["message"] and error["param"].endswith(".image_url.url")


def test_the_wait_shows_and_is_no_overhead(gateway, key, files, installation):
    status, head, _ = gateway.chat(key, question(files.url("/late")), PINNED)
    assert status == 200 and int(head["x-doteb-overhead-us"]) < 300000
    row = installation.row_of(head["x-request-id"])
    assert max(row["steps"]) == row["steps"][4] and row["steps"][4] >= 400000   # translate
    assert row["overhead_us"] < 300000 and row["duration_us"] >= 400000


def test_a_client_that_leaves_ends_the_fetch(gateway, key, files, simulator):
    before = counted(gateway, "cancelled")
    body = json.dumps(question(files.url("/silent"), files.url("/slow"))).encode()
    s = socket.create_connection(("127.0.0.1", gateway.port))
    s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              b"x-api-key: %s\r\nContent-Length: %d\r\n\r\n" % (key.encode(), len(body)) + body)
    wait_until(lambda: len(files.heads) == 2, 5, "both fetches")
    s.close()
    assert files.left.wait(2)
    wait_until(lambda: counted(gateway, "cancelled") == before + 2, 5, "both cancelled")
    wait_until(lambda: gateway.metrics()["doteb_requests_active"] == 0, 5, "no request left")
    assert gateway.metrics()["doteb_body_bytes"] == 0
    assert not simulator.get("/_sim/requests")


def test_no_connection_serves_two_requests(gateway, key, files, installation):
    """Whosever they are: there is nothing that two organisations could share."""
    for _ in range(4):
        assert gateway.chat(key, question(files.url("/png"), files.url("/png/2")), PINNED)[0] == 200
    assert files.connections == len(files.heads) == 8


def test_other_protocols_words(gateway, key, files):
    """The field's name and the error's form are the client's own."""
    url = files.url("/nothing")
    google = {"contents": [{"role": "user", "parts": [{"text": "x"}, {"fileData": {"mimeType": "image/png", "fileUri": url}}]}]}
    responses = {"model": BEDROCK, "input": [{"role": "user", "content": [
        {"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": url}]}]}
    messages = {"model": BEDROCK, "max_tokens": 5, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "x"}, {"type": "image", "source": {"type": "url", "url": url}}]}]}
    asked = [("/v1/responses", responses, "input[0].content[1].image_url", "error.type"),
             ("/v1/messages", messages, "messages[0].content[1].source.url", "type"),
             (f"/v1beta/models/{BEDROCK}:generateContent", google, "contents[0].parts[1].fileData.fileUri", "error.status")]
    for path, body, field, member in asked:
        status, _, answer = http("POST", gateway.root + path, body, {"x-api-key": key} | PINNED)
        told = json.loads(answer)
        for name in member.split("."):
            told = told[name]
        assert status == 400 and field in answer.decode() and "404" in answer.decode() and told, answer
    google["contents"][0]["parts"][1]["fileData"]["fileUri"] = files.url("/png")
    raw = json.dumps(google).replace("/", r"\/").encode()
    assert http("POST", gateway.root + asked[2][0], raw, {"x-api-key": key, "content-type": "application/json"} | PINNED)[0] == 200
    google["contents"][0]["parts"][1]["fileData"] = {"mimeType": "image/jpeg", "fileUri": files.url("/png")}
    status, _, answer = http("POST", gateway.root + asked[2][0], google, {"x-api-key": key} | PINNED)
    assert status == 400 and b"leads to 'image/png', not to 'image/jpeg'" in answer


def test_no_byte_stays_charged(gateway):
    wait_until(lambda: gateway.metrics()["doteb_body_bytes"] == 0, 5, "no body left")
