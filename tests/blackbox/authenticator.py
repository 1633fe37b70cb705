"""An authenticator in software, written from the WebAuthn text: keys of three kinds, and every lie a test needs."""
import base64
import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ES256, EDDSA, RS256 = -7, -8, -257
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value):
    """Just what a COSE key is made of: small maps of integers and bytes."""
    def head(kind, n):
        if n < 24:
            return bytes([kind << 5 | n])
        return bytes([kind << 5 | 24, n]) if n < 256 else struct.pack(">BH", kind << 5 | 25, n)
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    return head(0, value) if value >= 0 else head(1, -1 - value)


class Authenticator:
    """One credential. `origin` is the page's; `counts` whether it counts its signatures."""

    def __init__(self, origin, algorithm=ES256, counts=True):
        self.origin, self.algorithm, self.counts = origin, algorithm, counts
        self.id, self.count, self.handle = os.urandom(32), 0, None
        self.key = {ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
                    EDDSA: ed25519.Ed25519PrivateKey.generate,
                    RS256: lambda: rsa.generate_private_key(65537, 2048)}[algorithm]()

    def cose(self):
        public = self.key.public_key()
        if self.algorithm == ES256:
            n = public.public_numbers()
            return cbor({1: 2, 3: ES256, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")})
        if self.algorithm == EDDSA:
            return cbor({1: 1, 3: EDDSA, -1: 6, -2: public.public_bytes_raw()})
        n = public.public_numbers()
        return cbor({1: 3, 3: RS256, -1: n.n.to_bytes(256, "big"), -2: n.e.to_bytes(3, "big")})

    def sign(self, data):
        if self.algorithm == ES256:
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == EDDSA:
            return self.key.sign(data)
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def client(self, kind, options, **lies):
        return json.dumps({"type": "webauthn." + kind, "challenge": options["challenge"], "origin": self.origin,
                           "crossOrigin": False} | lies).encode()

    def data(self, rp_id, flags, more=b""):
        self.count += self.counts
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count) + more

    def create(self, options, name="Test key", rp_id=None, flags=PRESENT | VERIFIED | ATTESTED, **lies):
        """The body of POST account/passkeys for the options of .../begin."""
        self.handle = decode(options["user"]["id"])
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + self.cose()
        return {"name": name,
                "client_data": encode(self.client("create", options, **lies)),
                "authenticator_data": encode(self.data(rp_id or options["rp"]["id"], flags, credential))}

    def get(self, options, rp_id=None, flags=PRESENT | VERIFIED, **lies):
        """The body of POST session/passkey for the options of .../begin."""
        client = self.client("get", options, **lies)
        data = self.data(rp_id or options["rpId"], flags)
        return {"id": encode(self.id), "client_data": encode(client), "authenticator_data": encode(data),
                "signature": encode(self.sign(data + hashlib.sha256(client).digest())),
                "user_handle": encode(self.handle)}
