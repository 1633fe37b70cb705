"""Chats at a steady rate over kept connections, one asyncio loop on a thread of its own, and what became of each:
lean enough for several hundred a second beside daemons with sanitizers."""
import asyncio
import collections
import json
import threading
import time


class SteadyLoad:
    """`rate` requests a second in all, in turn over `ports`. Each answer is counted by its status; what is no 200
    is kept with its text. `latest` is the time of the newest 200."""

    def __init__(self, ports, key, rate, model="openai/gpt-4", connections=24):
        self.ports, self.rate, self.connections = ports, rate, connections
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]})
        self.request = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n"
                        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}").encode()
        self.counts, self.wrong = collections.Counter(), []
        self.over, self.started, self.ended = False, None, None
        self.due = 0

    async def connection(self, port):
        reader = writer = None
        while True:
            wait = self.started + self.due / self.rate - time.monotonic()
            self.due += 1
            if wait > 0:
                await asyncio.sleep(wait)
            if self.over:
                break
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(self.request)
                head = await reader.readuntil(b"\r\n\r\n")
                words = head.lower().split(b"content-length:", 1)
                text = await reader.readexactly(int(words[1].split(b"\r\n", 1)[0]))
                status = int(head[9:12])
            except (OSError, asyncio.IncompleteReadError, IndexError, ValueError) as why:
                status, text, writer = repr(why), b"", None
            self.counts[status] += 1
            if status != 200:
                self.wrong.append((status, text[:300]))
            if b"connection: close" in head.lower():
                writer.close()
                writer = None
        if writer is not None:
            writer.close()

    async def main(self):
        await asyncio.gather(*(self.connection(self.ports[n % len(self.ports)]) for n in range(self.connections)))

    def __enter__(self):
        self.started = time.monotonic()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.main()))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        self.ended = time.monotonic()

    @property
    def done(self):
        return self.counts.total()

    @property
    def mean(self):
        return self.done / ((self.ended or time.monotonic()) - self.started)
