"""The golden cases of Converse, judged by botocore: requests to a provider by the service model, answers and
streams by botocore's own parsers, and what these make of them by the service model again.

JSON has blobs as base64; botocore's validator wants bytes.
"""

import base64
import json
import os
import pathlib
import subprocess

import botocore.session
import pytest
from botocore.eventstream import EventStream
from botocore.parsers import EventStreamJSONParser, create_parser
from botocore.validate import ParamValidator

TRANSLATE = pathlib.Path(__file__).parent / "translate"
TOOL = os.environ["DOTEB_GOLDEN_FRAMES"]
MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")


def cases(side, file):
    found = []
    for conf in sorted(TRANSLATE.glob("*/case.json")):
        if json.loads(conf.read_text())[side] == "bedrock" and (conf.parent / file).exists():
            found.append(conf.parent)
    assert found
    return {"argvalues": found, "ids": [path.name for path in found]}


def with_bytes(value, shape):
    """Every member must be in the model, every blob valid base64."""
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        assert not set(value) - set(shape.members), (shape.name, set(value) - set(shape.members))
        assert len(value) == 1 or not getattr(shape, "is_tagged_union", False), (shape.name, value)
        return {k: with_bytes(v, shape.members[k]) for k, v in value.items()}
    if shape.type_name == "list":
        return [with_bytes(v, shape.member) for v in value]
    if shape.type_name == "string" and getattr(shape, "enum", None):
        assert value in shape.enum, (shape.name, value)
    return value


def validate(params, shape):
    report = ParamValidator().validate(params, shape)
    assert not report.has_errors(), report.generate_report()


def turns(body):
    roles = [message["role"] for message in body["messages"]]
    assert roles and all(a != b for a, b in zip(roles, roles[1:])), roles
    names = []
    for message in body["messages"]:
        assert message["content"]
        kinds = [next(iter(block)) for block in message["content"] if "cachePoint" not in block]
        results = [kind == "toolResult" for kind in kinds]
        assert results == sorted(results, reverse=True), kinds
        for block in message["content"]:
            assert block.get("text", "x").strip()
            names += [block["document"]["name"]] if "document" in block else []
    assert len(names) == len(set(names))


@pytest.mark.parametrize("folder", **cases("provider", "upstream_request.json"))
def test_request(folder):
    body = json.loads((folder / "upstream_request.json").read_text())
    for operation in ("Converse", "ConverseStream"):
        shape = MODEL.operation_model(operation).input_shape
        validate(with_bytes(body, shape) | {"modelId": "m"}, shape)
    turns(body)


@pytest.mark.parametrize("folder", **cases("client", "client_response.json"))
def test_answer(folder):
    raw = (folder / "client_response.json").read_bytes()
    shape = MODEL.operation_model("Converse").output_shape
    with_bytes(json.loads(raw), shape)
    parsed = create_parser("rest-json").parse(
        {"status_code": 200, "headers": {"content-type": "application/json"}, "body": raw}, shape)
    parsed.pop("ResponseMetadata")
    validate(parsed, shape)


class Raw:
    def __init__(self, data):
        self.data = data

    def stream(self):
        for at in range(0, len(self.data), 50):
            yield self.data[at:at + 50]


@pytest.mark.parametrize("folder", **cases("client", "client_response.frames"))
def test_stream(folder):
    text = (folder / "client_response.frames").read_bytes()
    data = subprocess.run([TOOL, "bytes"], input=text, capture_output=True, check=True).stdout
    shape = MODEL.operation_model("ConverseStream").output_shape.members["stream"]
    events = list(EventStream(Raw(data), shape, EventStreamJSONParser(), "ConverseStream"))
    lines = text.decode().splitlines()
    assert len(events) == len(lines)
    opened, closed = [], set()
    for line, event in zip(lines, events):
        name, payload = line.split(" ", 1)
        assert list(event) == [name]
        with_bytes(json.loads(payload), shape.members[name])
        validate(event[name], shape.members[name])
        index = event[name].get("contentBlockIndex")
        if index is not None:
            opened += [index] if index not in opened else []
            assert index not in closed
            closed |= {index} if name == "contentBlockStop" else set()
    assert opened == list(range(len(opened))) and closed == set(opened)
    assert [next(iter(e)) for e in events[-2:]] == ["messageStop", "metadata"]
    assert list(events[0]) == ["messageStart"]
