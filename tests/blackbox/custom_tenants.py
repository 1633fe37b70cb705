"""Tenants with a server of their own, for tests of custom providers; the fixtures are imported by name."""
import json
import uuid

import pytest

from harness import Simulator, http, wait_until
from tenants import World, make_people

PRICE = {"input": "2", "output": "8.5", "cached_input": "0.25"}


@pytest.fixture(scope="module")
def people(control, installation):
    return make_people(control, installation)


class Tenant(World):
    """With an API key that the gateway knows, and a server of its own in both protocols."""

    def __init__(self, installation, people, gateway, server):
        super().__init__(installation, people)
        self.owner, self.gateway, self.server = people["owner"], gateway, server
        self.key = self.restricted()

    def restricted(self, **fields):
        made = self.make(f"/projects/{self.project}/api-keys", {"name": uuid.uuid4().hex} | fields)
        wait_until(lambda: self.ask("GET", "/v1/key", key=made["key"])[0] == 200, 5, "the key at the gateway")
        return made["key"]

    def ask(self, method, path, body=None, key=None):
        status, _, data = http(method, self.gateway.root + path, body,
                               {"Authorization": f"Bearer {key or self.key}"})
        return status, json.loads(data)

    def listed(self, key=None):
        return {m["id"] for m in self.ask("GET", "/v1/models", key=key)[1]["data"]}

    def add(self, slug="lab", protocol="openai", models=None, **more):
        """The provider, once the gateway has it."""
        body = {"slug": slug, "protocol": protocol, "base_url": self.server.base_url,
                "models": models or [{"upstream_id": "org/llama:8b", "id": "llama", "price_per_million": PRICE}]}
        made = self.make("/custom-providers", body | more)
        wait_until(lambda: f"{slug}/{made['models'][0]['id']}" in self.listed(), 5, "the model at the gateway")
        return made

    def change(self, made, method="PATCH", body=None, headers=None):
        return self.owner.call(method, f"{self.path}/custom-providers/{made['id']}", body, headers)

    def row(self, head):
        return self.installation.row_of(head["x-request-id"])


@pytest.fixture(scope="module")
def server(scratch):
    """The tenant's own, which nobody else is to reach."""
    server = Simulator(scratch / "own-server")
    yield server
    server.stop()


@pytest.fixture
def tenant(installation, people, gateway, server):
    return Tenant(installation, people, gateway, server)


@pytest.fixture
def other(installation, people, gateway, server):
    return Tenant(installation, people, gateway, server)


def served(server):
    return server.get("/_sim/counters")["requests"]
