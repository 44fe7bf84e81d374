#!/bin/sh
# Make the directory build/newest: a Debian unstable with OpenStack's newest clients and their
# own tests. Run it as root; again, it does nothing.
set -eu
cd "$(dirname "$0")/.."
root=build/newest
[ -e "$root/.done" ] && exit
command -v debootstrap >/dev/null || apt-get install --yes --no-install-recommends debootstrap
unset TMPDIR # a folder of this system, which the new one may not have
mirror=${MIRROR:-http://deb.debian.org/debian}
rm -rf "$root"
mkdir -p "$root"
echo "module newest" >"$root/go.mod" # its Go files are none of this module's
debootstrap --variant=minbase sid "$root" "$mirror"
echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/snapshot" # the mirror may be one
chroot "$root" apt-get update
chroot "$root" apt-get install --yes --no-install-recommends python3-openstacksdk python3-openstackclient python3-ironicclient \
	python3-oslotest python3-testtools python3-fixtures python3-statsd ansible
touch "$root/.done"
