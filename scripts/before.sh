#!/bin/sh
# Build the program of an earlier revision, for make bench-before.
#
#	scripts/before.sh REVISION
#
# The revision is checked out beside this tree for as long as the build takes; what
# scripts/ipxe.sh has fetched here is used there. The program is build/ironhook-before,
# built with the flags with which the benchmarks build this tree.
set -eu
cd "$(dirname "$0")/.."

fail() {
	echo "before.sh: $*" >&2
	exit 2
}

revision=${1:-}
[ -n "$revision" ] || fail 'which revision? For example: make bench-before BEFORE=HEAD~1'
commit=$(git rev-parse --verify --quiet "$revision^{commit}") || fail "git knows no revision $revision"

root=$PWD
tree=build/before
drop() {
	[ ! -e "$tree" ] || git worktree remove --force "$tree"
}
trap drop EXIT
trap 'exit 1' INT TERM
drop # of a run that was killed

git worktree add --force --quiet --detach "$tree" "$commit"
mkdir -p "$tree/build" "$tree/ipxe/bin"
if [ -d build/cache ]; then cp -R build/cache "$tree/build/"; fi
for file in ipxe/bin/*; do
	[ "${file##*/}" = README.md ] || cp "$file" "$tree/ipxe/bin/"
done
(
	cd "$tree"
	scripts/ipxe.sh
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$root/build/ironhook-before" .
)
echo "build/ironhook-before is $revision ($commit)"
