"""Order of events in streams of Anthropic, Google and Bedrock (event stream frames)."""
import json

from botocore.eventstream import EventStreamBuffer

from order_common import CLOSED, OPEN, Checker, arguments_of, named, parse_sse


class Messages(Checker):
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
            arguments_of(self.calls, e["delta"]["stop_reason"])
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
                self.calls.append([block["id"], block["name"], block["json"]])
            return
        assert kind == "content_block_delta", f"an event of no kind: {e}"
        assert e["delta"]["type"] in self.DELTAS[block["type"]], f"{block['type']}: {e}"
        self.text += e["delta"].get("text", "")
        block["json"] += e["delta"].get("partial_json", "")

    def read(self, raw):
        return named(raw)

    def is_error(self, e):
        return e["type"] == "error"

    def told(self, e, before=None):
        assert before is None, "a second error"
        assert e["error"]["type"] and e["error"]["message"], e
        return e["error"]["message"]

    def ended(self):
        assert self.place == "over", "no message_stop"

    def unfinished(self):
        return self.place == "within"


class Gemini(Checker):
    def __init__(self):
        self.text, self.calls, self.finished, self.id, self.usage = "", [], False, None, None

    def event(self, c):
        assert not self.finished, f"behind the last chunk: {c}"
        self.usage = c.get("usageMetadata")
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

    def is_error(self, c):
        return "error" in c

    def told(self, c, before=None):
        assert before is None, "a second error"
        error = c["error"]
        assert isinstance(error["code"], int) and error["message"] and error["status"], c
        return error["message"]

    def ended(self):
        usage = self.usage
        assert self.finished, "no finishReason"
        assert usage or not self.want_usage, "no usage"
        assert not usage or usage["totalTokenCount"] >= usage["promptTokenCount"]

    def unfinished(self):
        return not self.finished


class Converse(Checker):
    def __init__(self):
        self.blocks, self.place, self.text, self.calls = {}, "before", "", []

    def read(self, raw):
        """[(kind, is it an exception, payload)]; botocore verifies both checksums of every frame."""
        buffer, events = EventStreamBuffer(), []
        buffer.add_data(raw)
        for message in buffer:
            headers = message.headers
            exception = headers[":message-type"] == "exception"
            assert exception or headers[":message-type"] == "event", headers
            assert headers[":content-type"] == "application/json", headers
            kind = headers[":exception-type" if exception else ":event-type"]
            events.append((kind, exception, json.loads(message.payload)))
        assert not buffer._data, "it ends within a frame"
        return events

    def begun(self, raw):
        at = 0
        while len(raw) >= at + 12 and len(raw) >= at + int.from_bytes(raw[at:at + 4], "big") > at:
            at += int.from_bytes(raw[at:at + 4], "big")
        return raw[:at]

    def event(self, event):
        kind, _, e = event
        assert self.place != "over", f"behind metadata: {kind}"
        if kind == "messageStart":
            assert self.place == "before" and e["role"] == "assistant", f"{self.place}: {kind}"
            self.place = "within"
        elif kind == "messageStop":
            assert self.place == "within" and e["stopReason"], f"{self.place}: {kind}"
            assert all(b["state"] == CLOSED for b in self.blocks.values()), "a block is still open"
            arguments_of(self.calls, e["stopReason"])
            self.place = "told"
        elif kind == "metadata":
            assert self.place == "told", f"{self.place}: {kind}"
            assert not self.want_usage or e["usage"]["totalTokens"] >= 0, "no usage"
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
                self.calls.append([block["call"]["toolUseId"], block["call"]["name"], block["json"]])

    def is_error(self, event):
        return event[1]

    def told(self, event, before=None):
        assert before is None, "a second error"
        assert event[2]["message"], event
        return event[2]["message"]

    def ended(self):
        assert self.place == "over" or (self.place == "told" and not self.want_usage), "no metadata"

    def unfinished(self):
        return self.place == "within"
