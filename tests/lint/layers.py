"""Who may include whom, and which folder may know which library (docs/ARCHITECTURE.md)."""

import re

import lint

# Level by room. A file may include its own room and lower levels only; rooms of one level do not
# see each other. A room is a folder, or a group of files of gateway/ itself.
LEVEL = {
    "common": 0,
    "gateway/loop": 1, "gateway/base": 1, "gateway/ir": 1, "gateway/wire": 1,
    "gateway/store": 2,
    "gateway/dialect": 3, "gateway/sign": 3, "gateway/xfer": 3, "gateway/redis": 3,
    "gateway/balance": 3, "gateway/ledger": 3,
    "gateway/snapshot": 4, "gateway/tokens": 4,
    "gateway/request": 5,
    "gateway/steps": 6, "gateway/tap": 6,
    "gateway/main": 7,
    "control/base": 1,
    "control/store": 2,
    "control/app": 3,
    "control/call": 4, "control/catalogue": 4,
    "control/api": 5, "control/jobs": 5,
    "control/server": 6,
    "control/commands": 7,
    "control/main": 8,
}
FILES = {
    "gateway": [
        (r"(loop|timer|mailbox|thread|pool)[a-z_]*\.[ch]", "gateway/loop"),
        (r"tokens?(_[a-z_]+)?\.[ch]", "gateway/tokens"),
        (r"(options|failpoint)[a-z_]*\.([ch]|def)", "gateway/base"),
        (r"(request[a-z_]*\.[ch]|key_memo\.[ch]|query[a-z_]*\.[ch]|steps\.def|headers\.def)", "gateway/request"),
        (r"[a-z_]+\.([ch]|def)", "gateway/main"),
    ],
    "control": [
        (r"(args|challenge|csv|token|options|totp|smtp|role|password|text_time|listen|guess|pool|static|webauthn|http|guarded_fetch|problem|base_url|percentile|scopes?)[a-z_]*\.([ch]|def)",
         "control/base"),
        (r"(app|letter|live|mail|migrate|organisation|provider_key|seal)[a-z_]*\.[ch]", "control/app"),
        (r"(account|audit|call|custom_model|etag|filter|idempotency|input|management_token|own_url|page|passkey|second_factor|session)[a-z_]*\.[ch]", "control/call"),
        (r"(route|routes)\.([ch]|def)", "control/api"),
        (r"(server|answer|exchange)[a-z_]*\.[ch]", "control/server"),
        (r"[a-z_]+\.([ch]|def)", "control/main"),
    ],
}
# Rooms of one level that may see another nevertheless.
ALSO = set()
# The borders between the two trees: how a provider's secret is signed with is one.
ACROSS = {("control/provider_key_sign.c", "gateway/sign")}

LIBRARIES = [
    ("microhttpd.h", r"gateway/(listener|admin)[a-z_]*\.[ch]|control/(server|answer|exchange)[a-z_]*\.[ch]"),
    ("curl/", r"gateway/xfer/.*|control/(smtp|guarded_fetch)\.c"),
    ("hiredis/", r"gateway/redis/.*"),
    ("libpq-fe.h", r"common/pg[a-z_]*\.[ch]"),
    ("jansson.h", r"control/.*|common/(conf|json)[a-z_]*\.[ch]|gateway/snapshot/.*|tests/.*"),
    ("fido", r"control/webauthn\.c"),
    ("openssl/", r"gateway/sign/.*|control/totp\.c|tests/.*"),
    ("zlib.h", r"gateway/wire/.*|common/apikey\.c|tests/.*"),
    ("check.h", r"tests/.*"),
]
# Rooms that turn bytes into bytes: no sockets, no database, no transfers.
PURE = ("gateway/dialect", "gateway/sign", "gateway/wire", "gateway/ir", "gateway/balance")
WORLD = ("sys/socket.h", "netinet/", "arpa/", "netdb.h", "sys/epoll.h", "common/pg.h", "pthread.h")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def room_of(path):
    parts = path.split("/")
    if parts[0] == "common":
        return "common"
    if parts[0] not in FILES:
        return parts[0]
    if len(parts) > 2:
        return "/".join(parts[:2])
    for pattern, room in FILES[parts[0]]:
        if re.fullmatch(pattern, parts[1]):
            return room
    return None


