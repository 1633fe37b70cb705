"""Service accounts for tests: real keys, made on the spot."""

import functools
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

GOOGLE = "https://oauth2.googleapis.com/token"


@functools.cache
def rsa_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def pem(key, password=None, form=serialization.PrivateFormat.PKCS8):
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def elliptic_key():
    return ec.generate_private_key(ec.SECP256R1())


def account(key=None, **changes):
    """An account file as Google's console makes it; None removes a member."""
    whole = {
        "type": "service_account", "project_id": "a-project", "private_key_id": "0123456789abcdef",
        "private_key": pem(key or rsa_key()), "client_email": "robot@a-project.iam.gserviceaccount.com",
        "client_id": "123456789012345678901", "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": GOOGLE, "universe_domain": "googleapis.com",
    }
    whole.update(changes)
    return json.dumps({k: v for k, v in whole.items() if v is not None}, indent=2)
