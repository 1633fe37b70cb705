"""Each client protocol behind one face, through its official SDK: what the matrix of dialects asks.

A conversation is what that SDK's users write; a tool loop sends back exactly what the SDK gave, as
agents do. `Answer` is what a caller learns, whatever the protocol.
"""
import base64
import dataclasses
import json

import anthropic
import boto3
import botocore.config
import botocore.exceptions
import openai
from google import genai
from google.genai import types as gtypes

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
PINNED = {"x-no-fallback": "true"}   # the provider under test, no other
WEATHER = {"type": "object", "properties": {"location": {"type": "string"}},
           "required": ["location"], "additionalProperties": False}
POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "label": {"type": "string"}},
         "required": ["x", "label"], "additionalProperties": False}


@dataclasses.dataclass
class Answer:
    text: str = ""
    thinking: str = ""
    calls: list = dataclasses.field(default_factory=list)   # [(name, arguments)]
    finish: str = ""       # stop, length, tools, filter
    usage: tuple = ()      # (input with cached, output)
    cached: int = 0
    turn: object = None    # what goes back into the conversation


@dataclasses.dataclass
class Ask:
    """One request in neutral words."""
    text: str
    system: str = ""
    history: list = dataclasses.field(default_factory=list)  # of the client's own items
    results: list = dataclasses.field(default_factory=list)  # of the last turn's calls
    tools: bool = False
    force: str = ""        # "", any, none, or a tool's name
    image: bool = False
    image_url: str = ""
    schema: bool = False
    json_mode: bool = False
    think: bool = False
    stop: list = dataclasses.field(default_factory=list)
    max_tokens: int = 1000


class Chat:
    name = "openai"
    error = openai.APIStatusError
    finishes = {"stop": "stop", "length": "length", "tool_calls": "tools",
                "content_filter": "filter"}

    def __init__(self, gateway, key):
        self.client = openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=0,
                                    default_headers=PINNED)

    def request(self, model, ask):
        content = ask.text
        if ask.image:
            url = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
            content = [{"type": "text", "text": ask.text},
                       {"type": "image_url", "image_url": {"url": url}}]
        if ask.image_url:
            content = [{"type": "text", "text": ask.text},
                       {"type": "image_url", "image_url": {"url": ask.image_url}}]
        messages = [{"role": "system", "content": ask.system}] if ask.system else []
        messages += [{"role": "user", "content": content}, *ask.history]
        messages += [{"role": "tool", "tool_call_id": i, "content": t} for i, _, t in ask.results]
        body = {"model": model, "messages": messages, "max_completion_tokens": ask.max_tokens}
        if ask.tools:
            body["tools"] = [{"type": "function", "function": {
                "name": "get_weather", "description": "Weather", "parameters": WEATHER}}]
        if ask.force:
            body["tool_choice"] = {"any": "required", "none": "none"}.get(
                ask.force, {"type": "function", "function": {"name": ask.force}})
        if ask.schema:
            body["response_format"] = {"type": "json_schema", "json_schema": {
                "name": "point", "strict": True, "schema": POINT}}
        if ask.json_mode:
            body["response_format"] = {"type": "json_object"}
        if ask.think:
            body["reasoning_effort"] = "low"
        if ask.stop:
            body["stop"] = ask.stop
        return body

    def usage(self, u):
        cached = u.prompt_tokens_details.cached_tokens if u.prompt_tokens_details else 0
        return (u.prompt_tokens, u.completion_tokens), cached or 0

    def plain(self, model, ask):
        r = self.client.chat.completions.create(**self.request(model, ask))
        m = r.choices[0].message
        usage, cached = self.usage(r.usage)
        calls = [(c.id, c.function.name, json.loads(c.function.arguments)) for c in m.tool_calls or []]
        return Answer(m.content or "", (m.model_extra or {}).get("reasoning_content") or "", calls,
                      self.finishes[r.choices[0].finish_reason], usage, cached,
                      [m.model_dump(exclude_none=True)])

    def stream(self, model, ask):
        a, calls, message = Answer(), {}, {"role": "assistant", "content": ""}
        for chunk in self.client.chat.completions.create(
                **self.request(model, ask), stream=True, stream_options={"include_usage": True}):
            if chunk.usage:
                a.usage, a.cached = self.usage(chunk.usage)
            for choice in chunk.choices:
                d = choice.delta
                extra = d.model_extra or {}
                a.text += d.content or ""
                a.thinking += extra.get("reasoning_content") or ""
                if extra.get("reasoning_details"):
                    message.setdefault("reasoning_details", []).extend(extra["reasoning_details"])
                for c in d.tool_calls or []:
                    call = calls.setdefault(c.index, {"id": "", "name": "", "arguments": ""})
                    call["id"] += c.id or ""
                    call["name"] += (c.function and c.function.name) or ""
                    call["arguments"] += (c.function and c.function.arguments) or ""
                if choice.finish_reason:
                    assert not a.finish, "a second finish"
                    a.finish = self.finishes[choice.finish_reason]
        a.calls = [(c["id"], c["name"], json.loads(c["arguments"])) for c in calls.values()]
        message["content"] = a.text or None
        if calls:
            message["tool_calls"] = [{"id": c["id"], "type": "function", "function": {
                "name": c["name"], "arguments": c["arguments"]}} for c in calls.values()]
        a.turn = [message]
        return a

    def followed(self, ask, answer, result):
        """The request that carries the calls' results."""
        return dataclasses.replace(ask, history=ask.history + answer.turn, force="", results=[
            (i, name, result) for i, name, _ in answer.calls])


