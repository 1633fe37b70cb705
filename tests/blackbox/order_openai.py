"""Order of events in OpenAI's streams: chat completions, completions, Responses."""
import json

from order_common import CLOSED, OPEN, Checker, arguments, arguments_of, named, parse_sse


class Chat(Checker):
    object = "chat.completion.chunk"

    def __init__(self):
        self.text, self.calls, self.roles, self.finished, self.usage = "", {}, set(), {}, None
        self.same = None

    def read(self, raw):
        events = parse_sse(raw)
        assert all(name is None for name, _ in events), "its events have no names"
        self.over = events[-1][1] == "[DONE]"
        if self.over:
            events.pop()
        assert all(data != "[DONE]" for _, data in events), "something stands behind [DONE]"
        return [json.loads(data) for _, data in events]

    def event(self, c):
        assert self.usage is None, "usage is not last"
        assert c["object"] == self.object and isinstance(c["choices"], list), c
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

    def is_error(self, c):
        return "error" in c

    def told(self, c, before=None):
        assert before is None, "a second error"
        assert isinstance(c["error"]["message"], str) and "code" in c["error"], c
        return c["error"]["message"]

    def ended(self):
        assert self.over, "no [DONE]"
        assert self.usage or not self.want_usage, "no usage"
        assert self.finished and self.roles == set(self.finished), "a choice without finish"
        self.calls = list(self.calls.values())
        arguments_of(self.calls, "length" if "length" in self.finished.values() else "")

    def unfinished(self):
        return not self.over and not self.finished


class Completions(Chat):
    object = "text_completion"

    def choice(self, choice):
        index = choice["index"]
        assert index not in self.finished or not choice["text"], f"text behind the finish: {choice}"
        self.roles.add(index)
        self.text += choice["text"]
        if choice["finish_reason"]:
            assert index not in self.finished, "a second finish"
            self.finished[index] = choice["finish_reason"]


class Responses(Checker):
    ENDS = {"response.completed": "completed", "response.incomplete": "incomplete"}

    def __init__(self):
        self.items, self.parts, self.place, self.number = {}, {}, "before", 0
        self.text, self.calls, self.response, self.errors = "", [], None, set()

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
                if e["item"].get("status") != "incomplete":
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

    def read(self, raw):
        return named(raw)

    def is_error(self, e):
        return e["type"] in ("error", "response.failed")

    def told(self, e, before=None):
        """OpenAI says `error`, then `response.failed`; each at most once."""
        assert e["type"] not in self.errors, f"{e['type']} twice"
        self.errors.add(e["type"])
        if e["type"] == "response.failed":
            assert e["response"]["status"] == "failed"
            e = e["response"]["error"]
        assert isinstance(e["message"], str) and e["message"], e
        return before or e["message"]

    def ended(self):
        assert self.place == "over", "no response.completed"
        assert self.usage or not self.want_usage, "no usage"

    def unfinished(self):
        return self.place == "within"


class Media(Checker):
    """Transcriptions, speech and pictures: pieces, then one event that ends them."""
    ENDS = (".done", ".completed")

    def __init__(self):
        self.text, self.calls, self.over = "", [], False

    def read(self, raw):
        events = parse_sse(raw)
        if events[-1][1] == "[DONE]":
            events.pop()
        values = [(name, json.loads(data)) for name, data in events]
        assert all(name in (None, e.get("type")) for name, e in values), "a name that is not the type"
        return [e for _, e in values]

    def event(self, e):
        assert not self.over, f"behind the end: {e}"
        self.over = e["type"].endswith(self.ENDS)
        if not self.over:
            self.text += e.get("delta", "")

    def is_error(self, e):
        return "error" in e

    def told(self, e, before=None):
        assert before is None, "a second error"
        assert isinstance(e["error"]["message"], str) and "code" in e["error"], e
        return e["error"]["message"]

    def ended(self):
        assert self.over, "no event that ends it"

    def unfinished(self):
        return not self.over
