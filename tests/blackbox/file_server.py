"""A web server of images and documents that counts whom it serves, and errs as its paths say.

    server = FileServer(); server.url("/png"), server.paths, server.connections
"""
import re
import socket
import ssl
import threading
import time

from dialect_clients import PIXEL

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(200))
PDF = b"%PDF-1.4\n" + b"x" * 100 + b"\n%%EOF"
LARGE = 21 * 1024 * 1024


def answer(kind, body, *headers, status="200 OK"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    lines += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*lines, "", ""]).encode() + body


class FileServer:
    def __init__(self, address="127.0.0.1", certificate=None):
        self.listener = socket.create_server((address, 0), backlog=100)
        self.address, self.port = address, self.listener.getsockname()[1]
        self.scheme, self.context = "http", None
        if certificate:
            self.scheme, self.context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.left = threading.Event()   # somebody went away
        self.reset()
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, path, host=None):
        return f"{self.scheme}://{host or self.address}:{self.port}{path}"

    @property
    def paths(self):
        return [h.split(" ")[1] for h in self.heads]

    def reset(self):
        self.connections, self.heads, self.now, self.most = 0, [], 0, 0
        self.left.clear()

    def stop(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                s = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            self.now += 1
            self.most = max(self.most, self.now)   # at once
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        try:
            s = self.context.wrap_socket(s, server_side=True) if self.context else s
            with s:
                while self.one(s):   # as long as the other side keeps it
                    pass
        except OSError:
            self.left.set()
        self.now -= 1

    def one(self, s):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = s.recv(65536)
            if not piece:
                return False
            data += piece
        self.heads.append(data.decode())
        path = data.split(b" ")[1].decode().partition("?")[0]
        return getattr(self, "do_" + re.sub(r"\W", "_", path[1:].partition("/")[0]), self.missing)(s)

    def missing(self, s):
        s.sendall(answer("text/plain", b"?", status="404 Not Found"))
        return True

    def do_png(self, s):
        s.sendall(answer("image/png", PIXEL))
        return True

    def do_jpeg(self, s):
        s.sendall(answer("image/jpg; charset=binary", JPEG))
        return True

    def do_pdf(self, s):
        s.sendall(answer("application/pdf", PDF))
        return True

    def do_unlabelled(self, s):
        s.sendall(answer("", PIXEL))
        return True

    def do_stream(self, s):
        s.sendall(answer("application/octet-stream", PIXEL))
        return True

    def do_chunked(self, s):
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n")
        for i in range(len(PIXEL)):   # cut everywhere
            s.sendall(b"1\r\n" + PIXEL[i:i + 1] + b"\r\n")
        s.sendall(b"0\r\n\r\n")
        return True

    def do_redirect(self, s):
        s.sendall(answer("text/plain", b"", f"Location: {self.url('/png')}", status="302 Found"))
        return True

    def do_broken(self, s):
        s.sendall(answer("text/plain", b"oh", status="500 Oh"))
        return True

    def do_html(self, s):
        s.sendall(answer("text/html; charset=utf-8", b"<html>"))
        return True

    def do_svg(self, s):
        s.sendall(answer("image/svg+xml", b"<svg/>"))
        return True

    def do_lies(self, s):
        s.sendall(answer("image/png", b"<html>" * 10))
        return True

    def do_mislabelled(self, s):
        s.sendall(answer("image/jpeg", PIXEL))
        return True

    def do_coded(self, s):
        s.sendall(answer("image/png", PIXEL, "Content-Encoding: gzip"))
        return True

    def do_empty(self, s):
        s.sendall(answer("image/png", b""))
        return True

    def do_cut(self, s):
        s.sendall(answer("image/png", PIXEL)[:-5])
        return False

    def do_nonsense(self, s):
        s.sendall(b"220 mail.example ESMTP\r\n")
        return False

    def do_large(self, s):
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % LARGE + PIXEL)
        s.recv(1)
        return False

    def do_endless(self, s):
        """Does not tell how much it will be."""
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + PIXEL)
        for _ in range(LARGE // 65536 + 1):
            s.sendall(bytes(65536))
        return False

    def do_big(self, s):
        s.sendall(answer("image/png", PIXEL + bytes(19 * 1024 * 1024 - len(PIXEL))))
        return True

    def do_slow(self, s):
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(PIXEL))
        for i in range(len(PIXEL)):
            s.sendall(PIXEL[i:i + 1])
            time.sleep(0.05)
        return True

    def do_late(self, s):
        time.sleep(0.4)
        return self.do_png(s)

    def do_silent(self, s):
        if not s.recv(1):
            self.left.set()
        return False

    def do_stalls(self, s):
        """Most of it, and then nothing more."""
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 600000\r\n\r\n" +
                  PIXEL + bytes(500000))
        s.recv(1)
        return False

    def do_half(self, s):
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 600000\r\n\r\n" +
                  PIXEL + bytes(600000 - len(PIXEL)))
        return True
