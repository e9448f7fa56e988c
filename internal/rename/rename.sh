#!/bin/sh
# Renames the module everywhere: imports, go.mod, documents, golden files. Run from its root.
set -eu
new=$1
case $new in
*[!A-Za-z0-9._~/-]* | /* | */ | '' | *//*) echo "rename: \"$new\" is not a module path" >&2; exit 2 ;;
esac
old=$(go list -m)
test "$old" != "$new" || exit 0
pattern=$(printf '%s' "$old" | sed 's/[.]/\\./g')
# Only whole paths: what follows must not go on like a name.
grep -rlI --exclude-dir=.git --exclude-dir=node_modules --exclude-dir=bin -- "$old" . | while IFS= read -r file; do
	sed -i.renamed -e "s#$pattern\\([^A-Za-z0-9_.~-]\\|\$\\)#$new\\1#g" "$file"
	rm -f "$file.renamed"
done
go mod edit -module "$new"
gofmt -l -w $(git ls-files '*.go' 2>/dev/null || find . -name '*.go')
