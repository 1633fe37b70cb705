"""Order of a stream's events, by the strictest client of each protocol.

    text, calls = check(client, raw)          a stream that ended well; what it said
    message = check_broken(client, raw)       one that failed after its begin; the error's message

`client` is the protocol's name, `raw` the bytes of the body. Both raise AssertionError with what is
wrong: opened once and closed once, indices there and without gaps, usage last, the right terminator,
nothing behind it.
"""
import json

OPEN, CLOSED = "open", "closed"


def parse_sse(raw):
    """[(event or None, data)] of a stream as the gateway writes it: no comment, no half event."""
    text = raw.decode("utf-8")   # a stream that is no UTF-8 is no stream
    assert text.endswith("\n\n"), f"it ends within an event: {text[-200:]!r}"
    events = []
    for block in text[:-2].split("\n\n"):
        name, data = None, []
        for line in block.split("\n"):
            field, colon, value = line.partition(": ")
            assert colon and field in ("event", "data"), f"a line of no kind: {line!r}"
            if field == "event":
                assert name is None and not data, "the name stands first, once"
                name = value
            else:
                data.append(value)
        assert data, f"an event without data: {block!r}"
        events.append((name, "\n".join(data)))
    return events


def named(raw):
    """Events whose name is their data's type."""
    events = []
    for name, data in parse_sse(raw):
        event = json.loads(data)
        assert name and name == event.get("type"), f"named {name!r}: {data[:200]}"
        events.append(event)
    return events


def arguments(text):
    """A call's arguments must be complete: an object."""
    value = json.loads(text)
    assert isinstance(value, dict), f"arguments are no object: {text!r}"
    return value


class Chat:
    want_usage = True

    def __init__(self):
        self.text, self.calls, self.roles, self.finished, self.usage = "", {}, set(), {}, None
        self.same = None

    def read(self, raw):
        events = parse_sse(raw)
        assert all(name is None for name, _ in events), "chat's events have no names"
        self.over = events[-1][1] == "[DONE]"
        if self.over:
            events.pop()
        assert all(data != "[DONE]" for _, data in events), "something stands behind [DONE]"
        return [json.loads(data) for _, data in events]

    def chunk(self, c):
        assert self.usage is None, "usage is not last"
        assert c["object"] == "chat.completion.chunk" and isinstance(c["choices"], list), c
        same = (c["id"], c["created"], c["model"])
        self.same = self.same or same
        assert same == self.same, f"id, created or model change: {same} {self.same}"
        if not c["choices"] and c.get("usage"):
            self.usage = c["usage"]
            assert self.usage["total_tokens"] == (
                self.usage["prompt_tokens"] + self.usage["completion_tokens"])
        for choice in c["choices"]:
            self.choice(choice)

    def choice(self, choice):
        index, delta = choice["index"], choice["delta"]
        assert "finish_reason" in choice
        if index not in self.roles:
            assert delta.get("role") == "assistant", f"the first delta has no role: {choice}"
            self.roles.add(index)
        else:
            assert "role" not in delta, "a second role"
        said = {k: v for k, v in delta.items() if k != "role" and v not in (None, "", [])}
        assert index not in self.finished or not said, f"a delta behind the finish: {choice}"
        self.text += delta.get("content") or ""
        for call in delta.get("tool_calls") or []:
            self.call(call)
        if choice["finish_reason"]:
            assert index not in self.finished, "a second finish"
            self.finished[index] = choice["finish_reason"]

    def call(self, call):
        index, function = call["index"], call["function"]
        if index not in self.calls:
            assert index == len(self.calls), f"calls are numbered with a gap: {call}"
            assert call["type"] == "function" and call["id"] and function["name"], call
            self.calls[index] = [call["id"], function["name"], ""]
        else:
            assert not call.get("id") and not function.get("name"), f"opened twice: {call}"
        self.calls[index][2] += function.get("arguments") or ""

    def check(self, raw):
        for c in self.read(raw):
            assert "error" not in c, c
            self.chunk(c)
        assert self.over, "no [DONE]"
        assert self.usage or not self.want_usage, "no usage"
        assert self.finished and self.roles == set(self.finished), "a choice without finish"
        return self.text, list(self.calls.values())

    def check_broken(self, raw):
        *chunks, last = self.read(raw)
        for c in chunks:
            self.chunk(c)
        assert not self.over and not self.finished, "a broken stream was ended as if it were whole"
        assert isinstance(last["error"]["message"], str) and "code" in last["error"], last
        return last["error"]["message"]


