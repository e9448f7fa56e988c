#!/bin/sh
# Runs every fuzz target there is, one after the other, each for a time: fuzz.sh TIME [ONLY]. With ONLY,
# those whose name holds it. What fails is left under testdata/fuzz of its package, where go test finds
# it from then on.
set -eu
cd "$(dirname "$0")/../.."
time=$1
only=${2:-}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
found=$(grep -r --include='*_test.go' --exclude-dir=bench --exclude-dir=interop '^func Fuzz' . |
	sed -E 's,^\./(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*,\1 \2,' | sort)
test -n "$found" || { echo "fuzz: no target found" >&2; exit 1; }
echo "$found" | while read -r package target; do
	case $target in *"$only"*) ;; *) continue ;; esac
	printf '%s %s\n' "$package" "$target"
	# Inputs are not made smaller when they are merely interesting: it takes longer than finding them.
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x "./$package" >"$log" 2>&1 || { cat "$log"; exit 1; }
	grep '^fuzz: elapsed' "$log" | tail -n 1
done
