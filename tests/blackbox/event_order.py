"""Order of a stream's events, by the strictest client of each protocol.

    text, calls = check(client, raw)          a stream that ended well; what it said
    message = check_broken(client, raw)       one that failed after its begin; the error's message
    judge(client, raw, whole)                 either of both, or, if not whole, the begin of one

`client` is the protocol's name, `raw` the bytes of the body. All raise AssertionError with what is
wrong: opened once and closed once, indices there and without gaps, usage last, the right terminator,
nothing behind it. `stream_tap.py` judges every stream that a black-box test reads.
"""
from order_openai import Chat, Completions, Media, Responses
from order_others import Converse, Gemini, Messages

CHECKERS = {"openai": Chat, "openai-completions": Completions, "openai-responses": Responses,
            "anthropic": Messages, "google": Gemini, "bedrock": Converse, "media": Media}


def check(client, raw, usage=True):
    """The text and the calls [id, name, arguments' JSON] of a stream that ended well. `usage`: it
    must be told."""
    checker = CHECKERS[client]()
    checker.want_usage = usage
    return checker.check(checker.read(raw))


def check_broken(client, raw):
    """The message of the error that ended a stream after its begin."""
    checker = CHECKERS[client]()
    return checker.check_broken(checker.read(raw))


def judge(client, raw, whole=True, usage=True):
    """A stream of which nobody says how it must end: well, or in an error, or, where its reader left
    or the connection broke, within."""
    checker = CHECKERS[client]()
    checker.want_usage = usage
    if not whole:
        raw = checker.begun(raw)
        checker.check_begun(checker.read(raw) if raw else [])
        return
    events = checker.read(raw)
    broken = any(checker.is_error(e) for e in events)
    (checker.check_broken if broken else checker.check)(events)
