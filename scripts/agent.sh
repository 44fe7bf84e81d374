#!/bin/sh
# Make the small system in which the agent runs: build/agent/vmlinuz and initrd.
#
#	scripts/agent.sh PROGRAM [amd64|arm64]
#
# The kernel and its drivers are Debian's, signed for Secure Boot and taken as they are; the shell is Debian's static
# busybox (scripts/debian.sh). The same packages and the same program make the same files.
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
. scripts/debian.sh
mkdir -p "$out"
release=$(kernel_release)
image=$(deb "linux-image-$release")
shell=$(deb busybox-static)
tree=$(unpacked "$release" "$image" "$shell")
go run ./internal/agentimage -program "$program" -modules "$tree/lib/modules/$release" -shell "$tree/bin/busybox" -out "$out/initrd$suffix"
cp "$tree/boot/vmlinuz-$release" "$out/.vmlinuz$suffix"
mv "$out/.vmlinuz$suffix" "$out/vmlinuz$suffix"
size=$(cat "$out/vmlinuz$suffix" "$out/initrd$suffix" | wc -c)
echo "the agent for $arch is in $out: kernel $release, $((size / 1048576)) MiB in all"
[ "$size" -le $((most << 20)) ] || fail "it is larger than $most MiB"
