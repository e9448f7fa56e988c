#!/bin/sh
# Builds the command from the last commit twice, in surroundings that have as little in common as possible, and compares: other
# directories, home, caches of builds and of modules, time zone, language, umask, processors. Run from the root of the
# module. Modules come from the cache of downloads, through go.sum, so nothing is fetched twice.
set -eu
root=$PWD
# A cache that has no modules to offer is no reason to fail.
go mod download
downloads=$(go env GOMODCACHE)/cache/download
# What somebody has set for all builds on a machine (-buildvcs=false, say) is not part of this one.
unset GOFLAGS
export GOENV=off
work=$(mktemp -d)
# The module cache is read-only.
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
test -z "$(git status --porcelain)" || echo "reproducible: there are changes that are not committed, and are not built" >&2

git clone -q "$root" "$work/a"
mkdir -p "$work/another/rather longer path"
git clone -q "$work/a" "$work/another/rather longer path/b"
commit=$(git -C "$work/a" rev-parse --short HEAD)

(
	cd "$work/a"
	umask 022
	CGO_ENABLED=0 make -s build BIN="$work/first" >/dev/null
)
(
	cd "$work/another/rather longer path/b"
	umask 077
	mkdir "$work/home" "$work/tmp"
	env HOME="$work/home" XDG_CACHE_HOME="$work/home/c" XDG_CONFIG_HOME="$work/home/d" TMPDIR="$work/tmp" GOTMPDIR="$work/tmp" \
		GOCACHE="$work/home/build" GOPATH="$work/home/go" GOMODCACHE="$work/home/modules" GOPROXY="file://$downloads" GOSUMDB=off \
		GOTOOLCHAIN=local GOMAXPROCS=5 TZ=Pacific/Chatham LANG=C LC_ALL=C \
		make -s build BIN="$work/second" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
)
sha256() { sha256sum "$1" 2>/dev/null || shasum -a 256 "$1"; }
first=$(sha256 "$work/first" | cut -d' ' -f1)
second=$(sha256 "$work/second" | cut -d' ' -f1)
if test "$first" != "$second"; then
	echo "reproducible: two builds of $commit differ: $first and $second" >&2
	go version -m "$work/first" >"$work/1"
	go version -m "$work/second" >"$work/2"
	diff "$work/1" "$work/2" >&2 || true
	exit 1
fi
echo "reproducible: two builds of $commit with $(go version | cut -d' ' -f3) are $first"
