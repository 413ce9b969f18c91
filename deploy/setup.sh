#!/bin/sh
# Set up what linli needs: Debian packages, then .venv from the hash lock.
# Usage: deploy/setup.sh demo|test. Safe to run again and to run twice at once.
# It ends with code 2 and names the command where it may not install something itself.
set -eu
cd "$(dirname "$0")/.."
target=$1
python=${PYTHON:-python3}

say() { printf '%s\n' "$*"; }
refuse() { printf 'linli: %s\n' "$*" >&2; exit 2; }

# Debian package for each thing that is missing, empty where all is there
missing_packages() {
    command -v mmdebstrap >/dev/null || printf ' mmdebstrap'
    command -v bwrap >/dev/null || printf ' bubblewrap'
    if [ "$(id -u)" != 0 ]; then command -v newuidmap >/dev/null || printf ' uidmap'; fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null || printf ' python3-venv'
    # read-aloud, the report's letters and its PDF
    command -v espeak-ng >/dev/null || printf ' espeak-ng'
    ls /usr/share/fonts/opentype/noto/NotoSansCJK-*.ttc >/dev/null 2>&1 || printf ' fonts-noto-cjk'
    ls /usr/lib/*/libpangoft2-1.0.so.0 >/dev/null 2>&1 || printf ' libpango-1.0-0 libpangoft2-1.0-0'
    ls /usr/lib/*/libharfbuzz-subset.so.0 >/dev/null 2>&1 || printf ' libharfbuzz-subset0'
    if [ "$target" = test ]; then
        command -v chromium >/dev/null || printf ' chromium'
    fi
}

install_packages() {
    packages=$(missing_packages)
    [ -n "$packages" ] || return 0
    # the keyring too: an old one does not know the keys of Debian 13
    install="apt-get install -y --no-install-recommends debian-archive-keyring$packages"
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        refuse "missing Debian packages; run: sudo apt-get update && sudo $install"
    fi
    say "installing Debian packages:$packages"
    log=.setup.log
    # shellcheck disable=SC2086  # words on purpose
    { $as_root apt-get -q update && $as_root env DEBIAN_FRONTEND=noninteractive $install; } \
        >"$log" 2>&1 </dev/null || { tail -n 5 "$log" >&2; refuse "apt-get failed ($log); run: $install"; }
}

check_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        refuse "Python 3.11 or newer is needed, $python is $("$python" -V 2>&1 || echo missing); set PYTHON="
}

# What .venv holds is known by a hash of the lock, the project file and the Python
wanted() {
    { "$python" -V; cat "$1" pyproject.toml; } | sha256sum | cut -d ' ' -f 1
}

is_ready() {
    [ "$(cat ".venv/.linli-$1" 2>/dev/null)" = "$(wanted "$2")" ] && .venv/bin/python -c '' 2>/dev/null
}

install_python() {
    lock=requirements.lock
    [ "$target" = test ] && lock=requirements-dev.lock
    is_ready "$target" "$lock" && return 0
    # a moved or half-made .venv is made anew
    .venv/bin/python -m pip --version >/dev/null 2>&1 || {
        say "making .venv with $("$python" -V)"
        rm -rf .venv
        "$python" -m venv .venv
    }
    say "installing Python packages from $lock (a minute or two the first time)"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$lock"
    .venv/bin/python -m pip install -qq --disable-pip-version-check \
        --no-deps --no-build-isolation --no-index --editable .
    wanted "$lock" >".venv/.linli-$target"
}

check_python
(
    flock -n 9 || { say "waiting for another set-up in this folder"; flock 9; }
    install_packages
    install_python
) 9>.make.lock
