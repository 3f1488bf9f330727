#!/bin/sh
# The real servers that the system tests start themselves, and the compiler of the fault tests, from Debian's
# packages. With root they are installed; without, this says what to type: under CI a missing part is an error,
# elsewhere `make test` goes on without the system tests and says so.
set -u
PARTS="mosquitto mosquitto-clients victoria-metrics influxdb kannel kannel-extras openssl gcc libc6-dev chromium"
missing=""
for part in $PARTS; do
    dpkg-query -W -f='${Status}' "$part" 2>/dev/null | grep -q "ok installed" || missing="$missing $part"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setting up: Debian packages$missing"
    # A policy that answers 101 keeps the packages from starting their servers at install.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && ours=yes; }
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
    status=$?
    [ "${ours:-}" = yes ] && rm -f "$policy"
    [ "$status" = 0 ] && exit 0
fi
echo "the system tests need:  sudo apt-get install$missing" >&2
[ -n "${CI:-}" ] && exit 3
echo "running the tests that need no server" >&2
