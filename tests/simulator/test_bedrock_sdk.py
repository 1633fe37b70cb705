"""AWS's own Python SDK takes the simulator for Bedrock; botocore judges the recorded signatures."""

import json
import zlib

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.eventstream
import botocore.exceptions
import pytest

import simulator

MODEL = "anthropic.claude-test-v1:0"
SPEC = {"toolSpec": {"name": "look_up_weather", "description": "d", "inputSchema": {"json": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
    "required": ["city", "days"]}}}}
TOOLS = {"tools": [SPEC]}
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def client_of(sim, key="AKIDEXAMPLE", **options):
    return boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=sim.root_url,
        aws_access_key_id=key, aws_secret_access_key="secret",
        config=botocore.config.Config(retries={"max_attempts": 0}, **options))


@pytest.fixture(scope="module")
def client(sim):
    return client_of(sim)


def user(text):
    return [{"role": "user", "content": [{"text": text}]}]


def ask(client, messages, model=MODEL, **fields):
    messages = user(messages) if isinstance(messages, str) else messages
    return client.converse(modelId=model, messages=messages, **fields)


def events_of(client, messages, model=MODEL, **fields):
    messages = user(messages) if isinstance(messages, str) else messages
    return list(client.converse_stream(modelId=model, messages=messages, **fields)["stream"])


def added_up(events):
    """A stream's events as the answer of converse."""
    blocks, answer = {}, {}
    for event in events:
        (name, value), = event.items()
        if name == "contentBlockStart":
            blocks[value["contentBlockIndex"]] = {
                "toolUse": value["start"]["toolUse"] | {"input": ""}}
        elif name == "contentBlockDelta":
            add_delta(blocks.setdefault(value["contentBlockIndex"], {}), value["delta"])
        elif name == "messageStop":
            answer["stopReason"] = value["stopReason"]
        elif name == "metadata":
            answer["usage"] = value["usage"]
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    content = [block for _, block in sorted(blocks.items())]
    return answer | {"output": {"message": {"role": "assistant", "content": content}}}


def add_delta(block, delta):
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        block["toolUse"]["input"] += delta["toolUse"]["input"]
    elif "citation" in delta:
        block["citation"] = delta["citation"]
    elif "redactedContent" in delta["reasoningContent"]:
        block["reasoningContent"] = delta["reasoningContent"]
    else:
        text = block.setdefault("reasoningContent", {}).setdefault("reasoningText", {"text": ""})
        text["text"] += delta["reasoningContent"].get("text", "")
        if "signature" in delta["reasoningContent"]:
            text["signature"] = delta["reasoningContent"]["signature"]


def streamed(client, messages, **fields):
    return added_up(events_of(client, messages, **fields))


def content(answer):
    return answer["output"]["message"]["content"]


