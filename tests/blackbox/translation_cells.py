"""The cells of client and provider protocols that the tests of faults share."""
import itertools
import json

import anthropic
import botocore.exceptions
import google.genai.errors
import openai

from raw_requests import question, send

PROVIDERS = {  # provider protocol: catalogue provider, model, what its base URL ends in
    "openai": ("openai", "gpt-5.2", "/v1"),
    "openai-responses": ("aws-mantle", "gpt-5.6-luna", "/v1"),
    "anthropic": ("anthropic", "claude-sonnet-4-5", "/v1"),
    "google": ("google-ai-studio", "gemini-3.5-flash", "/v1beta"),
    "bedrock": ("aws-bedrock", "claude-haiku-4-5", ""),
}
CLIENTS = ["openai", "openai-responses", "anthropic", "google", "bedrock"]
CELLS = list(itertools.product(CLIENTS, PROVIDERS))
# Cells whose bytes are passed: the two speak one protocol.
PASSED = {(c, c) for c in CLIENTS} | {("openai-responses", "openai")}
RESPONSES_PASSED = ("openai-responses", "openai")
PINNED = {"x-no-fallback": "true"}
ERRORS = {"openai": openai.APIError, "openai-responses": (openai.APIError, RuntimeError),
          "anthropic": anthropic.APIError, "google": google.genai.errors.APIError,
          "bedrock": botocore.exceptions.ClientError}


def ask(gateway, key, client, provider, text, stream=True, tools=False, **more):
    name, model, _ = PROVIDERS[provider]
    path, body = question(client, f"{name}/{model}", text, stream, tools, **more)
    return send(gateway, key, client, path, body, PINNED)


def spoken(client, provider):
    """OpenAI is asked for Responses by those who speak them."""
    return client if (client, provider) in PASSED else provider


def check_error(client, answer, status):
    """An error answer in the client's own shape; its text."""
    body = answer.json()
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json" and answer.headers["x-request-id"]
    if client == "bedrock":
        assert answer.headers["x-amzn-errortype"].endswith("Exception") and body["message"]
        return body["message"]
    error = body["error"]
    assert error["message"], body
    if client == "google":
        assert error["code"] == status and error["status"]
    elif client == "anthropic":
        assert body["type"] == "error" and error["type"]
    else:
        assert {"message", "type", "param", "code"} <= set(error)
    return json.dumps(error)