class Responses(Chat):
    name = "openai-responses"

    def request(self, model, ask):
        content = [{"type": "input_text", "text": ask.text}]
        if ask.image:
            url = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
            content.append({"type": "input_image", "image_url": url, "detail": "auto"})
        if ask.image_url:
            content.append({"type": "input_image", "image_url": ask.image_url, "detail": "auto"})
        items = [{"role": "user", "content": content}, *ask.history]
        items += [{"type": "function_call_output", "call_id": i, "output": t}
                  for i, _, t in ask.results]
        body = {"model": model, "input": items, "store": False, "max_output_tokens": ask.max_tokens,
                "include": ["reasoning.encrypted_content"]}
        if ask.system:
            body["instructions"] = ask.system
        if ask.tools:
            body["tools"] = [{"type": "function", "name": "get_weather", "description": "Weather",
                              "parameters": WEATHER, "strict": True}]
        if ask.force:
            body["tool_choice"] = {"any": "required", "none": "none"}.get(
                ask.force, {"type": "function", "name": ask.force})
        if ask.schema:
            body["text"] = {"format": {"type": "json_schema", "name": "point", "schema": POINT,
                                       "strict": True}}
        if ask.json_mode:
            body["text"] = {"format": {"type": "json_object"}}
        if ask.think:
            body["reasoning"] = {"effort": "low", "summary": "auto"}
        return body

    def answer(self, r):
        a = Answer(r.output_text, turn=[])
        for item in r.output:
            if item.type == "function_call":
                a.calls.append((item.call_id, item.name, json.loads(item.arguments)))
            if item.type == "reasoning":
                a.thinking += "".join(s.text for s in item.summary)
            a.turn.append(item.model_dump(exclude_none=True, exclude={"parsed", "parsed_arguments"}))
        a.finish = "tools" if a.calls else "stop"
        if r.status == "incomplete":
            a.finish = {"max_output_tokens": "length", "content_filter": "filter"}[
                r.incomplete_details.reason]
        a.usage = (r.usage.input_tokens, r.usage.output_tokens)
        a.cached = r.usage.input_tokens_details.cached_tokens
        return a

    def plain(self, model, ask):
        return self.answer(self.client.responses.create(**self.request(model, ask)))

    def stream(self, model, ask):
        said = ""
        with self.client.responses.stream(**self.request(model, ask)) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    said += event.delta
                if event.type in ("response.completed", "response.incomplete"):
                    last = event.response
        a = self.answer(last)
        assert said == a.text
        return a


