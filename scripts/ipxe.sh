#!/bin/sh
# Put the iPXE binaries that Ironhook embeds into ipxe/bin.
#
# They come from one Debian package, named by version and SHA-256 below, so a
# build today and a build next year embed the same boot code. Boot code runs
# before anything else on a machine: it is verified twice, as a package and
# file by file, and a mismatch is an error, never a warning.
#
# The package is of Debian 13; the machine that builds may be older. It is
# therefore fetched by name from the mirrors that apt already uses here, then
# from Debian's snapshot archive, which keeps every version for good. apt's own
# downloader does it, so proxies and authentication are those of apt. No root
# needed. Once the files are there, a run checks them and does nothing else.
set -eu
cd "$(dirname "$0")/.."

version='1.21.1+git20250501.dad20602+dfsg-1'
deb="ipxe_${version}_all.deb"
deb_sha256=eeaca79dbde0fb86c102bf1d362c6f6a67ed0ddab38b3dd12e1b332339f5dd99
pool="pool/main/i/ipxe/$deb"
snapshot='https://snapshot.debian.org/archive/debian/20250601T000000Z'
cache=build/cache
bin=ipxe/bin

# sha256, name in ipxe/bin, path in the package
files='
391bfe580ec9f823d046ee390765d6c389f482b9a8b9fae0f90871cd8ff57828 undionly.kpxe usr/lib/ipxe/undionly.kpxe
9a624b4e05ebc25718a7658356628a352532bd278e7a50465a36ab94a7c4e580 snponly.efi usr/lib/ipxe/snponly.efi
6095eb23f4173674a3dc124a2a6d3cdeed514172793306a10d525f57b97cdc6a ipxe.efi usr/lib/ipxe/ipxe-amd64.efi
5369815eee98bf98b28a18af9a57207f9096a3b4e542ed3df1eb3f5b28d3d9a9 ipxe-arm64.efi usr/lib/ipxe/ipxe-arm64.efi
de37481fc590765030c5bdce985d2efa2096b1acefe3c56d74e5472010606a62 copyright usr/share/doc/ipxe/copyright
'

fail() {
	echo "ipxe.sh: $*" >&2
	exit 1
}

# verify succeeds when every file of the table is in ipxe/bin, unaltered.
verify() {
	echo "$files" | awk -v d="$bin" 'NF { print $1 "  " d "/" $2 }' | sha256sum --check --status 2>/dev/null
}

verified_deb() {
	[ -f "$cache/$deb" ] && echo "$deb_sha256  $cache/$deb" | sha256sum --check --status
}

# places prints where the package may be found, nearest first.
places() {
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 2>/dev/null | awk '$1 == "Debian" { print $2 }' | sort -u
	echo "$snapshot/"
}

fetch() {
	helper=/usr/lib/apt/apt-helper
	[ -x "$helper" ] || fail "$helper is missing: build on Debian, or put $deb into $cache by hand"
	log=$cache/ipxe-fetch.log
	: >"$log"
	for place in $(places); do
		uri="${place%/}/$pool"
		"$helper" -o Acquire::Retries=1 download-file "$uri" "$cache/$deb" "SHA256:$deb_sha256" >>"$log" 2>&1 &&
			verified_deb && return
	done
	rm -f "$cache/$deb"
	fail "no mirror gave $deb with the right SHA-256 (tried in $log).
  Remedy: download it from any Debian mirror ($pool)
  or $snapshot/$pool
  into $PWD/$cache/ and run this again."
}

unpack() {
	tmp=$(mktemp -d "$cache/ipxe.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	dpkg-deb --extract "$cache/$deb" "$tmp"
	echo "$files" | while read -r _ name path; do
		[ -n "$name" ] || continue
		cp "$tmp/$path" "$bin/.$name.new"
		chmod 0644 "$bin/.$name.new"
		mv "$bin/.$name.new" "$bin/$name"
	done
}

verify && exit 0
mkdir -p "$cache"
verified_deb || fetch
unpack
verify || fail "files of $deb do not match the table in scripts/ipxe.sh"
echo "iPXE $version is in $bin"
