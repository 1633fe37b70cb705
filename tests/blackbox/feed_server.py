"""A web server with a catalogue's feed: signed by a key made here, and wrong in whatever way a test says."""
import base64
import hashlib
import http.server
import json
import subprocess
import threading
import time


class FeedServer:
    def __init__(self, folder, command):
        self.folder, self.command = folder, command
        self.key = folder / "feed.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key], check=True)
        self.pem = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout"], check=True,
                                  capture_output=True, text=True).stdout
        self.files, self.asked, self.wrong = {}, [], ""
        self.waiting = threading.Event()
        feed = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                feed.serve(self)

            def log_message(self, *args):
                pass
        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/catalogue.json"

    def stop(self):
        self.httpd.shutdown()
        self.httpd.server_close()

    def serve(self, request):
        self.asked.append(request.path)
        body = self.files.get(request.path)
        if self.wrong == "slow":
            self.waiting.set()
            time.sleep(2)
        if self.wrong == "redirect" and request.path == "/catalogue.json":
            request.send_response(302)
            request.send_header("Location", "/elsewhere.json")
            request.end_headers()
            return
        request.send_response(200 if body is not None else 404)
        request.send_header("Content-Length", str(len(body or b"")))
        request.end_headers()
        request.wfile.write(body or b"")

    def publish(self, *models, by="doteb", text=None):
        """The file and its signature, made by doteb-control or by openssl. Its SHA-256."""
        content = text if text is not None else json.dumps({"models": list(models)}).encode()
        path = self.folder / "catalogue.json"
        path.write_bytes(content)
        if by == "doteb":
            self.public = self.command("catalogue", "sign", "--key", self.key, path)
            signature = (self.folder / "catalogue.json.sig").read_bytes()
        else:
            raw = self.folder / "raw.sig"
            subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in", path,
                            "-out", raw], check=True)
            signature = base64.b64encode(raw.read_bytes())
        self.files = {"/catalogue.json": content, "/catalogue.json.sig": signature, "/elsewhere.json": content}
        return hashlib.sha256(content).hexdigest()
