#!/bin/sh
# Uses the built command as a person would, against the simulator it brings. usage: smoke.sh PATH/TO/thingspace
set -eu
case $1 in /*) ts=$1 ;; *) ts=$PWD/$1 ;; esac
dir=$(mktemp -d)
cd "$dir"
"$ts" simulate --listen 127.0.0.1:0 >environment 2>simulator.log &
simulator=$!
trap 'kill $simulator 2>/dev/null || true; rm -rf "$dir"' EXIT
tries=0
until grep -q THINGSPACE_PASSWORD environment; do
	tries=$((tries + 1))
	test $tries -lt 100 || { cat simulator.log >&2; exit 1; }
	sleep 0.1
done
. ./environment
export XDG_STATE_HOME=$dir/state
fail() { echo "smoke: $*" >&2; exit 1; }
counter() { curl -fsS "${THINGSPACE_BASE_URL%/api}/_control/counters" | tr ',{' '\n\n' | sed -n "s/^\"$1\"://p"; }

"$ts" login >/dev/null
"$ts" call GET /m2m/v1/accounts/0000123456-00001 | grep -q accountName || fail "the call brought no account"
seq 20 | xargs -P 20 -I N "$ts" call /m2m/v1/accounts/0000123456-00001 >/dev/null
test "$(counter logins)" = 1 || fail "$(counter logins) logins, want 1"
"$ts" token --header | curl -fsS -H @- "$THINGSPACE_BASE_URL/m2m/v1/accounts/0000123456-00001" | grep -q accountName || fail "curl with the headers"

# The endpoints of the session and of the bearer are no business of a call.
for path in /m2m/v1/session/login /ts/v1/oauth2/token; do
	status=0
	"$ts" call POST $path 2>/dev/null || status=$?
	test $status = 2 || fail "exit status $status for a call of $path, want 2"
done
test "$(counter logins)" = 1 || fail "a refused call made a login"

# A wrong password stops after one strike, for everybody.
status=0
THINGSPACE_PASSWORD=wrong "$ts" login 2>error || status=$?
test $status = 3 || fail "exit status $status for a wrong password, want 3"
grep -q wrong error && fail "the error holds the password"
status=0
THINGSPACE_PASSWORD=wrong "$ts" login 2>/dev/null || status=$?
test $status = 3 || fail "exit status $status for a latched password, want 3"
test "$(counter strikes)" = 1 || fail "$(counter strikes) strikes, want 1"

# A rotation, with a file that can keep the new password.
(umask 077 && printf '{"username": "zbeeblebrox", "password": "%s"}\n' "$THINGSPACE_PASSWORD" >credentials)
unset THINGSPACE_PASSWORD THINGSPACE_USERNAME
export THINGSPACE_CREDENTIALS_FILE=$dir/credentials
"$ts" password reset
"$ts" login >/dev/null
"$ts" status --json | grep -q '"strikes": *0' || fail "strikes after a success"
"$ts" logout
test "$(counter sessionsEnded)" = 1 || fail "no session was ended"
"$ts" demo >/dev/null
"$ts" version
echo "smoke: all well"
