"""A provider that says exactly the bytes it is told, to be wrong in ways that no simulator is.

    raw = RawProvider(); raw.say("name", [b"data: ...", 0.2, b"..."], end="cut")

A request whose body holds `[raw NAME]` gets that answer: pieces of bytes, pauses in seconds, and an
end: "eof" (the body is complete), "cut" (the connection ends within it), "reset" (RST), "hang"
(silence until the gateway leaves). A name that was never given is a 500. What came last is kept by
name: `raw.heads`, `raw.bodies`.
"""
import json
import re
import socket
import struct
import threading
import zlib


def frames(*events):
    """AWS event stream frames of (type, payload); a type that begins with `!` is an exception."""
    data = b""
    for kind, payload in events:
        word = "exception" if kind[0] == "!" else "event"
        head = b"".join(b"%c%s\x07%s%s" % (len(name), name.encode(), len(value).to_bytes(2, "big"), value.encode())
                        for name, value in [(f":{word}-type", kind.lstrip("!")),
                                            (":content-type", "application/json"), (":message-type", word)])
        body = json.dumps(payload).encode()
        prelude = (16 + len(head) + len(body)).to_bytes(4, "big") + len(head).to_bytes(4, "big")
        message = prelude + zlib.crc32(prelude).to_bytes(4, "big") + head + body
        data += message + zlib.crc32(message).to_bytes(4, "big")
    return data


class RawProvider:
    def __init__(self):
        self.answers, self.seen = {}, []
        self.heads, self.bodies = {}, {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.root = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.over = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def say(self, name, pieces, end="eof", status="200 OK", kind="text/event-stream", headers=()):
        self.answers[name] = (status, kind, list(headers), pieces, end)

    def stop(self):
        self.over.set()
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                self.answer(connection, *self.receive(connection))
            except OSError:
                pass   # the gateway left

    @staticmethod
    def receive(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                raise OSError
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
        pieces, size = [body], len(body)
        while size < length:
            pieces.append(connection.recv(1 << 20))
            if not pieces[-1]:
                raise OSError
            size += len(pieces[-1])
        return head, b"".join(pieces)

    def answer(self, connection, head, body):
        name = re.search(rb"\[raw ([a-z_0-9]+)\]", body)[1].decode()
        self.seen.append(name)
        self.heads[name], self.bodies[name] = head, body
        status, kind, headers, pieces, end = self.answers.get(
            name, ("500 Wrong", "text/plain", [], [b"?"], "eof"))
        lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", "transfer-encoding: chunked",
                 "connection: close", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        for piece in pieces:
            if isinstance(piece, float):
                self.over.wait(piece)
            elif piece:
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        if end == "eof":
            connection.sendall(b"0\r\n\r\n")
        elif end == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif end == "hang":
            connection.settimeout(20)
            connection.recv(1)
