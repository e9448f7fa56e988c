#!/bin/sh
# Proves on a copy that the module can be renamed: it builds, and its tests pass, under another path.
set -eu
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git archive HEAD | tar -x -C "$copy"
cd "$copy"
git init -q .
git add -A
make module MODULE=example.com/renamed
go build ./...
go vet ./...
# What is about the repository itself, or takes long and does not depend on the path, is not run again.
skip='/internal/(gencheck|specgate|specdiff|contracttest|licences|importcost|ledger|killtest|fleettest|durable|flock)|/session/(redisstore|filestore)'
go test $(go list ./... | grep -v -E -e "$skip")
