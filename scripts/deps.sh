#!/bin/sh
# Install the Debian packages that a make target needs, and say why.
#
#	scripts/deps.sh demo|test|matrix|bench|build|agent|deb|deb-test|usb|release
#
# Does nothing when all of them are there. As root it installs; otherwise it
# uses sudo if sudo asks no password; otherwise it prints the one command to
# run and exits 2.
set -eu

build='
ca-certificates		fetch Go modules
git			stamp the version into the binary
'
# The image of the stick, of Debian's packages, without root.
usb="$build"'
bmap-tools		say which parts of the image to write
dosfstools		make what boot loaders read
e2fsprogs		make the data partition
fdisk			make the table of partitions
grub-common		make the boot loader for BIOS
kmod			make the index of kernel modules
mtools			write files into FAT
squashfs-tools		pack the kernel for arm64
xz-utils		unpack compressed kernel modules
zstd			pack upgrades
'
# A network, machines, their BMCs, and a disk to boot from.
demo="$build"'
dosfstools		make the FAT part of the boot image
e2fsprogs		make the ext4 root of the boot image
iproute2		build the network that the machines live in
kmod			choose the kernel modules for the boot image and the agent
mtools			write files into the FAT part of the boot image
openipmi		a BMC for each machine (ipmi_sim)
ovmf			UEFI firmware
qemu-system-x86		the machines
syslinux		BIOS boot loader of the boot image
syslinux-common		BIOS boot loader of the boot image
xz-utils		unpack compressed kernel modules
'
# Independent peers to hold Ironhook against.
test="$demo"'
bmap-tools		make the image of the stick
busybox			a DHCP client and a TFTP client
bzip2			pack images as publishers do
chromium		look at the pages in a real browser
cpio			a second opinion on the initramfs
curl			the commands of the guide
dnsmasq-base		a DHCP server to share the network with
fdisk			make the image of the stick
fio			write to an iSCSI disk and read back what was written
gcc			the race detector needs a C compiler
genisoimage		read the config drives that Ironhook writes (isoinfo)
grub-efi-amd64-signed	the boot loader for Secure Boot
grub-common		make a boot loader for the image of a real Debian
grub-pc-bin		the boot loader
ipmitool		a second opinion on the BMC
libc6-dev		and the headers of the C library
libiscsi-bin		judge the iSCSI target
lz4			pack images as publishers do
mmdebstrap		install a real Debian into a disk image
nfs-ganesha-vfs		serve a root over NFS
nftables		lose packets
procps			set how simulated machines answer ARP
python3-ironic		move machines out of an Ironic, and into one
python3-ironicclient	drive the API with the stock client
python3-openstackclient	drive the API with the stock client
python3-openstacksdk	its tests of the Bare Metal API
python3-oslotest	run them
python3-sushy		a second opinion on the Redfish BMC of the tests
rpcbind			the port mapper of NFS 3
qemu-block-extra	the iSCSI initiator of QEMU
qemu-utils		make and read disk images
sbsigntool		sign boot programs
snmpd			a power distribution unit for the tests to switch
systemd			judge the unit of the package
sg3-utils		a second opinion on SCSI names and pages
shim-signed		what firmware with Secure Boot starts
zip			pack images as publishers do
zstd			pack images as publishers do
'
bench="$demo"'
curl			ask the API during a storm
dnsmasq-base		DHCP and TFTP to compare with
libiscsi-bin		load the iSCSI targets with reads
nftables		lose packets
procps			set how simulated machines answer ARP
python3			HTTP to compare with
python3-ironic		the Bare Metal API to compare with
qemu-block-extra	the iSCSI initiator of QEMU
qemu-utils		load the iSCSI targets with writes
tgt			iSCSI target to compare with
'

deb="$build"'
dpkg			build the package
lintian			judge it
systemd			judge its unit
'
# The package in clean Debians.
deb_test="$deb"'
e2fsprogs		make their disks
mmdebstrap		install Debian into them
qemu-system-x86		the machines that they start in
sqlite3			put the database of the first release there
'
release="$deb$usb"'
minisign		sign the checksums
'

# npm may be there without Debian's package, as with NodeSource's.
command -v npm >/dev/null || test="$test"'
npm			fetch what judges the accessibility of pages (scripts/axe.sh)
'
matrix="$test"'
qemu-efi-aarch64	UEFI firmware of machines of arm64
qemu-system-arm		the machines
squashfs-tools		pack the kernel of the stick for arm64
'
agent="$build"'
kmod			make the index of kernel modules
xz-utils		unpack compressed kernel modules
'

# missing prints the packages of the list on stdin that are not installed.
missing() {
	awk 'NF { print $1 }' | while read -r package; do
		state=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null) || state=
		[ "$state" = installed ] || echo "$package"
	done
}

# why prints the lines of the list that tell of the packages given.
why() {
	for package; do
		echo "$list" | awk -v p="$package" '$1 == p { $1 = ""; printf "  %-24s%s\n", p, $0; exit }'
	done
}

case "${1:-}" in
build) list=$build ;;
demo) list=$demo ;;
test) list=$test ;;
matrix) list=$matrix ;;
bench) list=$bench ;;
agent) list=$agent ;;
usb) list=$usb ;;
deb) list=$deb ;;
deb-test) list=$deb_test ;;
release) list=$release ;;
*)
	echo "usage: scripts/deps.sh demo|test|matrix|bench|build|agent|deb|deb-test|usb|release" >&2
	exit 2
	;;
esac

command -v dpkg-query >/dev/null || {
	echo "deps.sh: this is not Debian; install what provides these, then go on:" >&2
	echo "$list" >&2
	exit 2
}
packages=$(echo "$list" | missing | tr '\n' ' ')
# The boot image takes a kernel from the archive without installing it, so apt
# must know the archive even when every package is there.
apt-cache show linux-image-amd64 >/dev/null 2>&1 && known=yes || known=
[ "$packages$known" != yes ] || exit 0

command='apt-get update -qq'
[ -z "$packages" ] || command="$command && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -qq --yes --no-install-recommends $packages>/dev/null"
if [ "$(id -u)" = 0 ]; then
	as_root=
elif sudo -n true 2>/dev/null; then
	as_root='sudo -n'
else
	echo "Packages are missing for 'make $1':" >&2
	why $packages >&2
	echo "Install them with this command, then run it again:" >&2
	echo "  sudo sh -c '$command'" >&2
	exit 2
fi

echo "Installing for 'make $1':"
why $packages
$as_root sh -c "$command"