def test_plain(client, sim):
    answer = ask(client, "How are you?", system=[{"text": "be brief"}])
    text = content(answer)[0]["text"]
    assert text.endswith("How are you?") and answer["stopReason"] == "end_turn"
    assert answer["usage"]["inputTokens"] == 5
    assert answer["usage"]["outputTokens"] == len(text.split())
    assert answer["metrics"]["latencyMs"] > 0
    record = sim.requests()[-1]
    assert record["upstream_request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert record["key_tail"] == "MPLE" and record["model"] == MODEL


def test_stream_adds_up_to_the_plain_answer(client):
    plain, events = ask(client, "one two"), events_of(client, "one two")
    answer = added_up(events)
    assert content(answer) == content(plain) and answer["usage"] == plain["usage"]
    names = [next(iter(e)) for e in events]
    assert names[0] == "messageStart" and names[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    assert len(names) > 8 and set(names[1:-3]) == {"contentBlockDelta"}


def test_frames_on_the_wire(sim):
    """Lengths and checksums as zlib has them."""
    status, head, raw = sim.call("POST", "/model/m/converse-stream", {"messages": user("hi")})
    assert status == 200 and head["content-type"] == "application/vnd.amazon.eventstream"
    kinds = []
    while raw:
        total, headers = int.from_bytes(raw[:4]), int.from_bytes(raw[4:8])
        assert zlib.crc32(raw[:8]) == int.from_bytes(raw[8:12])
        assert zlib.crc32(raw[:total - 4]) == int.from_bytes(raw[total - 4:total])
        json.loads(raw[12 + headers:total - 4])
        kinds.append(raw[12:12 + headers].split(b":event-type\x07")[1][2:].split(b"\r")[0])
        raw = raw[total:]
    assert len(kinds) > 5 and kinds[0].startswith(b"messageStart")


def test_broken_checksum(client):
    with pytest.raises(botocore.eventstream.ChecksumMismatch):
        events_of(client, "[sim bad_crc=3]")


@pytest.mark.parametrize("call", [ask, streamed])
def test_tools_in_two_steps(client, call):
    messages = user("What is the weather? [sim tools=2]")
    first = call(client, messages, toolConfig=TOOLS)
    uses = [b["toolUse"] for b in content(first)]
    assert first["stopReason"] == "tool_use" and len({u["toolUseId"] for u in uses}) == 2
    assert all(u["input"] == {"city": "simulated", "days": 2} for u in uses)
    messages += [first["output"]["message"], {"role": "user", "content": [
        {"toolResult": {"toolUseId": u["toolUseId"], "content": [{"text": f"{i} degrees"}]}}
        for i, u in enumerate(uses)]}]
    second = call(client, messages, toolConfig=TOOLS)
    assert content(second)[0]["text"].endswith("1 degrees")
    with pytest.raises(client.exceptions.ValidationException, match="toolConfig field must be defined"):
        ask(client, messages)
    messages[2]["content"].pop()
    with pytest.raises(client.exceptions.ValidationException, match="Expected toolResult blocks"):
        ask(client, messages, toolConfig=TOOLS)


def test_forced_and_scripted_calls(client):
    for choice in {"any": {}}, {"tool": {"name": "look_up_weather"}}:
        answer = ask(client, "hi", toolConfig=TOOLS | {"toolChoice": choice})
        assert content(answer)[0]["toolUse"]["name"] == "look_up_weather"
    messages = user('[sim call=write args="{\\"a\\":1}" call2=read]')
    said = []
    for step in range(3):
        answer = ask(client, messages, toolConfig=TOOLS)
        said.append(content(answer)[0])
        messages += [answer["output"]["message"], {"role": "user", "content": [
            {"toolResult": {"toolUseId": said[-1].get("toolUse", {}).get("toolUseId", ""),
                            "content": [{"json": {"result": f"result {step}"}}]}}]}]
    assert (said[0]["toolUse"]["name"], said[0]["toolUse"]["input"]) == ("write", {"a": 1})
    assert (said[1]["toolUse"]["name"], said[1]["toolUse"]["input"]) == ("read", {})
    assert said[2]["text"].endswith("result 1")


@pytest.mark.parametrize("call", [ask, streamed])
def test_thinking_is_signed_and_checked(client, call):
    messages = user('[sim thinking="let me see" redacted=1 text=done]')
    answer = call(client, messages, additionalModelRequestFields=THINK)
    thought, redacted, text = content(answer)
    assert thought["reasoningContent"]["reasoningText"]["text"] == "let me see"
    assert redacted["reasoningContent"]["redactedContent"] and text["text"] == "done"
    more = messages + [answer["output"]["message"]] + user("go on")
    assert content(ask(client, more))[0]["text"].endswith("go on")
    thought["reasoningContent"]["reasoningText"]["text"] = "changed"
    with pytest.raises(client.exceptions.ValidationException, match="Invalid `signature`"):
        ask(client, more)
    redacted["reasoningContent"]["redactedContent"] = b"made up"
    more[1]["content"] = [redacted, text]
    with pytest.raises(client.exceptions.ValidationException, match="Invalid `data`"):
        ask(client, more)


@pytest.mark.parametrize("call", [ask, streamed])
def test_citations(client, call):
    block = content(call(client, "[sim cite=1 text=x]"))[0]
    cited = block["citationsContent"]["citations"][0] if call is ask else block["citation"]
    assert cited["sourceContent"][0]["text"] == "A simulated sentence."


@pytest.mark.parametrize("call", [ask, streamed])
def test_usage(client, call):
    answer = call(client, "[sim tokens_in=100 cached=40 cache_write=30 cache_write_1h=10 tokens_out=9]")
    assert answer["usage"] == {
        "inputTokens": 30, "outputTokens": 9, "totalTokens": 109, "cacheReadInputTokens": 40,
        "cacheWriteInputTokens": 30, "cacheDetails": [{"ttl": "5m", "inputTokens": 20},
                                                      {"ttl": "1h", "inputTokens": 10}]}
    assert "usage" not in call(client, "[sim usage=none]")


@pytest.mark.parametrize("word, reason", [
    ("length", "max_tokens"), ("content_filter", "content_filtered"), ("refusal", "guardrail_intervened"),
    ("stop_sequence", "stop_sequence"), ("malformed", "malformed_tool_use"),
    ("context_window", "model_context_window_exceeded")])
def test_stop_reasons(client, word, reason):
    for call in ask, streamed:
        assert call(client, f"[sim finish={word}]")["stopReason"] == reason
    assert ask(client, "hi", inferenceConfig={"maxTokens": 2})["stopReason"] == "max_tokens"


@pytest.mark.parametrize("status, name", [
    (400, "ValidationException"), (403, "AccessDeniedException"), (404, "ResourceNotFoundException"),
    (408, "ModelTimeoutException"), (424, "ModelErrorException"), (429, "ThrottlingException"),
    (500, "InternalServerException"), (503, "ServiceUnavailableException")])
def test_errors(client, status, name):
    for call in ask, streamed:
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            call(client, f"[sim status={status}]")
        assert caught.value.response["Error"]["Code"] == name
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert isinstance(caught.value, getattr(client.exceptions, name))
    with pytest.raises(client.exceptions.ServiceQuotaExceededException):
        ask(client, "[sim status=400 code=insufficient_quota]")
    with pytest.raises(client.exceptions.ModelNotReadyException):
        ask(client, "[sim status=429 code=ModelNotReadyException]")


@pytest.mark.parametrize("words, code", [
    ("code=throttlingException", "throttlingException"),
    ("code=ModelStreamErrorException", "modelStreamErrorException"),
    ("text=x", "internalServerException")])
def test_exceptions_in_a_stream(client, words, code):
    seen = []
    with pytest.raises(botocore.exceptions.EventStreamError) as caught:
        for event in client.converse_stream(
                modelId=MODEL, messages=user(f"[sim error_chunk=2 {words}]"))["stream"]:
            seen.append(event)
    assert caught.value.response["Error"]["Code"] == code and len(seen) == 2


@pytest.mark.parametrize("body, said", [
    ({"messages": []}, "must start with a user message"),
    ({"messages": [{"role": "assistant", "content": [{"text": "x"}]}]}, "must start with a user"),
    ({"messages": user("x") + user("y")}, "must alternate"),
    ({"messages": [{"role": "king", "content": [{"text": "x"}]}]}, "enum value set"),
    ({"messages": user("")}, "is blank"),
    ({"messages": [{"role": "user", "content": []}]}, "is empty"),
    ({"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "t"}}]}]}, "exceeds"),
    ({"messages": user("x"), "inferenceConfig": {"maxTokens": 0}}, "maxTokens"),
    (b"[]", "Malformed")])
def test_refusals(sim, body, said):
    status, head, answer = sim.call("POST", "/model/m/converse", body)
    assert status == 400 and head["x-amzn-errortype"].startswith("ValidationException")
    assert said in json.loads(answer)["message"]


def test_keys_and_missing_models(client, locked_sim):
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        ask(client, "hi", "sim-missing.x")
    with pytest.raises(botocore.exceptions.ClientError, match="UnrecognizedClientException"):
        ask(client_of(locked_sim, "AKIDWRONG"), "hi")
    ask(client_of(locked_sim, "sk-right-key"), "hi")
    post = lambda key: locked_sim.call("POST", "/model/m/converse", {"messages": user("x")},
                                       {"Authorization": f"Bearer {key}"})  # botocore wants TLS for it
    assert post("sk-right-key")[0] == 200
    status, head, _ = post("wrong")
    assert status == 403 and head["x-amzn-errortype"].startswith("AccessDeniedException")
    status, head, _ = locked_sim.call("POST", "/model/m/converse", {"messages": user("x")})
    assert status == 403 and head["x-amzn-errortype"].startswith("MissingAuthenticationToken")


def signature_of(last, secret):
    """What botocore signs for the request that was recorded, raw path and all."""
    sent = {name.lower(): value for name, value in last["headers"]}
    signed = sent["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    scope = sent["authorization"].split("Credential=")[1].split(",")[0].split("/")
    request = botocore.awsrequest.AWSRequest(
        method=last["method"], url=f"http://{sent['host']}{last['target']}", data=last["body"].encode(),
        headers={name: sent[name] for name in signed})
    request.context["timestamp"] = sent["x-amz-date"]
    signer = botocore.auth.SigV4Auth(
        botocore.credentials.Credentials(scope[0], secret), scope[3], scope[2])
    signer.headers_to_sign = lambda r: request.headers
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return sent["authorization"].split("Signature=")[1], signer.signature(text, request)


def test_the_record_verifies_signatures(client, sim):
    """Ids reach the simulator as the client wrote them; here with %3A, and raw by hand."""
    ask(client, "grüße [sim text=x]")
    last = sim.get("/_sim/last")
    assert last["target"] == "/model/anthropic.claude-test-v1%3A0/converse"
    sent, right = signature_of(last, "secret")
    assert sent == right
    assert signature_of(last, "other")[1] != sent
    assert signature_of(last | {"body": last["body"] + " "}, "secret")[1] != sent
    status, _, _ = sim.call("POST", f"/model/{MODEL}/converse", {"messages": user("x")})
    assert status == 200 and simulator.last_path(sim) == f"/model/{MODEL}/converse"
    assert sim.requests()[-1]["model"] == MODEL
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.x"
    ask(client, "hi", arn)
    assert sim.requests()[-1]["model"] == arn


def test_embeddings(client):
    def invoke(model, body):
        answer = client.invoke_model(modelId=model, body=json.dumps(body))
        return json.loads(answer["body"].read()), answer["ResponseMetadata"]["HTTPHeaders"]
    titan, head = invoke("amazon.titan-embed-text-v2:0", {"inputText": "12345678", "dimensions": 16})
    assert len(titan["embedding"]) == 16 and titan["inputTextTokenCount"] == 2
    assert head["x-amzn-bedrock-input-token-count"] == "2"
    body = {"texts": ["12345678", "b"], "input_type": "search_query", "output_dimension": 16}
    cohere, _ = invoke("cohere.embed-v4:0", body)
    assert cohere["embeddings"][0] == titan["embedding"] and len(cohere["embeddings"]) == 2
    cohere, _ = invoke("cohere.embed-v4:0", body | {"embedding_types": ["float"]})
    assert cohere["embeddings"]["float"][0] == titan["embedding"]
    with pytest.raises(client.exceptions.ValidationException, match="inputText"):
        invoke("amazon.titan-embed-text-v2:0", {})


def test_foundation_models_are_listed_to_who_has_a_key(sim):
    def listed(key):
        return boto3.client("bedrock", region_name="us-east-1", endpoint_url=sim.root_url, aws_access_key_id=key,
                            aws_secret_access_key="secret",
                            config=botocore.config.Config(retries={"max_attempts": 0})).list_foundation_models()
    assert [m["modelId"] for m in listed("AKIDEXAMPLE")["modelSummaries"]][0] == "sim-echo"
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        listed("AKID-status=403")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
