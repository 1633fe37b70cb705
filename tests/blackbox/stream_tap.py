"""Every streamed answer of a gateway that a black-box test reads, judged by event_order.py unasked.

The tap sits below all clients: on this process's sockets to the ports of harness.Gateway. SDKs, urllib,
http.client, asyncio and tests with bare sockets are read alike; what another process reads comes
through `Passage`. A stream is judged when it ends, or, where its reader left it, when the test does;
conftest.py fails the test by what is found. A test in which a gateway passes a provider's own disorder
says so with `forgive(why)`.
"""
import collections
import http.client
import http.server
import re
import socket
import threading
import weakref

import event_order

PATHS = [(re.compile(pattern), client) for pattern, client in [
    (r"/chat/completions$", "openai"), (r"/completions$", "openai-completions"),
    (r"/responses$", "openai-responses"), (r"/messages$", "anthropic"),
    (r":streamGenerateContent$", "google"), (r"/converse-stream$", "bedrock"),
    (r"/(audio|images)/\w+$", "media")]]
STREAMS = ("text/event-stream", "application/vnd.amazon.eventstream")
SENT_MAX = 4 << 20
ports, taps, complaints = set(), weakref.WeakKeyDictionary(), []
judged, forgiven = [], []
statuses = collections.Counter()   # of all answers, streamed or not


def watch(port):
    """Streams from this port are judged from now on."""
    ports.add(port)


def forgive(why):
    """What this test's streams are like is not the gateway's doing."""
    forgiven.append(why)


class Stream:
    def __init__(self, sent):
        line = sent.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        self.path = line[1] if len(line) == 3 else "?"
        self.client = next((c for p, c in PATHS if p.search(self.path.split("?")[0])), None)
        body = bytes(sent)
        asked = self.client not in ("openai", "openai-completions") or \
            re.search(rb'"include_usage": *true', body)
        self.usage = bool(asked) and b"usage=" not in body
        self.body = bytearray()

    def said_all(self):
        """Nothing is to come but the framing's end: OpenAI's SDK leaves here and does not wait for it."""
        return self.client in ("openai", "openai-completions") and self.body.endswith(b"data: [DONE]\n\n")

    def judge(self, whole):
        judged.append((self.client, whole))
        try:
            assert self.client, "a stream on a path of no known protocol"
            event_order.judge(self.client, bytes(self.body), whole, self.usage)
        except Exception as e:   # whatever a checker trips over is disorder
            complaints.append(f"{self.path} ({'whole' if whole else 'begun'}): "
                              f"{type(e).__name__}: {e}\n{bytes(self.body[-3000:])!r}")


class Tap:
    """One connection: the answers in the bytes that come, and the request that each belongs to."""

    def __init__(self):
        self.sent, self.buffer, self.stream, self.until_close = bytearray(), bytearray(), None, False
        self.parser = self.answers()
        next(self.parser)

    def send(self, data):
        if len(self.sent) < SENT_MAX:
            self.sent += data[:SENT_MAX]

    def receive(self, data):
        if not self.parser:
            return
        try:
            if data:
                self.parser.send(data)
            else:
                self.end()
        except (ValueError, IndexError) as e:
            self.parser = None
            complaints.append(f"no HTTP/1.1 answer: {e}: {bytes(self.buffer[:300])!r}")

    def end(self):
        """The connection is over."""
        self.finish(self.until_close)

    def finish(self, whole):
        stream, self.stream = self.stream, None
        if stream:
            stream.judge(whole or stream.said_all())

    def some(self):
        while not self.buffer:
            self.buffer += yield
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def until(self, mark):
        while mark not in self.buffer:
            self.buffer += yield
        data, _, rest = bytes(self.buffer).partition(mark)
        self.buffer[:] = rest
        return data

    def body(self, size):
        """`size` bytes of body, or, without, all until the connection ends."""
        while size is None or size > 0:
            data = yield from self.some()
            if size is not None:
                self.buffer[:0] = data[size:]
                data = data[:size]
                size -= len(data)
            if self.stream:
                self.stream.body += data

    def answers(self):
        while True:
            head = (yield from self.until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ")[1])
            if status < 200:
                continue
            statuses[status] += 1
            fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
            if status == 200 and fields.get("content-type", "").split(";")[0] in STREAMS:
                self.stream = Stream(self.sent)
            bare = status in (204, 304) or self.sent.startswith(b"HEAD ")
            self.sent.clear()
            if bare:
                pass
            elif fields.get("transfer-encoding") == "chunked":
                while size := int((yield from self.until(b"\r\n")).split(b";")[0], 16):
                    yield from self.body(size)
                    yield from self.until(b"\r\n")
                yield from self.until(b"\r\n")
            elif "content-length" in fields:
                yield from self.body(int(fields["content-length"]))
            else:
                self.until_close = True
                yield from self.body(None)
            self.finish(True)


def open_tap(sock, address):
    if isinstance(address, tuple) and address[1] in ports:
        taps[sock] = Tap()


def tapped(name, before=None, after=None):
    plain = getattr(socket.socket, name)

    def call(sock, *args, **named):
        tap = taps.get(sock)
        if before:
            before(sock, tap, *args)
        answer = plain(sock, *args, **named)
        if after and tap:
            after(tap, answer, *args)
        return answer
    setattr(socket.socket, name, call)


def install():
    def connecting(sock, _, address):
        open_tap(sock, address)

    def closing(sock, tap, *_):
        if tap:
            tap.finish(False)
            tap.parser = None
    for name in ("connect", "connect_ex"):
        tapped(name, before=connecting)
    tapped("send", after=lambda tap, n, data, *_: tap.send(bytes(memoryview(data).cast("B")[:n])))
    tapped("sendall", after=lambda tap, _, data, *__: tap.send(bytes(data)))
    tapped("sendmsg", after=lambda tap, n, pieces, *_: tap.send(b"".join(map(bytes, pieces))[:n]))
    tapped("recv", after=lambda tap, data, size, *_: tap.receive(data) if size else None)
    tapped("recv_into", after=lambda tap, n, into, *_: tap.receive(bytes(memoryview(into).cast("B")[:n])))
    tapped("_real_close", before=closing)


def begin():
    """A test begins: nothing is forgiven."""
    forgiven.clear()


def found():
    """What was wrong since the last call, with the begins of streams that are still running."""
    for tap in list(taps.values()):
        if tap.stream:
            tap.stream.judge(False)
    wrong, complaints[:] = list(complaints), []
    return [] if forgiven else wrong


class Passage(http.server.ThreadingHTTPServer):
    """A way to a gateway for clients in other processes, so that this one reads what they read."""
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), Passing)
        self.root, self.gateway_port = f"http://127.0.0.1:{self.server_address[1]}", port
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Passing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    OWN = ("connection", "transfer-encoding", "content-length", "date")

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        gateway = http.client.HTTPConnection("127.0.0.1", self.server.gateway_port)
        try:
            gateway.request(self.command, self.path, body, dict(self.headers.items()))
            self.answer(gateway.getresponse())
        except (http.client.HTTPException, OSError):
            self.close_connection = True   # one of both left: so does the other
        finally:
            gateway.close()

    def answer(self, answer):
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in self.OWN:
                self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        while piece := answer.read1(65536):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_DELETE = pass_on

    def log_message(self, *_):
        pass
