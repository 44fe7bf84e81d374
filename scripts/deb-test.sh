#!/bin/sh
# Live a package's whole life in clean roots of Debian, each in namespaces of its own:
#
#	scripts/deb-test.sh PACKAGE OLDER [SUITE...]
#
# OLDER is a package of a lower version. It is installed, and the database of the first release put
# into its place; PACKAGE replaces it, serves as the unit says, is used, removed and purged.
set -eu
cd "$(dirname "$0")/.."
package=$(realpath "$1") older=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- bookworm trixie

for suite; do
	base=build/roots/$suite.tar
	if [ ! -s "$base" ]; then
		mkdir -p build/roots
		mmdebstrap --quiet --variant=minbase --include=adduser,init-system-helpers,iproute2,curl,ca-certificates "$suite" "$base.part"
		mv "$base.part" "$base"
	fi
	root=$(mktemp -d)
	tar -C "$root" -xf "$base" --exclude='./dev/*'
	cp "$package" "$root/new.deb"
	cp "$older" "$root/old.deb"
	cp packaging/deb/life.sh "$root/life.sh"
	sqlite3 "$root/first.db" <store/testdata/schema-1.sql
	if unshare --mount --pid --net --ipc --uts --fork --kill-child sh -eu -c '
		root=$1
		mount --bind "$root" "$root"
		mkdir -p "$root/proc" "$root/dev"
		mount -t proc proc "$root/proc"
		mount -t tmpfs tmpfs "$root/dev"
		for d in null zero urandom random; do touch "$root/dev/$d"; mount --bind "/dev/$d" "$root/dev/$d"; done
		ip link set lo up
		exec chroot "$root" sh -eu /life.sh' - "$root" >"build/roots/$suite.log" 2>&1; then
		echo "$suite: installed, upgraded, served, used, removed, purged"
		rm -rf "$root"
	else
		tail -n 30 "build/roots/$suite.log" >&2
		rm -rf "$root"
		echo "deb-test: $suite failed; build/roots/$suite.log has more" >&2
		exit 1
	fi
done
