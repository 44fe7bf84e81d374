#!/bin/sh
# Make the image of the stick of the program given, and the upgrade with which an older stick becomes this one:
#
#	scripts/usb.sh build/ironhook build/ironhook-usb [VERSION]
#
# writes build/ironhook-usb.img, .bmap, .upgrade, .packages and build/os_list.json. Upgrades are signed with the key $IRONHOOK_UPGRADE_KEY, by default
# build/upgrade.key, which is made when it is absent; see docs/stick.md.
#
# Needs no root and no loop device: packages are unpacked, never installed, and file systems are made in plain files.
# Boot loaders and kernel are those that Debian has signed. The same tree, packages and key give the same bytes.
# docs/stick.md says what is where.
set -eu
cd "$(dirname "$0")/.."
program=$(realpath "$1") out=$(realpath "$2")
version=${3:-$(git describe --always --dirty 2>/dev/null || echo development)}
key=${IRONHOOK_UPGRADE_KEY:-$PWD/build/upgrade.key}
PATH=$PATH:/usr/sbin:/sbin
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
export PATH SOURCE_DATE_EPOCH E2FSPROGS_FAKE_TIME LC_ALL=C TZ=UTC MTOOLS_SKIP_CHECK=1
umask 022
mib=1048576

cache=$PWD/build/cache/usb
mkdir -p "$cache"
work=$(mktemp -d "${TMPDIR:-/tmp}/usb.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree root=$work/root
mkdir -p "$tree" "$root"

# Packages, unpacked into $tree.
kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-\([0-9][^ ]*\)$/\1/p' | head -n 1)
[ -n "$kernel" ] || { echo "usb.sh: apt knows no linux-image-amd64: run apt-get update as root" >&2; exit 1; }
for package in "linux-image-$kernel" shim-signed grub-efi-amd64-signed grub-pc-bin busybox-static e2fsck-static ca-certificates; do
	known=$(apt-cache show --no-all-versions "$package" | sed -n 's/^Version: //p')
	deb=$cache/${package}_$(echo "$known" | sed 's/:/%3a/g')_*.deb
	ls $deb >/dev/null 2>&1 || (cd "$cache" && apt-get -o APT::Sandbox::User=root download -qq "$package")
	dpkg-deb --extract $deb "$tree"
	echo "$package $known"
done >"$out.packages"

# The initramfs: our program, a file system checker, modprobe, modules.
put() { install -D -m "$1" "$2" "$root/$3"; }
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/data" "$root/etc" "$root/sbin"
put 755 "$program" bin/ironhook
ln -s bin/ironhook "$root/init"
put 755 "$tree/bin/busybox" bin/busybox
ln -s ../bin/busybox "$root/sbin/modprobe"
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

depmod -b "$tree" "$kernel"
modules=$tree/lib/modules/$kernel
grep -v '^#' packaging/usb/modules | while read -r name; do
	found=$(cd "$modules" && find "kernel/$name" -name '*.ko*' 2>/dev/null | sort)
	[ -n "$found" ] || echo "usb.sh: this kernel has no $name" >&2
	echo "$found"
done >"$work/wanted"
# A line of modules.dep names a module and all that it needs.
awk -F: 'NR == FNR { want[$1]; next } $1 in want { n = split($1 " " $2, all, " "); for (i = 1; i <= n; i++) print all[i] }' \
	"$work/wanted" "$modules/modules.dep" | sort -u | while read -r module; do
	put 644 "$modules/$module" "lib/modules/$kernel/${module%.xz}"
	case $module in *.xz) xz --decompress --stdout "$modules/$module" >"$root/lib/modules/$kernel/${module%.xz}" ;; esac
done
for name in modules.order modules.builtin modules.builtin.modinfo; do
	put 644 "$modules/$name" "lib/modules/$kernel/$name"
