#!/bin/sh
# Live a package's whole life in clean Debians, each with its own kernel and systemd in a virtual machine:
#
#	scripts/deb-test.sh PACKAGE OLDER [SUITE...]
#
# OLDER is a package of a lower version. It is installed and started; PACKAGE replaces it, and the database of the first
# release is put into its place; it is used, judged, removed and purged. packaging/deb/life.sh says how.
# ACCEL=kvm makes it faster where that works.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
package=$(realpath "$1") older=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- bookworm trixie
packages=systemd-sysv,linux-image-cloud-amd64,initramfs-tools,adduser,init-system-helpers,iproute2,curl,ca-certificates
roots=$PWD/build/roots
mkdir -p "$roots"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# install writes the root that a machine starts from: a Debian, the packages, and the unit that lives their life.
install_root() { # SUITE ROOT
	base=$roots/$1.tar
	if [ ! -s "$base" ]; then
		mmdebstrap --quiet --mode=root --format=tar --variant=minbase --include="$packages" "$1" "$base.part"
		mv "$base.part" "$base"
	fi
	mkdir "$2"
	tar -C "$2" -xf "$base" --exclude='./dev/*'
	cp "$package" "$2/new.deb"
	cp "$older" "$2/old.deb"
	cp packaging/deb/life.sh "$2/life.sh"
	sqlite3 "$2/first.db" <store/testdata/schema-1.sql
	cat >"$2/etc/systemd/system/life.service" <<-UNIT
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		ExecStart=/bin/sh -c 'sh -eux /life.sh >/dev/ttyS0 2>&1 && echo WHOLE >/dev/ttyS0; systemctl poweroff --no-block'
	UNIT
	mkdir -p "$2/etc/systemd/system/multi-user.target.wants"
	ln -s /dev/null "$2/etc/systemd/system/serial-getty@ttyS0.service" # it would hang up the line that life writes to
	ln -s ../life.service "$2/etc/systemd/system/multi-user.target.wants/life.service"
}

for suite; do
	root=$work/$suite disk=$work/$suite.ext4 log=$roots/$suite.log
	install_root "$suite" "$root"
	truncate -s 3G "$disk"
	mke2fs -q -t ext4 -d "$root" "$disk"
	begin=$(date +%s)
	timeout 3600 qemu-system-x86_64 -machine "q35,accel=${ACCEL:-tcg}" -cpu max -m 1024 -nodefaults -no-user-config -nographic -no-reboot \
		-kernel "$root"/boot/vmlinuz-* -initrd "$root"/boot/initrd.img-* \
		-append "root=/dev/vda rw console=ttyS0 panic=-1 quiet" -serial stdio \
		-drive "file=$disk,format=raw,if=virtio,cache=unsafe" </dev/null >"$log" 2>&1 || true
	rm -rf "$root" "$disk"
	if ! grep -q '^WHOLE' "$log"; then
		tail -n 40 "$log" >&2
		echo "deb-test: $suite failed; $log has more" >&2
		exit 1
	fi
	echo "$suite: installed, started, upgraded, used, removed, purged in $(($(date +%s) - begin)) s; $(sed -n 's/.*Overall exposure level for ironhook.service: \([0-9.]*\).*/exposure \1/p' "$log" | head -n 1)"
done
