#!/bin/sh
# Runs every fuzz target there is, one after the other, each for a time: fuzz.sh TIME [ONLY]. With ONLY,
# those whose name holds it. What fails is left under testdata/fuzz of its package, where go test finds
# it from then on.
set -eu
cd "$(dirname "$0")/../.."
time=$1
only=${2:-}
# A target that is in the middle of an input when its time is over can fail with this line alone: a race in
# Go's own fuzzing (golang/go issue 75804). What really fails says which input. A time like 300x has no such end.
judge() {
	if grep -q 'context deadline exceeded' "$log" && ! grep -q -E 'Failing input|panic|testdata' "$log"; then return; fi
	cat "$log"
	exit 1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
found=$(grep -r --include='*_test.go' --exclude-dir=bench --exclude-dir=interop '^func Fuzz' . |
	sed -E 's,^\./(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*,\1 \2,' | sort)
test -n "$found" || { echo "fuzz: no target found" >&2; exit 1; }
echo "$found" | while read -r package target; do
	case $target in *"$only"*) ;; *) continue ;; esac
	printf '%s %s\n' "$package" "$target"
	# Inputs are not made smaller when they are merely interesting: it takes longer than finding them.
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x "./$package" >"$log" 2>&1 || judge
	grep '^fuzz: elapsed' "$log" | tail -n 1
done