class Messages:
    want_usage = True

    DELTAS = {"text": ("text_delta", "citations_delta"), "tool_use": ("input_json_delta",),
              "thinking": ("thinking_delta", "signature_delta"), "server_tool_use": ("input_json_delta",)}

    def __init__(self):
        self.blocks, self.place = [], "before"
        self.text, self.calls = "", []

    def event(self, e):
        kind = e["type"]
        if kind == "ping":
            return
        assert self.place != "over", f"behind message_stop: {e}"
        if kind == "message_start":
            m = e["message"]
            assert self.place == "before", "a second message_start"
            assert m["content"] == [] and m["stop_reason"] is None and m["role"] == "assistant", m
            assert m["id"] and m["model"]
            assert not self.want_usage or {"input_tokens", "output_tokens"} <= set(m["usage"])
            self.place = "within"
        elif kind == "message_delta":
            assert self.place == "within", f"{self.place}: {e}"
            assert all(b["state"] == CLOSED for b in self.blocks), "a block is still open"
            assert e["delta"]["stop_reason"]
            assert not self.want_usage or e.get("usage", {}).get("output_tokens", -1) >= 0, "no usage"
            self.place = "told"
        elif kind == "message_stop":
            assert self.place == "told", "message_stop without message_delta"
            self.place = "over"
        else:
            self.block(kind, e)

    def block(self, kind, e):
        index = e["index"]
        assert self.place == "within", f"{self.place}: {e}"
        if kind == "content_block_start":
            assert index == len(self.blocks), f"a gap or a block twice: {e}"
            block = e["content_block"]
            assert block["type"] != "tool_use" or (block["id"] and block["name"] and
                                                   block["input"] == {}), block
            self.blocks.append({"state": OPEN, "json": "", **block})
            return
        assert index < len(self.blocks), f"never opened: {e}"
        block = self.blocks[index]
        assert block["state"] == OPEN, f"after its end: {e}"
        if kind == "content_block_stop":
            block["state"] = CLOSED
            if block["type"] == "tool_use":
                arguments(block["json"] or "{}")
                self.calls.append([block["id"], block["name"], block["json"]])
            return
        assert kind == "content_block_delta", f"an event of no kind: {e}"
        assert e["delta"]["type"] in self.DELTAS[block["type"]], f"{block['type']}: {e}"
        self.text += e["delta"].get("text", "")
        block["json"] += e["delta"].get("partial_json", "")

    def check(self, raw):
        for e in named(raw):
            self.event(e)
        assert self.place == "over", "no message_stop"
        return self.text, self.calls

    def check_broken(self, raw):
        *events, last = named(raw)
        for e in events:
            self.event(e)
        assert self.place == "within", "a broken stream was ended as if it were whole"
        assert last["type"] == "error" and last["error"]["type"] and last["error"]["message"], last
        return last["error"]["message"]


