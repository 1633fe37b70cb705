"""What the checkers of streams share (event_order.py): how events are framed, and how a stream of them
may end."""
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


CUT_SHORT = ("length", "max_tokens", "model_context_window_exceeded")   # calls may be, too


def arguments_of(calls, finish):
    """Calls [id, name, text] are whole when the stream says that it ended as it should."""
    for _, _, text in calls:
        if finish not in CUT_SHORT:
            arguments(text or "{}")


class Checker:
    """What the protocols share. Each has read(raw) -> events, is_error(event), told(error) -> its
    message, event(event), ended(), which asserts, and unfinished()."""
    want_usage = True
    frame_end = b"\n\n"

    def check(self, events):
        for e in events:
            assert not self.is_error(e), e
            self.event(e)
        self.ended()
        return self.text, self.calls

    def check_broken(self, events):
        message = None
        for e in events:
            if self.is_error(e):
                message = self.told(e, message)
            else:
                assert message is None, f"behind the error: {e}"
                self.event(e)
        assert message, "no error was told"
        assert self.unfinished(), "a broken stream was ended as if it were whole"
        return message

    def check_begun(self, events):
        for e in events:
            if self.is_error(e):
                self.told(e)
            else:
                self.event(e)

    def begun(self, raw):
        """The whole events of it."""
        return raw[:raw.rfind(self.frame_end) + len(self.frame_end)] if self.frame_end in raw else b""
