"""The golden answers of the chat and completions APIs, judged by OpenAI's own document and read by
OpenAI's SDK; and every request that goes to a chat provider. Members beside the document's (reasoning,
pictures, cost) are left in: clients must bear them.
"""

import json
import pathlib
import sys

import httpx
import openai
import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "simulator"))
from openai_document import judge  # noqa: E402

TRANSLATE = pathlib.Path(__file__).parent / "translate"
WHOLE = {"openai": "CreateChatCompletionResponse", "openai-completions": "CreateCompletionResponse"}
CHUNK = {"openai": "CreateChatCompletionStreamResponse", "openai-completions": "CreateCompletionResponse"}
TYPE = {"openai": ChatCompletion, "openai-completions": Completion}


def cases(side, file):
    found = []
    for conf in sorted(TRANSLATE.glob("*/case.json")):
        dialect = json.loads(conf.read_text())[side]
        if dialect in WHOLE and (conf.parent / file).exists():
            found.append((conf.parent, dialect))
    assert found
    return {"argvalues": found, "ids": [path.name for path, _ in found]}


def chunks(folder):
    lines = (folder / "client_response.sse").read_text().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


@pytest.mark.parametrize("folder,dialect", **cases("client", "client_response.json"))
def test_whole_answers(folder, dialect):
    answer = json.loads((folder / "client_response.json").read_text())
    judge(WHOLE[dialect], strict=False).validate(answer)
    TYPE[dialect].model_validate(answer)


@pytest.mark.parametrize("folder,dialect", **cases("client", "client_response.sse"))
def test_chunks(folder, dialect):
    for chunk in chunks(folder):
        if dialect == "openai-completions" and not chunk["choices"]:
            continue  # the usage chunk: only the text of the document knows it
        if dialect == "openai-completions":  # null until the end; the document knows the end only
            for choice in chunk["choices"]:
                choice["finish_reason"] = choice["finish_reason"] or "stop"
        judge(CHUNK[dialect], strict=False).validate(chunk)


@pytest.mark.parametrize("folder,dialect", **cases("client", "client_response.sse"))
def test_the_sdk_builds_the_answer(folder, dialect):
    if dialect != "openai":
        return
    stream = (folder / "client_response.sse").read_bytes()

    def answer(request):
        return httpx.Response(200, content=stream, headers={"content-type": "text/event-stream"})

    client = openai.OpenAI(api_key="k", base_url="http://127.0.0.1/v1",
                           http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    with client.chat.completions.stream(model="m", messages=[]) as read:
        for _ in read:
            pass
        built = read.current_completion_snapshot  # the final one is refused for a finish of `length`
    for choice in built.choices:
        deltas = [c["delta"] for chunk in chunks(folder) for c in chunk["choices"] if c["index"] == choice.index]
        assert (choice.message.content or "") == "".join(d.get("content") or "" for d in deltas)
        calls = [call for d in deltas for call in d.get("tool_calls", [])]
        for i, call in enumerate(choice.message.tool_calls or []):
            pieces = [c["function"] for c in calls if c["index"] == i]
            assert call.function.arguments == "".join(p.get("arguments", "") for p in pieces)
            json.loads(call.function.arguments)


@pytest.mark.parametrize("folder,dialect", **cases("provider", "upstream_request.json"))
def test_requests(folder, dialect):
    judge("CreateChatCompletionRequest", strict=False).validate(
        json.loads((folder / "upstream_request.json").read_text()))
