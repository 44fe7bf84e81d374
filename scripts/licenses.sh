#!/bin/sh
# Copy the licences of everything that is linked into Ironhook to licenses/, one
# file for each Go module, from the module cache. What is not a module (Go itself,
# htmx, xterm.js, the GPL for iPXE) is copied from where it is installed or embedded.
# Run it after a change of go.mod; NOTICE has a line for each, and
# TestEveryLinkedModuleIsInNotice holds both against the program.
set -eu
cd "$(dirname "$0")/.."

# The program embeds what is in licenses/, so that go list needs it until the end.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A licence file may have any of these names.
texts() {
	find "$1" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' -o -iname 'patents*' \) \
		! -iname '*logo*' ! -iname '*sqlite_vec*' | LC_ALL=C sort
}

copy() {
	out="$dir/$1.txt"
	texts "$2" | while read -r file; do cat "$file"; echo; done >"$out"
	[ -s "$out" ] || { echo "licenses.sh: $2 has no licence" >&2; exit 1; }
}

for arch in amd64 arm64; do
	GOARCH=$arch CGO_ENABLED=0 go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' .
done | sort -u | while read -r module path; do
	[ -n "$module" ] || continue
	copy "$(echo "$module" | tr / -)" "$path"
done
copy go "$(go env GOROOT)"
cp web/static/htmx.LICENSE "$dir/htmx.txt"
cp web/static/xterm.LICENSE "$dir/xterm.txt"
cp /usr/share/common-licenses/GPL-2 "$dir/GPL-2.txt"
rm -f licenses/*.txt
cp "$dir"/*.txt licenses/
