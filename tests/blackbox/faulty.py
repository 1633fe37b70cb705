"""A TCP proxy that goes wrong as it is told, between a gateway and its provider or its database."""
import asyncio
import socket
import struct
import threading

RESET = struct.pack("ii", 1, 0)   # SO_LINGER: closing sends RST


class Faulty:
    """`mode`, which may change at any time, counts for new connections, and for what passes on old ones:
    pass       bytes as they come
    refuse     nobody listens
    hang       takes connections and bytes, answers nothing
    reset      RST as soon as a connection is made
    reset_ask  RST after the first bytes of a request
    cut_head   RST after the first bytes of an answer
    cut_body   RST after `after` bytes of an answer
    drip       answers a byte at a time
    delay      each piece, both ways, `seconds` late"""

    def __init__(self, port, mode="pass", after=500, seconds=0.5):
        self.target, self.after, self.seconds = port, after, seconds
        self.mode, self.port, self.server, self.connections = "refuse", 0, None, 0
        self.asked = 0   # bytes of requests
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.set("pass")   # takes a port
        self.set(mode)

    def set(self, mode):
        asyncio.run_coroutine_threadsafe(self.change(mode), self.loop).result(5)

    def stop(self):
        self.set("refuse")
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def change(self, mode):
        self.mode = mode
        if mode == "refuse" and self.server:
            self.server.close()
            self.server = None
        elif mode != "refuse" and not self.server:
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, backlog=256)
            self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, client_in, client_out):
        self.connections += 1
        if self.mode == "reset":
            return reset(client_out)
        try:
            server_in, server_out = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(self.ask(client_in, client_out, server_out),
                                 self.answer(server_in, client_out))
        except OSError:
            pass
        finally:
            client_out.close()

    async def ask(self, client_in, client_out, server_out):
        try:
            while data := await client_in.read(65536):
                self.asked += len(data)
                if self.mode == "reset_ask":
                    return reset(client_out)
                if self.mode == "delay":
                    await asyncio.sleep(self.seconds)
                if self.mode != "hang":
                    server_out.write(data)
                    await server_out.drain()
        finally:
            server_out.close()

    async def answer(self, server_in, client_out):
        sent = 0
        while data := await server_in.read(65536):
            most = {"cut_head": 20, "cut_body": self.after}.get(self.mode)
            if most is not None and sent + len(data) > most:
                client_out.write(data[:max(most - sent, 0)])
                return reset(client_out)
            if self.mode == "delay":
                await asyncio.sleep(self.seconds)
            if self.mode == "drip":
                for byte in data:
                    client_out.write(bytes((byte,)))
                    await asyncio.sleep(0)
            else:
                client_out.write(data)
            await client_out.drain()
            sent = sent + len(data) if self.mode == "cut_body" else 0
        client_out.close()


def reset(out):
    out.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    out.transport.abort()
