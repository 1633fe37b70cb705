"""What the tests of URLs in requests share: a gateway that fetches them from loopback, a server that has
them, and a question."""
import base64
import json

import pytest

import harness
from file_server import FileServer

BEDROCK = "aws-bedrock/claude-haiku-4-5"   # takes no URLs
ANTHROPIC = "anthropic/claude-haiku-4-5"   # takes them
FIELD = "messages[0].content[1].image_url.url"
PINNED = {"x-no-fallback": "true"}


def encoded(data):
    return base64.b64encode(data).decode()


@pytest.fixture(scope="module")
def files():
    server = FileServer()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def forget(files, simulator):
    files.reset()
    simulator.reset()


@pytest.fixture(scope="module")
def key(installation, simulator):
    installation.add_provider_key("aws-bedrock", simulator.root, label="first")
    installation.add_provider_key("aws-bedrock", simulator.root, label="second")
    installation.add_provider_key("anthropic", simulator.base_url)
    installation.add_provider_key("openai", simulator.base_url)
    return installation.create_key()


def start(installation, name, **settings):
    return harness.Gateway(installation, name, **{"DOTEB_INLINE_ALLOW": "127.0.0.1"} | settings)


@pytest.fixture(scope="module")
def gateway(installation, key):
    gateway = start(installation, "gateway", DOTEB_INLINE_TIMEOUT="3s", DOTEB_ATTEMPTS_MAX="8")
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def open_gateway(installation, key):
    """Whatever is private is allowed, but what is its own."""
    gateway = start(installation, "open", DOTEB_INLINE_ALLOW="private", DOTEB_INLINE_TIMEOUT="1500ms",
                    DOTEB_BODY_MAX="1MB")
    yield gateway
    gateway.stop()


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def question(*urls, model=BEDROCK, text="What is this?", **more):
    content = [{"type": "text", "text": text}, *[image(u) for u in urls]]
    return {"model": model, "messages": [{"role": "user", "content": content}]} | more


def refused(gateway, key, body, headers=PINNED):
    status, _, answer = gateway.chat(key, body, headers)
    assert status == 400, answer
    return answer["error"]


def counted(gateway, outcome):
    return gateway.metrics()[f'doteb_inlined_urls_total{{outcome="{outcome}"}}']


def sent_images(simulator):
    body = json.loads(simulator.get("/_sim/last")["body"])
    return [p["image"] for m in body["messages"] for p in m["content"] if "image" in p]
