"""The golden answers of the Responses API, judged by OpenAI's own document and read by OpenAI's SDK.

Every event of every stream and every whole answer is checked, and every request that goes to a
provider. Where real answers differ from the document, the difference is named here.
"""

import json
import pathlib
import sys

import httpx
import openai
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "simulator"))
from openai_document import judge  # noqa: E402

TRANSLATE = pathlib.Path(__file__).parent / "translate"
NAME = "openai-responses"
ECHOED = {"tools": [], "tool_choice": "auto", "text": {}, "reasoning": None, "instructions": None,
          "metadata": {}}
SEEN_IN_EVERY_STREAM = ["response.created", "response.in_progress"]


def cases(side, file):
    found = []
    for conf in sorted(TRANSLATE.glob("*/case.json")):
        if json.loads(conf.read_text())[side] == NAME and (conf.parent / file).exists():
            found.append(conf.parent)
    assert found
    return found


def by_name(paths):
    return {"argvalues": paths, "ids": [path.name for path in paths]}


def events(folder):
    out = []
    for block in (folder / "client_response.sse").read_text().split("\n\n")[:-1]:
        kind, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert kind == "event: " + event["type"]
        out.append(event)
    return out


def without_echo(response):
    """The client's own words come back as it wrote them, and usage is null until it is known."""
    assert not set(ECHOED) - set(response)
    kept = {**response, **ECHOED}
    if kept["usage"] is None:
        assert kept["status"] == "in_progress"
        del kept["usage"]
    return kept


def documented(item):
    """Calls of custom tools have a status in real answers, and clients insist on it."""
    if item["type"] != "custom_tool_call":
        return item
    assert item["status"] in ("in_progress", "completed", "incomplete")
    return {key: value for key, value in item.items() if key != "status"}


def check_response(response):
    judge("Response", strict=False).validate(without_echo(response))
    allowed = {name for part in ("ModelResponseProperties", "ResponseProperties")
               for name in judge("Response").schema["components"]["schemas"][part]["properties"]}
    own = judge("Response").schema["components"]["schemas"]["Response"]["allOf"][2]["properties"]
    assert set(response) <= allowed | set(own) | {"store"}
    for item in response["output"]:
        judge("OutputItem").validate(documented(item))
    if response["usage"]:
        judge("ResponseUsage", strict=False).validate(response["usage"])


@pytest.mark.parametrize("folder", **by_name(cases("client", "client_response.json")))
def test_whole_answers(folder):
    response = json.loads((folder / "client_response.json").read_text())
    check_response(response)
    read = openai.types.responses.Response.model_validate(response)
    assert read.output_text == "".join(part["text"] for item in response["output"]
                                       for part in item.get("content", [])
                                       if part["type"] == "output_text")


@pytest.mark.parametrize("folder", **by_name(cases("client", "client_response.sse")))
def test_events(folder):
    read = events(folder)
    assert [event["type"] for event in read[:2]] == SEEN_IN_EVERY_STREAM
    assert [event["sequence_number"] for event in read] == list(range(len(read)))
    assert read[-1]["type"] in ("response.completed", "response.incomplete")
    for event in read:
        if "response" in event:
            check_response(event["response"])
            event = {**event, "response": without_echo(event["response"])}
            judge("ResponseStreamEvent", strict=False).validate(event)
        else:
            if "item" in event:
                event = {**event, "item": documented(event["item"])}
            judge("ResponseStreamEvent").validate(event)


def run_sdk(folder):
    stream = (folder / "client_response.sse").read_bytes()

    def answer(request):
        return httpx.Response(200, content=stream, headers={"content-type": "text/event-stream"})

    client = openai.OpenAI(api_key="k", base_url="http://127.0.0.1/v1",
                           http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    with client.responses.stream(model="m", input="x") as read:
        for _ in read:
            pass
        return read


@pytest.mark.parametrize("folder", **by_name(cases("client", "client_response.sse")))
def test_the_sdk_builds_the_same_answer(folder):
    last = events(folder)[-1]
    read = run_sdk(folder)
    if last["type"] == "response.incomplete":
        return
    built = json.loads(read.get_final_response().to_json())
    assert [item["id"] for item in built["output"]] == [item["id"] for item in last["response"]["output"]]
    for mine, theirs in zip(last["response"]["output"], built["output"], strict=True):
        for key in ("type", "arguments", "input", "name", "call_id"):
            assert mine.get(key) == theirs.get(key)


@pytest.mark.parametrize("folder", **by_name(cases("provider", "upstream_request.json")))
def test_requests(folder):
    request = json.loads((folder / "upstream_request.json").read_text())
    for item in request["input"]:
        if isinstance(item.get("content"), list):  # audio: known to the SDKs, not to the document
            item["content"] = [part for part in item["content"] if part["type"] != "input_audio"]
        if item.get("role") == "assistant" and isinstance(item["content"], list):
            item.update(id="msg_1", status="completed")  # taken without, since no id of ours is theirs
            for part in item["content"]:
                if part["type"] == "output_text":
                    part["logprobs"] = []
    judge("CreateResponse", strict=False).validate(request)
