#!/bin/sh
# Make all of a release in build/release-VERSION:
#
#	scripts/release.sh VERSION [KEY]
#
# Both programs, packages, container images and sticks, what is in them (CycloneDX), the part of the changelog,
# checksums, and with the secret key KEY of minisign (without a password) a signature of those. It signs the stick's upgrade as well, unless
# IRONHOOK_UPGRADE_KEY is another. The same commit, toolchain, Debian's packages for the sticks and
# CERTIFICATES (of authorities, for the container images) give the same bytes. For the stick of arm64 apt must know that architecture. scripts/release-check.sh judges it.
set -eu
cd "$(dirname "$0")/.."
version=${1:?usage: scripts/release.sh VERSION [KEY]} key=${2:-}

fail() { echo "release: $*" >&2; exit 1; }
echo "$version" | grep -Eqx '[0-9]+\.[0-9]+\.[0-9]+(~[a-z0-9.]+)?' || fail "$version is no version: want 1.2.3, or 1.2.3~rc1 before it"
[ -z "$(git status --porcelain --untracked-files=no)" ] || fail "commit first: a release is made of a commit"
[ -z "$key" ] || [ -r "$key" ] || fail "cannot read the key $key: make one with minisign -G -W -s $key"

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
out=build/release-$version
rm -rf "$out"
mkdir -p "$out"

# The part of the changelog: that of the version, or what is not released yet.
notes() { awk -v want="$1" '/^## / { on = ($2 == want); next } on' CHANGELOG.md; }
notes "$version" >"$out/CHANGES.md"
[ -s "$out/CHANGES.md" ] || notes Unreleased >"$out/CHANGES.md"
[ -s "$out/CHANGES.md" ] || fail "CHANGELOG.md has no part for $version"

scripts/ipxe.sh
for arch in amd64 arm64; do
	program=$out/ironhook-$version-linux-$arch
	GOARCH=$arch CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$version" -o "$program" .
	go tool -modfile=tools/go.mod cyclonedx-gomod bin -json -noserial -licenses=false -version "v$version" -output "$program.cdx.json" "$program"
	# The time of the making is the only thing in it that differs.
	sed -i "s/\"timestamp\": \"[^\"]*\"/\"timestamp\": \"$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)\"/" "$program.cdx.json"
	go -C tools run ./oci -program "$PWD/$program" -arch "$arch" -version "$version" -time "$SOURCE_DATE_EPOCH" \
		-certificates "${CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}" -to "$PWD/$program.oci.tar"
	OUT=$out VERSION=$version scripts/deb.sh "$program" "$arch" >/dev/null
done
[ -z "$key" ] || export IRONHOOK_UPGRADE_KEY="${IRONHOOK_UPGRADE_KEY:-$(realpath "$key")}"
for arch in amd64 arm64; do
	[ $arch = amd64 ] && suffix= || suffix=-$arch
	scripts/usb.sh "$out/ironhook-$version-linux-$arch" "$out/ironhook-$version-usb$suffix" "$version" $arch >/dev/null
done
scripts/usb-list.sh "$out/os_list.json" "$version" "$out/ironhook-$version-usb.img" "$out/ironhook-$version-usb-arm64.img"
cp packaging/oci/compose.yaml packaging/oci/Containerfile "$out"
(cd "$out" && sha256sum -- * >SHA256SUMS)
if [ -n "$key" ]; then
	minisign -S -s "$key" -m "$out/SHA256SUMS" -t "ironhook $version" </dev/null >/dev/null
	public=$(go run ./packaging/usb/sign public "$key")
else
	public=
	echo "release: not signed: give KEY=FILE, a secret key of minisign" >&2
fi
scripts/release-check.sh "$out" "$version" "$public"
echo "$out"
