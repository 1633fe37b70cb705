"""Requests as bytes, without an SDK: what each protocol's client sends for one question, and its
answer as it came off the wire."""
import http.client
import json
import time

LOCATION = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
HEADERS = {"openai": "authorization", "openai-responses": "authorization", "anthropic": "x-api-key",
           "google": "x-goog-api-key", "bedrock": "authorization"}


def question(client, model, text, stream=True, tools=False, **more):
    """(path, body) of one user message."""
    if client == "openai":
        body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}
        if stream:
            body["stream_options"] = {"include_usage": True}
        if tools:
            body["tools"] = [{"type": "function", "function": {"name": "look", "parameters": LOCATION}}]
        return "/v1/chat/completions", body | more
    if client == "openai-responses":
        body = {"model": model, "input": text, "stream": stream, "store": False}
        if tools:
            body["tools"] = [{"type": "function", "name": "look", "parameters": LOCATION,
                              "strict": False}]
        return "/v1/responses", body | more
    if client == "anthropic":
        body = {"model": model, "max_tokens": 1000, "stream": stream,
                "messages": [{"role": "user", "content": text}]}
        if tools:
            body["tools"] = [{"name": "look", "input_schema": LOCATION}]
        return "/v1/messages", body | more
    if client == "google":
        body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
        if tools:
            body["tools"] = [{"functionDeclarations": [{"name": "look",
                                                        "parametersJsonSchema": LOCATION}]}]
        ask = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{ask}", body | more
    assert client == "bedrock"
    body = {"messages": [{"role": "user", "content": [{"text": text}]}]}
    if tools:
        body["toolConfig"] = {"tools": [{"toolSpec": {"name": "look",
                                                      "inputSchema": {"json": LOCATION}}}]}
    ask = "converse-stream" if stream else "converse"
    return f"/model/{model.replace('/', '%2F')}/{ask}", body | more


def picture(client, model, text, data):
    """(path, body): a question about a PNG of this base64."""
    url = "data:image/png;base64," + data
    if client == "openai":
        return "/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": [
            {"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]}]}
    if client == "openai-responses":
        return "/v1/responses", {"model": model, "store": False, "input": [{"role": "user", "content": [
            {"type": "input_text", "text": text}, {"type": "input_image", "image_url": url}]}]}
    if client == "anthropic":
        source = {"type": "base64", "media_type": "image/png", "data": data}
        return "/v1/messages", {"model": model, "max_tokens": 100, "messages": [
            {"role": "user", "content": [{"type": "text", "text": text},
                                         {"type": "image", "source": source}]}]}
    if client == "google":
        inline = {"inlineData": {"mimeType": "image/png", "data": data}}
        return f"/v1beta/models/{model}:generateContent", {
            "contents": [{"role": "user", "parts": [{"text": text}, inline]}]}
    image = {"format": "png", "source": {"bytes": data}}
    return f"/model/{model.replace('/', '%2F')}/converse", {
        "messages": [{"role": "user", "content": [{"text": text}, {"image": image}]}]}


class Answer:
    """status, headers (lower case), body; `times`: when its pieces came, seconds since the request;
    `aborted`: the connection ended within the body."""

    def __init__(self, response, begin):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.pieces, self.times, self.aborted = [], [], False
        try:
            while piece := response.read1(65536):
                self.pieces.append(piece)
                self.times.append(time.monotonic() - begin)
        except (http.client.HTTPException, OSError):
            self.aborted = True
        self.body = b"".join(self.pieces)
        self.seconds = time.monotonic() - begin

    def json(self):
        return json.loads(self.body)


def send(gateway, key, client, path, body, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    name = HEADERS[client]
    value = f"Bearer {key}" if name == "authorization" else key
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    begin = time.monotonic()
    connection.request("POST", path, data, {"content-type": "application/json", name: value,
                                            **(headers or {})})
    try:
        return Answer(connection.getresponse(), begin)
    finally:
        connection.close()
