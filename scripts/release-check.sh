#!/bin/sh
# Judge a release as one who has downloaded it would:
#
#	scripts/release-check.sh DIRECTORY VERSION [PUBLIC]
#
# The signature by the public key PUBLIC of minisign, the checksum of each file, what the programs and packages say that they
# are, and that the lists of parts (CycloneDX) name each module that Go has built into the programs.
set -eu
check() { echo "release-check: $*" >&2; exit 1; }
[ $# -ge 2 ] || check "usage: scripts/release-check.sh DIRECTORY VERSION [PUBLIC]"
cd "$1"
version=$2

[ -z "${3:-}" ] || minisign -V -q -P "$3" -m SHA256SUMS >/dev/null || check "SHA256SUMS is not signed by $3"
sha256sum --check --strict --quiet SHA256SUMS || check "a file differs from its checksum"
for file in *; do
	case $file in SHA256SUMS | SHA256SUMS.minisig) continue ;; esac
	grep -Fqx "$(sha256sum -- "$file")" SHA256SUMS || check "$file has no checksum"
done

for arch in amd64 arm64; do
	program=ironhook-$version-linux-$arch deb=ironhook_${version}_$arch.deb
	go version -m "$program" | grep -q "GOARCH=$arch\$" || check "$program is for another machine"
	[ "$(dpkg-deb --field "$deb" Version Architecture | tr '\n' ' ')" = "Version: $version Architecture: $arch " ] || check "$deb is another package"
	dpkg-deb --fsys-tarfile "$deb" | tar -xO ./usr/bin/ironhook | cmp -s - "$program" || check "$deb has another program"
	tar -tf "$program.oci.tar" | grep -qx index.json || check "$program.oci.tar is no image of OCI"
	# A module that replaces another is on the next line, and is the one that is built in.
	go version -m "$program" | awk '$1 == "dep" { if (m) print m; m = $2 "@" $3 } $1 == "=>" { m = $2 "@" $3 } END { print m }' | while read -r module; do
		grep -Fq "pkg:golang/$(echo "$module" | sed 's/+/%2B/g')" "$program.cdx.json" || check "$program.cdx.json does not name $module"
	done
done
case $(dpkg --print-architecture) in amd64 | arm64)
	[ "$(./"ironhook-$version-linux-$(dpkg --print-architecture)" --version)" = "ironhook version $version" ] || check "the program says another version" ;;
esac
for system in "Ironhook $version" "Ironhook $version for 64-bit ARM"; do
	grep -Fq "\"$system\"" os_list.json || check "os_list.json does not name $system"
done