class Responses:
    want_usage = True

    ENDS = {"response.completed": "completed", "response.incomplete": "incomplete"}

    def __init__(self):
        self.items, self.parts, self.place, self.number = {}, {}, "before", 0
        self.text, self.calls, self.response = "", [], None

    def event(self, e):
        kind = e["type"]
        assert e["sequence_number"] == self.number, f"number {self.number} is missing: {e}"
        self.number += 1
        assert self.place != "over", f"behind the end: {e}"
        if kind == "response.created":
            assert self.place == "before" and e["response"]["status"] == "in_progress"
            self.place, self.response = "created", e["response"]
        elif kind == "response.in_progress":
            assert self.place == "created"
            self.place = "within"
        elif kind in self.ENDS:
            self.end(e)
        else:
            assert self.place == "within", f"{self.place}: {e}"
            self.inner(kind, e)

    def end(self, e):
        response = e["response"]
        assert self.place == "within" and response["status"] == self.ENDS[e["type"]]
        assert response["id"] == self.response["id"]
        assert all(i["state"] == CLOSED for i in self.items.values()), "an item is still open"
        assert [i["id"] for i in response["output"]] == [
            self.items[n]["id"] for n in sorted(self.items)], "output is not what was streamed"
        usage = response.get("usage")
        assert not usage or usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        self.usage = usage
        self.place = "over"

    def inner(self, kind, e):
        index = e["output_index"]
        if kind == "response.output_item.added":
            assert index == len(self.items), f"items are numbered with a gap: {e}"
            self.items[index] = {"state": OPEN, "id": e["item"]["id"], "type": e["item"]["type"]}
            return
        assert index in self.items, f"an item never opened: {e}"
        item = self.items[index]
        assert item["state"] == OPEN, f"after its end: {e}"
        if kind == "response.output_item.done":
            assert not any(p["state"] == OPEN for k, p in self.parts.items() if k[0] == index)
            assert e["item"]["id"] == item["id"] and e["item"]["type"] == item["type"]
            item["state"] = CLOSED
            if item["type"] == "function_call":
                arguments(e["item"]["arguments"])
                assert e["item"]["arguments"] == item["arguments"]
                self.calls.append([e["item"]["call_id"], e["item"]["name"], item["arguments"]])
            return
        assert e["item_id"] == item["id"], e
        if kind == "response.function_call_arguments.delta":
            assert item["type"] == "function_call"
            item["joined"] = item.get("joined", "") + e["delta"]
        elif kind == "response.function_call_arguments.done":
            assert e["arguments"] == item.get("joined", ""), "deltas do not add up"
            item["arguments"] = e["arguments"]
        else:
            self.part(kind, e, index)

    def part(self, kind, e, index):
        summary = "summary_index" in e
        key = (index, summary, e["summary_index" if summary else "content_index"])
        if kind in ("response.content_part.added", "response.reasoning_summary_part.added"):
            assert key not in self.parts, f"opened twice: {e}"
            assert key[2] == sum(k[:2] == key[:2] for k in self.parts), f"a gap: {e}"
            self.parts[key] = {"state": OPEN, "joined": ""}
            return
        assert key in self.parts or "reasoning_text" in kind, f"a part never opened: {e}"
        part = self.parts.setdefault(key, {"state": CLOSED, "joined": ""})
        if kind.endswith("part.done"):
            assert part["state"] == OPEN, f"closed twice: {e}"
            part["state"] = CLOSED
        elif kind.endswith(".delta"):
            part["joined"] += e["delta"]
            if kind == "response.output_text.delta":
                self.text += e["delta"]
        elif kind.endswith("text.done"):
            assert e["text"] == part["joined"], "deltas do not add up"

    def check(self, raw):
        for e in named(raw):
            self.event(e)
        assert self.place == "over", "no response.completed"
        assert self.usage or not self.want_usage, "no usage"
        return self.text, self.calls

    def check_broken(self, raw):
        events = named(raw)
        error = None
        for e in events:
            if e["type"] == "response.failed":
                assert e["response"]["status"] == "failed" and e["response"]["error"]["message"]
                error = error or e["response"]["error"]["message"]
            elif e["type"] == "error":
                assert isinstance(e["message"], str) and e["message"], e
                error = e["message"]
            else:
                assert error is None, f"behind the error: {e}"
                self.event(e)
        assert self.place == "within", "a broken stream was ended as if it were whole"
        assert error, "no error was told"
        return error