def project_include(path, target):
    mine, theirs = room_of(path), room_of(target)
    if path.startswith("tests/simulator/"):
        return None if target.startswith(("common/", "tests/simulator/")) else "the simulator stands apart"
    if path.startswith("tests/"):
        return None
    if target.startswith("tests/"):
        return "the product does not know its tests"
    if (path, theirs) in ACROSS:
        return None
    if path.split("/")[0] != target.split("/")[0] and not target.startswith("common/"):
        return f"{path.split('/')[0]}/ does not see {target.split('/')[0]}/"
    if mine == theirs or (mine, theirs) in ALSO:
        return None
    for room in (mine, theirs):
        if room not in LEVEL:
            return f"room {room} is not in the table of tests/lint/layers.py"
    if LEVEL[theirs] >= LEVEL[mine]:
        return f"{mine} (level {LEVEL[mine]}) does not see {theirs} (level {LEVEL[theirs]})"
    return None


def check(tree):
    complaints = []
    for path, text in tree.under(["common", "gateway", "control", "tests"], [".c", ".h", ".def"]):
        code = lint.c_code(text, strings=True)
        for match in INCLUDE.finditer(code):
            kind, target = match.groups()
            where = f"{path}:{lint.line_of(code, match.start())}: includes {target}: "
            if kind == '"':
                reason = project_include(path, target)
                if "/" not in target:
                    reason = "project includes are written from the root"
                if reason:
                    complaints.append(where + reason)
            for library, allowed in LIBRARIES:
                if target.startswith(library) and not re.fullmatch(allowed, path):
                    complaints.append(where + "this library belongs to another folder")
            if room_of(path) in PURE and target.startswith(WORLD):
                complaints.append(where + f"{room_of(path)} knows no network and no database")
    return complaints


SAMPLES = [
    ({"common/a.c": '#include "gateway/loop.h"\n'}, "common/ does not see gateway/"),
    ({"gateway/wire/a.c": '#include "gateway/dialect/d.h"\n'}, "does not see gateway/dialect"),
    ({"gateway/dialect/a.c": '#include "gateway/xfer/x.h"\n'}, "does not see gateway/xfer"),
    ({"gateway/request.c": '#include "gateway/steps/auth.h"\n'}, "does not see gateway/steps"),
    ({"gateway/timer.c": '#include "gateway/listener.h"\n'}, "does not see gateway/main"),
    ({"gateway/steps/a.c": "#include <curl/curl.h>\n"}, "belongs to another folder"),
    ({"gateway/dialect/a.c": "#include <jansson.h>\n"}, "belongs to another folder"),
    ({"gateway/sign/a.c": "#include <sys/socket.h>\n"}, "no network"),
    ({"gateway/tokens.c": "#include <openssl/evp.h>\n"}, "belongs to another folder"),
    ({"gateway/newroom/a.c": '#include "common/str.h"\n'}, "not in the table"),
    ({"control/main.c": '#include "gateway/loop.h"\n'}, "control/ does not see gateway/"),
    ({"control/provider_key_sign.c": '#include "gateway/sign/sign.h"\n'}, None),
    ({"control/provider_key_check.c": '#include "gateway/sign/sign.h"\n'}, "control/ does not see gateway/"),
    ({"control/provider_key_sign.c": '#include "gateway/xfer/fetch.h"\n'}, "control/ does not see gateway/"),
    ({"tests/simulator/a.c": '#include "gateway/loop.h"\n'}, "stands apart"),
    ({"common/a.c": '#include "str.h"\n'}, "from the root"),
    ({"gateway/steps/a.c": '#include "gateway/request.h"\n/* #include <curl/curl.h> */\n'}, None),
    ({"gateway/listener_x.c": "#include <microhttpd.h>\n"}, None),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
