"""Load for the tests that break things, and the comparison of three accounts of it: what clients
got, what the simulator served, what the ledger says.

The clients are threads with raw sockets, so that each knows whether its answer was complete. Each
request has a mark in x-title, which its row keeps even when no byte of an answer came back.
"""
import json
import random
import re
import socket
import threading
import time
from dataclasses import dataclass

from harness import say

OK, CLIENT_ERROR, GATEWAY_ERROR, UPSTREAM_ERROR, CLIENT_GONE, INTERRUPTED = range(6)

# What a request asks of the simulator, how often, and how it must end when nothing is broken.
KINDS = [
    ("plain", 5, "[sim tokens_in={i} tokens_out={o}]"),
    ("slow", 2, "[sim ttfb_ms={ms} tokens_in={i} tokens_out={o}]"),
    ("stream", 4, "[sim chunks=6 gap_ms=4 tokens_in={i} tokens_out={o}]"),
    ("aborted", 2, "[sim chunks=200 gap_ms=5]"),
    ("failing", 1, "[sim status=500]"),
    ("rejected", 1, "[sim status=400]"),
]
WEIGHTS = [k[1] for k in KINDS]
AGENTS = ["claude-cli/2.1.330", "codex_exec/0.169.0", "curl/8"]   # two are sources


@dataclass
class Sent:
    """One request as its client saw it."""
    mark: str
    kind: str
    tokens: tuple
    request_id: str = ""
    status: int = 0
    code: str = ""           # of an error
    complete: bool = False   # every byte of the answer arrived
    answered_at: float = 0.0
    told: bool = False       # a broken stream said so in an event
    why: str = ""


def read_chunked(data):
    """(the body so far, whether its end has come)"""
    body = b""
    while True:
        size, sep, rest = data.partition(b"\r\n")
        if not sep:
            return body, False
        n = int(size, 16)
        if len(rest) < n + 2:
            return body + rest[:n], False
        if n == 0:
            return body, True
        body, data = body + rest[:n], rest[n + 2:]


class Crowd:
    """Clients that send until stopped. A gateway that is away is waited for."""

    def __init__(self, gateway, key, clients=16, seed=0, pause=0.01, kinds=None, model="openai/gpt-4"):
        self.gateway, self.key, self.pause, self.model = gateway, key, pause, model
        self.weights = [w if kinds is None or k in kinds else 0 for k, w, _ in KINDS]
        self.sent, self.lock = [], threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n, random.Random(seed * 1000 + n)))
                        for n in range(clients)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for t in self.threads:
            t.join(30)
        assert not any(t.is_alive() for t in self.threads), "a client hangs"

    def run(self, n, chance):
        count = 0
        while not self.stopping.is_set():
            kind, _, words = chance.choices(KINDS, self.weights)[0]
            tokens = (chance.randrange(1, 5000), chance.randrange(1, 5000))
            one = Sent(f"{id(self):x}-{n}-{count}", kind, tokens)
            count += 1
            text = words.format(i=tokens[0], o=tokens[1], ms=chance.randrange(5, 120))
            if not self.send(one, say(f"x {text}", self.model, stream=kind in ("stream", "aborted"))):
                time.sleep(0.05)   # nobody listens
                continue
            with self.lock:
                self.sent.append(one)
            time.sleep(self.pause * chance.random())

    def send(self, one, body):
        """False: the request was never sent."""
        data = json.dumps(body).encode()
        head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {self.key}\r\n"
                f"x-title: {one.mark}\r\nUser-Agent: {AGENTS[len(body['messages'][0]['content']) % 3]}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n").encode()
        try:
            s = socket.create_connection(("127.0.0.1", self.gateway.port), timeout=20)
        except OSError:
            return False
        with s:
            try:
                s.sendall(head + data)
                self.receive(one, s)
            except OSError as e:
                one.why = repr(e)
        one.answered_at = time.monotonic()
        return True

    def receive(self, one, s):
        got = b""
        while not one.complete:
            part = s.recv(65536)
            got += part
            head, sep, rest = got.partition(b"\r\n\r\n")
            if sep:
                self.judge(one, head.lower(), rest)
            if not part:
                one.why = one.why or "the connection ended"
                return
            if one.kind == "aborted" and got.count(b"\n\n") >= 3:
                one.why = "left"
                return

    def judge(self, one, head, rest):
        one.status = int(head[9:12])
        found = re.search(rb"x-request-id: ([0-9a-f-]{36})", head)
        one.request_id = found.group(1).decode() if found else ""
        if b"transfer-encoding: chunked" in head:
            body, ended = read_chunked(rest)
            # A stream that was broken off says so in an error event, and has no terminator.
            one.complete = ended and (b"[DONE]" in body or one.status != 200)
            one.told = b'"error":' in body
        else:
            n = int(re.search(rb"content-length: (\d+)", head).group(1))
            one.complete = len(rest) >= n
            if one.complete and one.status >= 400:
                one.code = json.loads(rest)["error"]["code"]


