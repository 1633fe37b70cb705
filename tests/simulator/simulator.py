"""A running doteb-simulator for pytest, and a bare HTTP client that shows every byte.

Any suite may use it: put this folder on sys.path and call start(binary).
"""

import http.client
import json
import os
import socket
import subprocess
import time


class Simulator:
    """One process on a free port; stop() demands a clean exit (with sanitizers: no leak)."""

    def __init__(self, binary, *options):
        self.process = subprocess.Popen(
            [binary, "--listen", "127.0.0.1:0", "--die-with-parent", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"simulator did not start: {line}{self.process.stderr.read()}")
        self.host, port = line.split()[-1].rsplit(":", 1)
        self.port = int(port)
        self.root_url = f"http://{self.host}:{self.port}"
        self.base_url = self.root_url + "/v1"

    def stop(self):
        self.process.terminate()
        _, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 0 and errors == "", errors

    def call(self, method, path, body=None, headers=None):
        """One request on a connection of its own: (status, headers, raw body)."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            payload = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
            connection.request(method, path, payload, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get(self, path):
        status, _, body = self.call("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def requests(self, since=0):
        return self.get(f"/_sim/requests?since={since}")

    def last_seq(self):
        return self.get("/_sim/counters")["last_seq"]

    def settled(self, seq, state):
        """The record once it reaches a state, which may be a moment after the client knows."""
        for _ in range(200):
            records = [r for r in self.requests(seq - 1) if r["seq"] == seq]
            if records and records[0]["state"] == state:
                return records[0]
            time.sleep(0.01)
        raise AssertionError(f"record {seq} is not {state}: {records}")


def start(*options):
    return Simulator(os.environ["DOTEB_SIMULATOR"], *options)


def last_path(sim):
    """The path of the newest request, as it came."""
    return sim.get("/_sim/last")["target"].partition("?")[0]


def chat(message, **fields):
    """The body of a chat request with one user message."""
    return {"model": "gpt-test", "messages": [{"role": "user", "content": message}], **fields}


class Raw:
    """A socket that sends one request and keeps what comes back, with times."""

    def __init__(self, sim, body, timeout=20, connection="keep-alive", path="/v1/chat/completions",
                 headers=None):
        payload = json.dumps(body).encode()
        self.socket = socket.create_connection((sim.host, sim.port), timeout=timeout)
        extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self.socket.sendall(
            f"POST {path} HTTP/1.1\r\nConnection: {connection}\r\n{extra}"
            f"Content-Length: {len(payload)}\r\n\r\n".encode() + payload)
        self.started = time.monotonic()
        self.reads = []  # (seconds since the request, bytes)
        self.end = None  # "eof", "reset" or "timeout"

    def read(self, until=None):
        """Reads to the end, or until the bytes contain `until`; returns all bytes so far."""
        while self.end is None and not (until and until in self.data):
            try:
                got = self.socket.recv(65536)
            except ConnectionResetError:
                self.end = "reset"
            except TimeoutError:
                self.end = "timeout"
            else:
                if got:
                    self.reads.append((time.monotonic() - self.started, got))
                else:
                    self.end = "eof"
        return self.data

    @property
    def data(self):
        return b"".join(piece for _, piece in self.reads)

    def close(self):
        self.socket.close()


def events(body):
    """The data of every event of a stream, [DONE] left out; comments must be whole lines."""
    found = []
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        for line in block.split(b"\n"):
            if line.startswith(b"data: ") and line != b"data: [DONE]":
                found.append(json.loads(line[6:]))
            else:
                assert line in (b"", b"data: [DONE]") or line.startswith(b":"), line
    return found


def text_of(stream, choice=0):
    return "".join(c["delta"].get("content") or "" for e in stream for c in e["choices"]
                   if c["index"] == choice)
