#!/bin/sh
# Makes the virtual environment; Debian's Python lacks `venv` until python3-venv is installed.
set -u
python=$1 venv=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Tocsin needs Python >= 3.11; '$python' is $("$python" -V). Use: make PYTHON=/path/to/python3.11" >&2
    exit 3
}
echo "setting up: $venv"
"$python" -m venv "$venv" >/dev/null 2>&1 && exit 0
rm -rf "$venv"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setting up: Debian package python3-venv"
    apt-get update -qq >/dev/null && apt-get install -y -qq python3-venv >/dev/null &&
        "$python" -m venv "$venv" && exit 0
fi
echo "this Python has no venv module:  sudo apt-get install python3-venv" >&2
exit 3