def log_rows(installation):
    """All rows by request id; an id that comes twice fails."""
    rows = installation.rows(
        "select r.request_id, r.outcome, r.status, r.input_tokens, r.output_tokens, r.estimated, "
        "r.cost, d.title from requests r left join request_details d "
        "using (organisation_id, retention_days, day, request_id)")
    by_id = {r["request_id"]: r for r in rows}
    assert len(by_id) == len(rows), "an id has two rows"
    return by_id


def served(simulator, since=0):
    """The simulator's records by the gateway's request id: a list each."""
    found = {}
    for record in simulator.get(f"/_sim/requests?since={since}"):
        found.setdefault(record["gateway_request_id"], []).append(record)
    return found


def check_complete_answers(sent, rows, records):
    """Complete at the client: exactly one row, with the simulator's tokens."""
    for one in sent:
        if not one.complete or one.kind == "aborted":
            continue
        if one.code == "not_ready":   # no snapshot yet: no key is known
            assert one.request_id not in rows and one.request_id not in records, one
            continue
        row = rows.get(one.request_id)
        assert row, f"no row of {one}"
        assert (row["title"], row["status"]) == (one.mark, one.status), (one, row)
        if one.status == 200:
            last = records[one.request_id][-1]
            tokens = (last["prompt_tokens"], last["completion_tokens"])
            assert (row["outcome"], row["estimated"]) == (OK, False), (one, row)
            assert (row["input_tokens"], row["output_tokens"]) == tokens == one.tokens, (one, row)


def check_rows(sent, rows, records):
    """A complete row: the simulator served it. Served, but not complete at the client: interrupted,
    or what truly happened before the end."""
    by_mark = {one.mark: one for one in sent}
    for request_id, row in rows.items():
        one = by_mark.get(row["title"])
        if not one:
            continue
        if row["outcome"] == OK:
            assert any(r["status"] == 200 for r in records.get(request_id, [])), (row, one)
        if row["outcome"] == INTERRUPTED:
            assert not one.complete and row["estimated"], (row, one)
        elif not one.complete:
            truth = {"aborted": {CLIENT_GONE}, "failing": {UPSTREAM_ERROR},
                     "rejected": {CLIENT_ERROR}}.get(one.kind, {OK, CLIENT_GONE})
            assert row["outcome"] in truth, (row, one)


def check_served(rows, records):
    """Whatever the simulator saw has a row: the open was written before the call."""
    missing = [r for r in records if r not in rows]
    assert not missing, f"served without a row: {missing[:3]} and {len(missing)} in all"


def check_sums(installation):
    """Rollups and running spend equal the sums of the log."""
    by_outcome = ["ok", "client_errors", "gateway_errors", "upstream_errors", "client_gone",
                  "interrupted"]
    log = installation.rows(
        "select count(*) n, sum(cost) cost, sum(input_tokens) i, sum(output_tokens) o, "
        "count(*) filter (where streamed) s, sum(duration_us) d, " + ", ".join(
            f"count(*) filter (where outcome = {n}) {name}" for n, name in enumerate(by_outcome))
        + " from requests")[0]
    rollup = installation.rows(
        "select sum(requests) n, sum(cost) cost, sum(input_tokens) i, sum(output_tokens) o, "
        "sum(streamed) s, sum(duration_us) d, " + ", ".join(f"sum({x}) {x}" for x in by_outcome)
        + " from rollup_usage")[0]
    assert log == rollup
    by_source = ("select source_id, count(*)::numeric n, count(*) filter (where outcome <> 0)::numeric errors, "
                 "sum(cost) cost, sum(input_tokens) i, sum(output_tokens) o from requests where source_id is not null "
                 "group by 1 order by 1")
    assert installation.rows(by_source) == installation.rows(
        "select label_id source_id, sum(requests) n, sum(errors) errors, sum(cost) cost, sum(input_tokens) i, "
        "sum(output_tokens) o from rollup_sources group by 1 order by 1")
    for scope in (1, 2, 3, 4):
        for window in (1, 2, 3, 4):
            spend = installation.rows(
                "select sum(requests) n, sum(cost) cost, sum(tokens) t from spend_windows "
                f"where scope = {scope} and window_kind = {window}")[0]
            assert spend == {"n": log["n"], "cost": log["cost"], "t": log["i"] + log["o"]}, \
                (scope, window)