done
depmod -b "$root" "$kernel"
rm -f "$root/lib/modules/$kernel"/*.bin

# An empty data partition, as the stick starts with, and as a factory reset makes it again.
data=$work/data.ext4
truncate -s $((32 * mib)) "$data"
mke2fs -q -t ext4 -b 4096 -I 256 -i 65536 -m 1 -J size=12 -L ironhook-data -U 1a0b00c5-da7a-4000-8000-000000000001 \
	-E hash_seed=1a0b00c5-da7a-4000-8000-000000000002,resize=536870912,root_owner=0:0,lazy_itable_init=0,nodiscard "$data"
gzip -9n <"$data" >"$work/data.gz"
put 644 "$work/data.gz" lib/ironhook/data.ext4.gz

find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
(cd "$root" && find . -mindepth 1 | sort | cpio --quiet --reproducible --create --format=newc --owner=0:0) | zstd -q -12 -T1 >"$work/initrd.img"

# FAT for what boot loaders read; clusters are large, because they read one at a time.
fat() { # FILE MIB ID LABEL SECTORS-A-CLUSTER
	truncate -s $(($2 * mib)) "$1"
	mkfs.fat --invariant -F 12 -s "$5" -i "$3" -n "$4" "$1" >/dev/null
}
slot=$work/slot.fat
fat "$slot" 48 1a0b00c6 IRONHOOK 64
cp "$tree/boot/vmlinuz-$kernel" "$work/vmlinuz"
touch --date="@$SOURCE_DATE_EPOCH" "$work/vmlinuz" "$work/initrd.img"
mcopy -m -i "$slot" "$work/vmlinuz" "$work/initrd.img" ::/
zstd -q -3 -T1 "$slot" -o "$work/slot.zst"
go run ./packaging/usb/sign upgrade "$key" "$work/slot.zst" "$version" amd64 "$out.upgrade"

esp=$work/esp.fat
fat "$esp" 8 1a0b00c5 IRONHOOKEFI 4
cp "$tree/usr/lib/shim/shimx64.efi.signed" "$work/BOOTX64.EFI"
cp "$tree/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$work/grubx64.efi"
cp packaging/usb/grub.cfg "$work/grub.cfg"
touch --date="@$SOURCE_DATE_EPOCH" "$work/BOOTX64.EFI" "$work/grubx64.efi" "$work/grub.cfg"
mmd -i "$esp" ::/EFI ::/EFI/BOOT ::/EFI/debian
mcopy -m -i "$esp" "$work/BOOTX64.EFI" "$work/grubx64.efi" ::/EFI/BOOT/
mcopy -m -i "$esp" "$work/grub.cfg" ::/EFI/debian/

# Which slot starts: one file, where stick/slots.go has it.
states=$work/states.fat
fat "$states" 1 1a0b00c7 IRONHOOKSTA 4
{ printf '# GRUB Environment Block\nslot=a\ntrial=\ntries=0\n'; printf '#%.0s' $(seq 1024); } | head -c 1024 >"$work/state"
touch --date="@$SOURCE_DATE_EPOCH" "$work/state"
mcopy -m -i "$states" "$work/state" ::/
cmp --ignore-initial=$((37 * 512)):0 --bytes=1024 "$states" "$work/state" || { echo 'usb.sh: the state is not in sector 37' >&2; exit 1; }

# The same GRUB for BIOS.
bios=$tree/usr/lib/grub/i386-pc
grub-mkimage -O i386-pc -d "$bios" -p '(,gpt3)/EFI/debian' -o "$work/core.img" \
	biosdisk part_gpt fat normal linux echo loadenv test true probe regexp sleep reboot boot configfile search

# The disk.
new=$work/ironhook-usb.img
truncate -s 140MiB "$new"
sfdisk --quiet --no-reread --no-tell-kernel "$new" <<-TABLE
	label: gpt
	label-id: 1A0B00C5-0000-4000-8000-000000000000
	first-lba: 34
	start=1MiB, size=1MiB, type=21686148-6449-6E6F-744E-656564454649, uuid=1A0B00C5-0000-4000-8000-000000000001, name=ironhook-bios
	start=2MiB, size=1MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=1A0B00C5-0000-4000-8000-000000000002, name=ironhook-state
	start=3MiB, size=8MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=1A0B00C5-0000-4000-8000-000000000003, name=ironhook-efi
	start=11MiB, size=48MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=1A0B00C5-0000-4000-8000-000000000004, name=ironhook-a
	start=59MiB, size=48MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=1A0B00C5-0000-4000-8000-000000000005, name=ironhook-b
	start=107MiB, size=32MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=1A0B00C5-0000-4000-8000-000000000006, name=ironhook-data
TABLE
at() { dd if="$1" of="$new" bs=512 seek="$2" conv=notrunc,sparse status=none; } # FILE SECTOR
bytes() { printf "$2" | dd of="$new" bs=1 seek="$1" conv=notrunc status=none; } # OFFSET ESCAPES

# The boot record loads sector 2048, whose list of blocks goes on at 2049; without the jump at 0x66 it believes
# firmware that names no drive (grub-bios-setup does the same).
dd if="$bios/boot.img" of="$new" bs=1 count=440 conv=notrunc status=none
bytes 92 '\000\010\000\000\000\000\000\000'
bytes 102 '\220\220'
at "$work/core.img" 2048
bytes $((2048 * 512 + 500)) '\001\010\000\000\000\000\000\000'
at "$states" 4096
at "$esp" 6144
at "$slot" 22528
at "$data" 219136
# What the map leaves out stays on a stick as it was: only the rest of the empty slot may, which is written before it is read. Zeros of the
# data partition are as good as any bytes: where they lie, the journal of an older stick must not.
cp --sparse=never "$new" "$out.img.new"
fallocate --punch-hole --offset $((60 * mib)) --length $((47 * mib)) "$out.img.new"
mv "$out.img.new" "$out.img"
bmaptool --quiet create "$out.img" --output "$out.bmap"
# For Raspberry Pi Imager (custom repository); the address is where the image will be downloaded from.
cat >"$(dirname "$out")/os_list.json" <<-LIST
	{"os_list": [{
	  "name": "Ironhook $version",
	  "description": "A stick that makes any 64-bit PC the boot server of its room",
	  "url": "${IRONHOOK_RELEASE_URL:-file://$(dirname "$out")}/$(basename "$out").img",
	  "release_date": "$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)",
	  "extract_size": $(stat -c %s "$out.img"),
	  "extract_sha256": "$(sha256sum <"$out.img" | cut -d ' ' -f 1)",
	  "image_download_size": $(stat -c %s "$out.img"),
	  "image_download_sha256": "$(sha256sum <"$out.img" | cut -d ' ' -f 1)",
	  "init_format": "none",
	  "devices": []
	}]}
LIST
ls -l "$out.img" | awk '{ print $NF ": " int($5 / 1000000 + 0.5) " MB" }'
