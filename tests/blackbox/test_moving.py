"""What docs/migrate-from-litellm.md says of names: each prefix leads to the provider that the page names, with the
catalogue's name of a model behind it and with the provider's own.
"""
import json
import re

import pytest

from harness import ROOT, http, say

PAGE = (ROOT / "docs" / "migrate-from-litellm.md").read_text()
PREFIX = re.compile(r"`([\w-]+)/…`")


def prefixes():
    """(LiteLLM's prefix, our provider) of the page's table; the row of servers of one's own has none."""
    for left, right in re.findall(r"^\| (.*?) \| the same(.*?) \|$", PAGE, re.MULTILINE):
        theirs, ours = PREFIX.findall(left), PREFIX.findall(right)
        yield from zip(theirs, ours * len(theirs) if len(ours) == 1 else ours or theirs, strict=True)


@pytest.fixture(scope="module")
def key(installation):
    """Of an organisation without provider keys: it is told whose is missing, so the name was understood."""
    return installation.create_key()


def test_the_page_has_its_table():
    assert {("gemini", "google-ai-studio"), ("bedrock_converse", "aws-bedrock"), ("groq", "groq"),
            ("fireworks_ai", "fireworks")} <= set(prefixes())


@pytest.mark.parametrize("prefix,provider", list(prefixes()))
def test_a_prefix_leads_to_its_provider(installation, gateway, key, prefix, provider):
    rows = installation.rows(
        "select m.slug, o.provider_model from offers o join models m using (model_id) join providers p using (provider_id) "
        f"where p.slug = '{provider}' and 'tools' = any (o.capabilities) order by o.provider_model limit 3")
    assert rows
    for name in {name for row in rows for name in row.values()}:
        status, _, answer = gateway.chat(key, say("x", model=f"{prefix}/{name}"))
        assert status == 403 and f"add one for {provider} " in answer["error"]["message"], (name, answer)


def test_without_a_prefix_all_who_have_it_are_named(gateway, key):
    status, _, answer = gateway.chat(key, say("x", model="claude-sonnet-4-5"))
    named = re.search(r"add one for ([\w-]+(?:, [\w-]+)* or [\w-]+) under Settings", answer["error"]["message"])
    assert status == 403 and named, answer
    named = re.split(", | or ", named[1])
    assert {"anthropic", "aws-bedrock"} <= set(named) and len(named) == len(set(named)) <= 4


def test_examples_of_the_page(installation, gateway, key):
    for name in re.findall(r"as in `(.*?)` and `(.*?)`", PAGE, re.DOTALL)[0]:
        status, _, answer = gateway.chat(key, say("x", model=name))
        assert status == 403 and answer["error"]["code"] == "no_provider_key", answer


def test_paths_work_without_v1(gateway, key):
    for base in (gateway.base_url, gateway.root):
        status, _, body = http("POST", base + "/chat/completions", say("x"), {"authorization": f"Bearer {key}"})
        assert status == 403 and json.loads(body)["error"]["code"] == "no_provider_key"