class Messages:
    name = "anthropic"
    error = anthropic.APIStatusError
    finishes = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length",
                "tool_use": "tools", "refusal": "filter"}

    def __init__(self, gateway, key):
        self.client = anthropic.Anthropic(base_url=gateway.root, api_key=key, max_retries=0,
                                          default_headers=PINNED)

    def request(self, model, ask):
        content = [{"type": "text", "text": ask.text}]
        if ask.image:
            content.insert(0, {"type": "image", "source": {
                "type": "base64", "media_type": "image/png",
                "data": base64.b64encode(PIXEL).decode()}})
        if ask.image_url:
            content.append({"type": "image", "source": {"type": "url", "url": ask.image_url}})
        messages = [{"role": "user", "content": content}, *ask.history]
        if ask.results:
            messages.append({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": i, "content": t} for i, _, t in ask.results]})
        body = {"model": model, "messages": messages, "max_tokens": ask.max_tokens}
        if ask.system:
            body["system"] = [{"type": "text", "text": ask.system,
                               "cache_control": {"type": "ephemeral"}}]
        if ask.tools:
            body["tools"] = [{"name": "get_weather", "description": "Weather",
                              "input_schema": WEATHER}]
        if ask.force:
            body["tool_choice"] = {"any": {"type": "any"}, "none": {"type": "none"}}.get(
                ask.force, {"type": "tool", "name": ask.force})
        if ask.schema:
            body["output_config"] = {"format": {"type": "json_schema", "schema": POINT}}
        if ask.think:
            body |= {"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 4096}
        if ask.stop:
            body["stop_sequences"] = ask.stop
        return body

    def answer(self, m):
        a = Answer(turn=[{"role": "assistant",
                          "content": [b.model_dump(exclude_none=True) for b in m.content]}])
        for b in m.content:
            if b.type == "text":
                a.text += b.text
            if b.type == "thinking":
                a.thinking += b.thinking
            if b.type == "tool_use":
                a.calls.append((b.id, b.name, b.input))
        a.finish = self.finishes[m.stop_reason]
        u = m.usage
        a.cached = u.cache_read_input_tokens or 0
        a.usage = (u.input_tokens + a.cached + (u.cache_creation_input_tokens or 0), u.output_tokens)
        return a

    def plain(self, model, ask):
        return self.answer(self.client.messages.create(**self.request(model, ask)))

    def stream(self, model, ask):
        with self.client.messages.stream(**self.request(model, ask)) as stream:
            for _ in stream:
                pass
            return self.answer(stream.get_final_message())

    followed = Chat.followed


class Gemini:
    name = "google"
    error = genai.errors.APIError
    finishes = {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "filter",
                "PROHIBITED_CONTENT": "filter"}

    def __init__(self, gateway, key):
        self.client = genai.Client(api_key=key,
                                   http_options=gtypes.HttpOptions(base_url=gateway.root,
                                                                  headers=PINNED))

    def request(self, model, ask):
        parts = [gtypes.Part(text=ask.text)]
        if ask.image:
            parts.append(gtypes.Part.from_bytes(data=PIXEL, mime_type="image/png"))
        if ask.image_url:
            parts.append(gtypes.Part.from_uri(file_uri=ask.image_url, mime_type="image/png"))
        contents = [gtypes.Content(role="user", parts=parts), *ask.history]
        if ask.results:
            contents.append(gtypes.Content(role="user", parts=[
                gtypes.Part(function_response=gtypes.FunctionResponse(
                    id=i, name=name, response={"output": t})) for i, name, t in ask.results]))
        config = {"max_output_tokens": ask.max_tokens}
        if ask.system:
            config["system_instruction"] = ask.system
        if ask.tools:
            config["tools"] = [gtypes.Tool(function_declarations=[gtypes.FunctionDeclaration(
                name="get_weather", description="Weather", parameters_json_schema=WEATHER)])]
        if ask.force:
            calling = {"any": {"mode": "ANY"}, "none": {"mode": "NONE"}}.get(
                ask.force, {"mode": "ANY", "allowed_function_names": [ask.force]})
            config["tool_config"] = {"function_calling_config": calling}
        if ask.schema:
            config |= {"response_mime_type": "application/json", "response_json_schema": POINT}
        if ask.json_mode:
            config["response_mime_type"] = "application/json"
        if ask.think:
            config["thinking_config"] = {"include_thoughts": True, "thinking_budget": 2048}
        if ask.stop:
            config["stop_sequences"] = ask.stop
        return {"model": model, "contents": contents,
                "config": gtypes.GenerateContentConfig(
                    **config, automatic_function_calling={"disable": True})}

    def note(self, a, r):
        for part in (r.candidates[0].content.parts or []) if r.candidates and \
                r.candidates[0].content else []:
            a.turn[0].parts.append(part)
            if part.thought:
                a.thinking += part.text or ""
            elif part.text:
                a.text += part.text
            if part.function_call:
                c = part.function_call
                a.calls.append((c.id, c.name, c.args))
        if r.candidates and r.candidates[0].finish_reason:
            a.finish = self.finishes[r.candidates[0].finish_reason.name]
        u = r.usage_metadata
        if u:
            a.cached = u.cached_content_token_count or 0
            a.usage = ((u.prompt_token_count or 0),
                       (u.candidates_token_count or 0) + (u.thoughts_token_count or 0))

    def plain(self, model, ask):
        a = Answer(turn=[gtypes.Content(role="model", parts=[])])
        self.note(a, self.client.models.generate_content(**self.request(model, ask)))
        return self.done(a)

    def stream(self, model, ask):
        a = Answer(turn=[gtypes.Content(role="model", parts=[])])
        for r in self.client.models.generate_content_stream(**self.request(model, ask)):
            self.note(a, r)
        return self.done(a)

    def done(self, a):
        if a.calls and a.finish == "stop":
            a.finish = "tools"   # Google has no word of its own for it
        return a

    followed = Chat.followed


class Converse:
    name = "bedrock"
    error = botocore.exceptions.ClientError
    finishes = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length",
                "tool_use": "tools", "content_filtered": "filter", "guardrail_intervened": "filter"}

    def __init__(self, gateway, key):
        self.client = boto3.client(
            "bedrock-runtime", region_name="us-east-1", endpoint_url=gateway.root,
            aws_access_key_id="x", aws_secret_access_key="x",
            config=botocore.config.Config(retries={"total_max_attempts": 1},
                                          signature_version=botocore.UNSIGNED))
        self.client.meta.events.register(
            "before-send.bedrock-runtime",
            lambda request, **_: request.headers.update(
                PINNED | {"Authorization": f"Bearer {key}"}))

    def request(self, model, ask):
        content = [{"text": ask.text}]
        if ask.image:
            content.append({"image": {"format": "png", "source": {"bytes": PIXEL}}})
        messages = [{"role": "user", "content": content}, *ask.history]
        if ask.results:
            messages.append({"role": "user", "content": [
                {"toolResult": {"toolUseId": i, "content": [{"text": t}]}}
                for i, _, t in ask.results]})
        body = {"modelId": model, "messages": messages,
                "inferenceConfig": {"maxTokens": ask.max_tokens}}
        if ask.system:
            body["system"] = [{"text": ask.system}]
        if ask.tools:
            body["toolConfig"] = {"tools": [{"toolSpec": {
                "name": "get_weather", "description": "Weather",
                "inputSchema": {"json": WEATHER}}}]}
        if ask.force and ask.force != "none":
            body["toolConfig"]["toolChoice"] = {"any": {"any": {}}}.get(
                ask.force, {"tool": {"name": ask.force}})
        if ask.think:
            body["additionalModelRequestFields"] = {
                "thinking": {"type": "enabled", "budget_tokens": 2048}}
            body["inferenceConfig"]["maxTokens"] = 4096
        if ask.stop:
            body["inferenceConfig"]["stopSequences"] = ask.stop
        return body

    def answer(self, content, stop, usage):
        a = Answer(turn=[{"role": "assistant", "content": content}], finish=self.finishes[stop])
        for b in content:
            a.text += b.get("text", "")
            if "reasoningContent" in b:
                a.thinking += b["reasoningContent"].get("reasoningText", {}).get("text", "")
            if "toolUse" in b:
                t = b["toolUse"]
                a.calls.append((t["toolUseId"], t["name"], t["input"]))
        a.cached = usage.get("cacheReadInputTokens", 0)
        a.usage = (usage["inputTokens"] + a.cached + usage.get("cacheWriteInputTokens", 0),
                   usage["outputTokens"])
        return a

    def plain(self, model, ask):
        r = self.client.converse(**self.request(model, ask))
        return self.answer(r["output"]["message"]["content"], r["stopReason"], r["usage"])

    def stream(self, model, ask):
        blocks, stop, usage = {}, None, None
        for event in self.client.converse_stream(**self.request(model, ask))["stream"]:
            (kind, e), = event.items()
            if kind == "contentBlockStart":
                start = e["start"]["toolUse"]
                blocks[e["contentBlockIndex"]] = {"toolUse": {
                    "toolUseId": start["toolUseId"], "name": start["name"], "input": ""}}
            if kind == "contentBlockDelta":
                self.grow(blocks, e)
            if kind == "messageStop":
                assert stop is None
                stop = e["stopReason"]
            if kind == "metadata":
                usage = e["usage"]
        for b in blocks.values():
            if "toolUse" in b:
                b["toolUse"]["input"] = json.loads(b["toolUse"]["input"] or "{}")
        return self.answer([blocks[i] for i in sorted(blocks)], stop, usage)

    @staticmethod
    def grow(blocks, e):
        i, d = e["contentBlockIndex"], e["delta"]
        if "text" in d:
            blocks.setdefault(i, {"text": ""})["text"] += d["text"]
        if "toolUse" in d:
            blocks[i]["toolUse"]["input"] += d["toolUse"]["input"]
        if "reasoningContent" in d:
            r = d["reasoningContent"]
            if "redactedContent" in r:
                blocks[i] = {"reasoningContent": {"redactedContent": r["redactedContent"]}}
                return
            text = blocks.setdefault(i, {"reasoningContent": {"reasoningText": {"text": ""}}})
            text = text["reasoningContent"]["reasoningText"]
            text["text"] += r.get("text", "")
            if "signature" in r:
                text["signature"] = text.get("signature", "") + r["signature"]

    followed = Chat.followed


CLIENTS = {c.name: c for c in (Chat, Responses, Messages, Gemini, Converse)}
