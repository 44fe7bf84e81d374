#!/bin/sh
# Make the small system in which the agent runs: build/agent/vmlinuz and initrd.
#
#	scripts/agent.sh PROGRAM [amd64|arm64]
#
# The kernel and its drivers are Debian's, signed for Secure Boot and taken as they are out
# of the package that apt on this machine would install; the shell is Debian's static
# busybox. Packages are downloaded and unpacked, never installed, and no root is needed. The
# same packages and the same program make the same files. For arm64, apt must know that
# architecture (dpkg --add-architecture arm64 && apt-get update).
set -eu
cd "$(dirname "$0")/.."

program=$1
arch=${2:-amd64}
case $arch in
amd64) out=build/agent suffix= most=60 ;;
arm64) out=build/agent suffix=-arm64 most=70 ;; # whose signed kernel is not compressed
*)
	echo "agent.sh: $arch: want amd64 or arm64" >&2
	exit 2
	;;
esac
cache=build/cache/agent

fail() {
	echo "agent.sh: $*" >&2
	exit 1
}

# deb downloads a package unless it is there, and prints its file. In a user namespace apt takes
# itself for root and tries to become _apt, whom the namespace does not know: it is told not to.
deb() {
	version=$(apt-cache show --no-all-versions "$1:$arch" 2>/dev/null | awk '$1 == "Version:" { print $2; exit }')
	[ -n "$version" ] || fail "apt knows no $1 for $arch: run apt-get update as root"
	file=$cache/$1_$(echo "$version" | sed 's/:/%3a/')_$arch.deb
	if [ ! -f "$file" ]; then
		(cd "$cache" && apt-get -o APT::Sandbox::User=root download -qq "$1:$arch=$version") >&2 ||
			fail "apt-get download $1 failed; an old package list is the usual cause: run apt-get update as root"
	fi
	echo "$file"
}

command -v depmod >/dev/null || PATH=$PATH:/usr/sbin:/sbin
command -v depmod >/dev/null || fail "depmod is missing (package kmod)"
mkdir -p "$cache" "$out"
kernel=$(apt-cache depends "linux-image-$arch:$arch" 2>/dev/null | awk '/Depends: *linux-image-[0-9]/ { sub(/:.*/, "", $2); print $2; exit }')
[ -n "$kernel" ] || fail "apt knows no linux-image-$arch: run apt-get update as root"
release=${kernel#linux-image-}
image=$(deb "$kernel")
shell=$(deb busybox-static)

# unpacked are the packages, which take longer than all the rest; the name says which.
unpacked=$cache/$(basename "$image" .deb)+$(basename "$shell" .deb)
if [ ! -d "$unpacked" ]; then
	tmp=$(mktemp -d "$cache/unpacking.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	dpkg-deb --extract "$image" "$tmp"
	dpkg-deb --extract "$shell" "$tmp"
	[ -d "$tmp/lib/modules" ] || mv "$tmp/usr/lib/modules" "$tmp/lib/"
	find "$tmp/lib/modules" -name '*.ko.xz' -exec xz --decompress {} +
	depmod -b "$tmp" "$release" 2>"$tmp/depmod" || fail "depmod: $(cat "$tmp/depmod")"
	[ -e "$tmp/bin/busybox" ] || cp "$tmp/usr/bin/busybox" "$tmp/bin/busybox"
	mv "$tmp" "$unpacked"
fi
go run ./internal/agentimage -program "$program" -modules "$unpacked/lib/modules/$release" -shell "$unpacked/bin/busybox" -out "$out/initrd$suffix"
cp "$unpacked/boot/vmlinuz-$release" "$out/.vmlinuz$suffix"
mv "$out/.vmlinuz$suffix" "$out/vmlinuz$suffix"
size=$(cat "$out/vmlinuz$suffix" "$out/initrd$suffix" | wc -c)
echo "the agent for $arch is in $out: kernel $release, $((size / 1048576)) MiB in all"
[ "$size" -le $((most << 20)) ] || fail "it is larger than $most MiB"
