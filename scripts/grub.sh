#!/bin/sh
# Put the signed GRUB of Debian 13 into build/grub: that of Debian 12 loads nothing over HTTP. It is
# for tests only. The package is named by version and SHA-256; it comes from the mirrors that apt
# uses here, then from Debian's snapshot archive, which keeps every version.
set -eu
cd "$(dirname "$0")/.."
deb='grub-efi-amd64-signed_1+2.12+9+deb13u4_amd64.deb'
sha256=9090ac76b1bb4d009298583c6e5af1e7b2cae8bce96a40d42a271eb2f750b536
pool="pool/main/g/grub-efi-amd64-signed/$deb"
dir=build/grub
[ -e "$dir/grubnetx64.efi" ] && exit
mkdir -p "$dir"
places=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" { print $2 }' | sort -u)
for place in $places https://snapshot.debian.org/archive/debian/20261115T000000Z/; do
	if /usr/lib/apt/apt-helper download-file "${place%/}/$pool" "$dir/$deb" "SHA256:$sha256"; then
		dpkg-deb --extract "$dir/$deb" "$dir/tree"
		cp "$dir/tree/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed" "$dir/grubnetx64.efi"
		exit
	fi
done
echo "grub.sh: no mirror gave $deb with the right SHA-256" >&2
exit 1