class Gemini:
    want_usage = True

    def __init__(self):
        self.text, self.calls, self.finished, self.id = "", [], False, None

    def chunk(self, c):
        assert not self.finished, f"behind the last chunk: {c}"
        if "blockReason" in c.get("promptFeedback", {}) and not c.get("candidates"):
            self.finished = True   # the prompt was refused: there is no candidate
            return
        assert c["candidates"] and [x["index"] for x in c["candidates"]] == list(
            range(len(c["candidates"]))), c
        self.id = self.id or c["responseId"]
        assert c["responseId"] == self.id and c["modelVersion"]
        candidate = c["candidates"][0]
        for part in candidate.get("content", {}).get("parts", []):
            if "functionCall" in part:
                call = part["functionCall"]
                assert call["name"] and isinstance(call["args"], dict), part
                self.calls.append([call.get("id"), call["name"], json.dumps(call["args"])])
            elif not part.get("thought"):
                self.text += part.get("text", "")
        self.finished = bool(candidate.get("finishReason"))

    def read(self, raw):
        events = parse_sse(raw)
        assert all(name is None for name, _ in events), "its events have no names"
        return [json.loads(data) for _, data in events]

    def check(self, raw):
        chunks = self.read(raw)
        for c in chunks:
            assert "error" not in c, c
            self.chunk(c)
        assert self.finished, "no finishReason"
        usage = chunks[-1].get("usageMetadata")
        assert usage or not self.want_usage, "no usage"
        assert not usage or usage["totalTokenCount"] >= usage["promptTokenCount"]
        return self.text, self.calls

    def check_broken(self, raw):
        *chunks, last = self.read(raw)
        for c in chunks:
            self.chunk(c)
        assert not self.finished, "a broken stream was ended as if it were whole"
        error = last["error"]
        assert isinstance(error["code"], int) and error["message"] and error["status"], last
        return error["message"]


class Converse:
    want_usage = True

    def __init__(self):
        self.blocks, self.place, self.text, self.calls = {}, "before", "", []

    def read(self, raw):
        from botocore.eventstream import EventStreamBuffer
        buffer, events = EventStreamBuffer(), []
        buffer.add_data(raw)
        for message in buffer:
            headers = message.headers
            kind = headers.get(":event-type") or headers.get(":exception-type")
            events.append((kind, ":exception-type" in headers, json.loads(message.payload)))
        assert not buffer._data, "it ends within a frame"
        return events

    def event(self, kind, e):
        assert self.place != "over", f"behind metadata: {kind}"
        if kind == "messageStart":
            assert self.place == "before" and e["role"] == "assistant"
            self.place = "within"
        elif kind == "messageStop":
            assert self.place == "within" and e["stopReason"]
            assert all(b["state"] == CLOSED for b in self.blocks.values()), "a block is still open"
            self.place = "told"
        elif kind == "metadata":
            assert self.place == "told" and e["usage"]["totalTokens"] >= 0
            self.place = "over"
        else:
            self.block(kind, e)

    def block(self, kind, e):
        index = e["contentBlockIndex"]
        assert self.place == "within", f"{self.place}: {kind}"
        if kind == "contentBlockStart" or index not in self.blocks:
            assert index == len(self.blocks), f"a gap or a block twice: {e}"
            self.blocks[index] = {"state": OPEN, "json": "", "call": None}
        block = self.blocks[index]
        assert block["state"] == OPEN, f"after its end: {e}"
        if kind == "contentBlockStart":
            block["call"] = e["start"].get("toolUse")
        elif kind == "contentBlockDelta":
            self.text += e["delta"].get("text", "")
            assert ("toolUse" in e["delta"]) == bool(block["call"]), "a call never opened"
            block["json"] += e["delta"].get("toolUse", {}).get("input", "")
        else:
            assert kind == "contentBlockStop", f"an event of no kind: {kind}"
            block["state"] = CLOSED
            if block["call"]:
                arguments(block["json"] or "{}")
                self.calls.append([block["call"]["toolUseId"], block["call"]["name"], block["json"]])

    def check(self, raw):
        for kind, exception, e in self.read(raw):
            assert not exception, (kind, e)
            self.event(kind, e)
        assert self.place == "over", "no metadata"
        return self.text, self.calls

    def check_broken(self, raw):
        *events, (kind, exception, last) = self.read(raw)
        for k, _, e in events:
            self.event(k, e)
        assert self.place == "within", "a broken stream was ended as if it were whole"
        assert exception and last["message"], (kind, last)
        return last["message"]


CHECKERS = {"openai": Chat, "openai-responses": Responses, "anthropic": Messages, "google": Gemini,
            "bedrock": Converse}


def check(client, raw, usage=True):
    """The text and the calls [id, name, arguments' JSON] of a stream that ended well. `usage`: it
    must be told."""
    checker = CHECKERS[client]()
    checker.want_usage = usage
    return checker.check(raw)


def check_broken(client, raw):
    """The message of the error that ended a stream after its begin."""
    return CHECKERS[client]().check_broken(raw)
