"""Our AWS frames against botocore's: it reads what we write, we read what it would."""

import binascii
import json
import os
import struct
import subprocess

import pytest
from botocore.eventstream import EventStreamBuffer

TOOL = os.environ["DOTEB_GOLDEN_FRAMES"]
LINES = [
    ("event", "messageStart", {"role": "assistant"}),
    ("event", "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "zażółć \U0001f600"}}),
    ("event", "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "x" * 200_000}}),
    ("exception", "throttlingException", {"message": "slow down"}),
]


def text_of(lines):
    return "".join(
        f"{'!' if kind == 'exception' else ''}{name} {json.dumps(payload, ensure_ascii=False)}\n"
        for kind, name, payload in lines
    ).encode()


def tool(way, data):
    return subprocess.run([TOOL, way], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_botocore_reads_what_we_write(step):
    raw = tool("bytes", text_of(LINES))
    buffer, found = EventStreamBuffer(), []
    for at in range(0, len(raw), step):
        buffer.add_data(raw[at : at + step])
        found += list(buffer)
    assert len(found) == len(LINES)
    for message, (kind, name, payload) in zip(found, LINES):
        assert message.headers == {
            f":{kind}-type": name,
            ":content-type": "application/json",
            ":message-type": kind,
        }
        assert json.loads(message.payload) == payload


def header(name, kind, value):
    return bytes([len(name)]) + name.encode() + bytes([kind]) + value


def string(text):
    return struct.pack(">H", len(text)) + text.encode()


def frame(headers, payload):
    head = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    head += struct.pack(">I", binascii.crc32(head))
    body = head + headers + payload
    return body + struct.pack(">I", binascii.crc32(body))


def test_we_read_what_botocore_reads():
    headers = b"".join(
        [
            header("true", 0, b""),
            header("false", 1, b""),
            header("byte", 2, b"\x80"),
            header("short", 3, b"\x01\x02"),
            header("integer", 4, b"\x01\x02\x03\x04"),
            header("long", 5, bytes(8)),
            header("bytes", 6, struct.pack(">H", 3) + b"abc"),
            header("time", 8, bytes(8)),
            header("uuid", 9, bytes(16)),
            header(":event-type", 7, string("metadata")),
            header(":message-type", 7, string("event")),
        ]
    )
    raw = frame(headers, b'{"usage":{}}') + frame(b"", b"")
    buffer = EventStreamBuffer()
    buffer.add_data(raw)
    judged = list(buffer)
    assert [m.payload for m in judged] == [b'{"usage":{}}', b""]
    assert judged[0].headers[":event-type"] == "metadata"
    assert tool("text", raw) == b'metadata {"usage":{}}\n \n'
