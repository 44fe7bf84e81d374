#!/bin/sh
# Make the image of the stick of the program given, and the upgrade with which an older stick becomes this one:
#
#	scripts/usb.sh build/ironhook build/ironhook-usb [VERSION [amd64|arm64]]
#
# writes build/ironhook-usb.img, .bmap, .upgrade, .packages and build/os_list.json. Upgrades are signed with the key $IRONHOOK_UPGRADE_KEY, by default
# build/upgrade.key, which is made when it is absent; see docs/stick.md.
#
# Needs no root and no loop device: packages are unpacked, never installed (scripts/debian.sh), and file systems are made in plain files.
# Boot loaders and kernel are those that Debian has signed. The same tree, packages and key give the same bytes.
# docs/stick.md says what is where.
set -eu
cd "$(dirname "$0")/.."
program=$(realpath "$1") out=$(realpath "$2")
version=${3:-$(git describe --always --dirty 2>/dev/null || echo development)}
arch=${4:-amd64}
case $arch in
amd64) efi=x64 grub=x86_64-efi-signed bios=grub-pc-bin ;;
arm64) efi=aa64 grub=arm64-efi-signed bios= ;; # its machines have UEFI only
*)
	echo "usb.sh: $arch: want amd64 or arm64" >&2
	exit 2
	;;
esac
key=${IRONHOOK_UPGRADE_KEY:-$PWD/build/upgrade.key}
. scripts/debian.sh
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
export SOURCE_DATE_EPOCH E2FSPROGS_FAKE_TIME LC_ALL=C TZ=UTC MTOOLS_SKIP_CHECK=1
umask 022
mib=1048576

