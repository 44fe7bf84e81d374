#!/bin/sh
# Put axe-core, which judges the accessibility of pages, into build/axe. It is for the tests
# only (MPL-2.0): nothing of it is in the repository or the program. The package comes from
# the npm registry by npm, in the version and with the SHA-256 below.
set -eu
cd "$(dirname "$0")/.."

version=4.14.1
sha256=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
archive=build/axe/axe-core-$version.tgz

[ ! -s "build/axe/axe-$version.js" ] || exit 0
mkdir -p build/axe
command -v npm >/dev/null || {
	echo "axe.sh: npm is not here; install it (Debian: apt-get install npm)" >&2
	exit 1
}
npm pack --silent --pack-destination build/axe "axe-core@$version" >/dev/null
echo "$sha256  $archive" | sha256sum --check --quiet - || {
	echo "axe.sh: $archive is not what it was" >&2
	rm -f "$archive"
	exit 1
}
tar -xzf "$archive" -C build/axe package/axe.min.js
mv build/axe/package/axe.min.js "build/axe/axe-$version.js"
rm -rf "$archive" build/axe/package
