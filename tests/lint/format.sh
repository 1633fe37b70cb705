#!/usr/bin/env bash
# C code as clang-format writes it: `format.sh` complains, `format.sh --fix` rewrites, `format.sh
# --self-test` proves that a badly formatted file is found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Version 14 everywhere: another version would format differently.
tool=$(command -v clang-format-14) || {
    echo "clang-format-14 is not installed; next: deploy/local/packages.sh test" >&2
    exit 1
}

files() {
    find common gateway control tests -name '*.[ch]' -not -path '*/.venv/*' -not -path '*/node_modules/*' 2>/dev/null | sort
}

case ${1:-} in
--fix)
    files | xargs -r "$tool" -i
    ;;
--self-test)
    bad=$'int  f( void ){return 1;}\n'
    if printf '%s' "$bad" | "$tool" --style=file --dry-run -Werror 2>/dev/null; then
        echo "a badly formatted file passed" >&2
        exit 1
    fi
    printf '%s' "$bad" | "$tool" --style=file | "$tool" --style=file --dry-run -Werror
    ;;
*)
    files | xargs -r "$tool" --dry-run -Werror || {
        echo "next: make format" >&2
        exit 1
    }
    ;;
esac