work=$(mktemp -d "${TMPDIR:-/tmp}/usb.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root

# What of Debian is in it.
kernel=$(kernel_release)
deb ca-certificates all >"$work/files"
for package in "linux-image-$kernel" shim-signed "grub-efi-$arch-signed" e2fsck-static $bios; do
	deb "$package" >>"$work/files"
done
tree=$(unpacked "$kernel" $(cat "$work/files"))
for file in $(cat "$work/files"); do
	dpkg-deb --show --showformat='${Package} ${Version}\n' "$file"
done | sort >"$out.packages"

# The initramfs: our program, a file system checker, modules.
put() { install -D -m "$1" "$2" "$root/$3"; }
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/data" "$root/etc"
put 755 "$program" bin/ironhook
ln -s bin/ironhook "$root/init"
put 755 "$tree/sbin/e2fsck.static" sbin/e2fsck
find "$tree/usr/share/ca-certificates/mozilla" -name '*.crt' | sort | xargs cat >"$work/roots"
put 644 "$work/roots" etc/ssl/certs/ca-certificates.crt
put 644 packaging/60-ironhook.conf etc/sysctl.conf
printf 'root:x:0:0::/:/bin/false\nironhook:x:990:990::/data:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nironhook:x:990:\n' >"$root/etc/group"
printf '127.0.0.1 localhost ironhook\n' >"$root/etc/hosts"

go run ./packaging/usb/sign public "$key" >"$work/keys"
cat packaging/usb/keys/*.pub >>"$work/keys" 2>/dev/null || true
put 644 "$work/keys" etc/ironhook/upgrade-keys

# An empty data partition, as the stick starts with, and as a factory reset makes it again.
data=$work/data.ext4
truncate -s $((32 * mib)) "$data"
mke2fs -q -t ext4 -b 4096 -I 256 -i 65536 -m 1 -J size=12 -L ironhook-data -U 1a0b00c5-da7a-4000-8000-000000000001 \
	-E hash_seed=1a0b00c5-da7a-4000-8000-000000000002,resize=536870912,root_owner=0:0,lazy_itable_init=0,nodiscard "$data"
gzip -9n <"$data" >"$work/data.gz"
put 644 "$work/data.gz" lib/ironhook/data.ext4.gz

go run ./packaging/usb/pack "$root" "$tree/lib/modules/$kernel" "$work/initrd.img"

# FAT for what boot loaders read; clusters are large, because they read one at a time.
fat() { # FILE MIB ID LABEL SECTORS-A-CLUSTER
	truncate -s $(($2 * mib)) "$1"
	mkfs.fat --invariant -F 12 -s "$5" -i "$3" -n "$4" "$1" >/dev/null
}
slot=$work/slot
cp "$tree/boot/vmlinuz-$kernel" "$work/vmlinuz"
touch --date="@$SOURCE_DATE_EPOCH" "$work/vmlinuz" "$work/initrd.img"
case $arch in
amd64)
	fat "$slot" 48 1a0b00c6 IRONHOOK 64
	mcopy -m -i "$slot" "$work/vmlinuz" "$work/initrd.img" ::/
	;;
arm64)
	# Debian does not compress this kernel. Under Secure Boot GRUB verifies what is in a file before it unpacks it (grub-core/kern/file.c), so
	# that the file system has to pack it.
	mksquashfs "$work/vmlinuz" "$work/initrd.img" "$slot" -quiet -no-progress -all-root -no-xattrs -no-exports -comp gzip -b 1M >/dev/null
	truncate --size "%$((48 * mib))" "$slot"
	;;
esac
[ "$(stat -c %s "$slot")" = $((48 * mib)) ] || fail "kernel and initramfs are larger than 48 MiB"
zstd -q -3 -T1 "$slot" -o "$work/slot.zst"
go run ./packaging/usb/sign upgrade "$key" "$work/slot.zst" "$version" "$arch" "$out.upgrade"

esp=$work/esp.fat
fat "$esp" 8 1a0b00c5 IRONHOOKEFI 4
loader=BOOT$(echo "$efi" | tr a-z A-Z).EFI
cp "$tree/usr/lib/shim/shim$efi.efi.signed" "$work/$loader"
cp "$tree/usr/lib/grub/$grub/grub$efi.efi.signed" "$work/grub$efi.efi"
cp packaging/usb/grub.cfg "$work/grub.cfg"
touch --date="@$SOURCE_DATE_EPOCH" "$work/$loader" "$work/grub$efi.efi" "$work/grub.cfg"
mmd -i "$esp" ::/EFI ::/EFI/BOOT ::/EFI/debian
mcopy -m -i "$esp" "$work/$loader" "$work/grub$efi.efi" ::/EFI/BOOT/
mcopy -m -i "$esp" "$work/grub.cfg" ::/EFI/debian/

# Which slot starts: one file, where stick/slots.go has it.
states=$work/states.fat
fat "$states" 1 1a0b00c7 IRONHOOKSTA 4
{ printf '# GRUB Environment Block\nslot=a\ntrial=\ntries=0\n'; printf '#%.0s' $(seq 1024); } | head -c 1024 >"$work/state"
touch --date="@$SOURCE_DATE_EPOCH" "$work/state"
mcopy -m -i "$states" "$work/state" ::/
cmp --ignore-initial=$((37 * 512)):0 --bytes=1024 "$states" "$work/state" || { echo 'usb.sh: the state is not in sector 37' >&2; exit 1; }

# The disk. Partitions have the same numbers everywhere; the first is for BIOS.
new=$work/ironhook-usb.img
truncate -s 140MiB "$new"
partition() { # NUMBER MIB MIBS TYPE NAME
	echo "$new$1 : start=$2MiB, size=$3MiB, type=$4, uuid=1A0B00C5-0000-4000-8000-00000000000$1, name=ironhook-$5"
}
{
	printf 'label: gpt\nlabel-id: 1A0B00C5-0000-4000-8000-000000000000\nfirst-lba: 34\n'
	[ -z "$bios" ] || partition 1 1 1 21686148-6449-6E6F-744E-656564454649 bios
	partition 2 2 1 0FC63DAF-8483-4772-8E79-3D69D8477DE4 state
	partition 3 3 8 C12A7328-F81F-11D2-BA4B-00A0C93EC93B efi
	partition 4 11 48 0FC63DAF-8483-4772-8E79-3D69D8477DE4 a
	partition 5 59 48 0FC63DAF-8483-4772-8E79-3D69D8477DE4 b
	partition 6 107 32 0FC63DAF-8483-4772-8E79-3D69D8477DE4 data
} | sfdisk --quiet --no-reread --no-tell-kernel "$new"
at() { dd if="$1" of="$new" bs=512 seek="$2" conv=notrunc,sparse status=none; } # FILE SECTOR
bytes() { printf "$2" | dd of="$new" bs=1 seek="$1" conv=notrunc status=none; } # OFFSET ESCAPES
at "$states" 4096
at "$esp" 6144
at "$slot" 22528
at "$data" 219136

# The same GRUB for BIOS. The boot record loads sector 2048, whose list of blocks goes on at 2049; without the jump at 0x66 it believes
# firmware that names no drive (grub-bios-setup does the same).
if [ -n "$bios" ]; then
	pc=$tree/usr/lib/grub/i386-pc
	grub-mkimage -O i386-pc -d "$pc" -p '(,gpt3)/EFI/debian' -o "$work/core.img" \
		biosdisk part_gpt fat normal linux echo loadenv test true probe regexp sleep reboot boot configfile search
	dd if="$pc/boot.img" of="$new" bs=1 count=440 conv=notrunc status=none
	bytes 92 '\000\010\000\000\000\000\000\000'
	bytes 102 '\220\220'
	at "$work/core.img" 2048
	bytes $((2048 * 512 + 500)) '\001\010\000\000\000\000\000\000'
fi

# What the map leaves out stays on a stick as it was: only the rest of the empty slot may, which is written before it is read. Zeros of the
# data partition are as good as any bytes: where they lie, the journal of an older stick must not.
cp --sparse=never "$new" "$out.img.new"
fallocate --punch-hole --offset $((60 * mib)) --length $((47 * mib)) "$out.img.new"
mv "$out.img.new" "$out.img"
bmaptool --quiet create "$out.img" --output "$out.bmap"
scripts/usb-list.sh "$(dirname "$out")/os_list.json" "$version" "$out.img"
ls -l "$out.img" | awk '{ print $NF ": " int($5 / 1000000 + 0.5) " MB" }'
