#!/bin/sh
# Make the Debian package build/ironhook_VERSION_ARCH.deb of build/ironhook:
#
#	scripts/deb.sh PROGRAM ARCH
#
# The same tree gives the same bytes: the time of everything is that of the commit. VERSION is another
# version than that of git, OUT another directory than build.
set -eu
cd "$(dirname "$0")/.."
program=$1 arch=$2

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# A version of Debian begins with a digit; ~ sorts before the release that is to come.
version=${VERSION:-$(git describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//; s/-/+/; s/-/./g')}
version=${version:-0~git$(git log -1 --format=%cd --date=format:%Y%m%d).$(git rev-parse --short=12 HEAD)}
umask 022
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

put() { install -D -m "$1" "$2" "$root/$3"; }

pages=$root.man
trap 'rm -rf "$root" "$pages"' EXIT
go run ./packaging/man "$pages"
put 755 "$program" usr/bin/ironhook
put 644 packaging/ironhook.service lib/systemd/system/ironhook.service
put 644 packaging/60-ironhook.conf usr/lib/sysctl.d/60-ironhook.conf
put 644 "$pages/ironhook.bash" usr/share/bash-completion/completions/ironhook
put 644 "$pages/_ironhook" usr/share/zsh/vendor-completions/_ironhook
put 644 "$pages/ironhook.fish" usr/share/fish/vendor_completions.d/ironhook.fish
for page in "$pages"/man1/*.1; do
	put 644 "$page" "usr/share/man/man1/${page##*/}"
done
find "$root/usr/share/man" -type f -exec gzip -9n {} +
mkdir -p "$root/etc/ironhook"
go run . config >"$root/etc/ironhook/ironhook.toml"

doc="$root/usr/share/doc/ironhook"
mkdir -p "$doc"
{
	echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
	echo 'Upstream-Name: Ironhook'
	echo
	echo 'Files: *'
	echo 'Copyright: 2026 the authors of Ironhook'
	echo 'License: Apache-2.0'
	echo ' The full text is in /usr/share/common-licenses/Apache-2.0.'
	echo ' The program contains the work of others: see NOTICE, and run ironhook licenses.'
} >"$doc/copyright"
gzip -9n <NOTICE >"$doc/NOTICE.gz"
gzip -9n <CHANGELOG.md >"$doc/NEWS.gz"
{
	echo "ironhook ($version) unstable; urgency=medium"
	echo
	echo '  * See NEWS.gz.'
	echo
	echo " -- The authors of Ironhook <ironhook@localhost>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
put 644 packaging/deb/lintian-overrides usr/share/lintian/overrides/ironhook

control="$root/DEBIAN"
mkdir -p "$control"
size=$(du -sk --apparent-size --exclude DEBIAN "$root" | cut -f1)
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/" packaging/deb/control >"$control/control"
echo /etc/ironhook/ironhook.toml >"$control/conffiles"
for script in postinst prerm postrm; do
	put 755 "packaging/deb/$script" "DEBIAN/$script"
done
(cd "$root" && find etc lib usr -type f | LC_ALL=C sort | xargs md5sum) >"$control/md5sums"
chmod 644 "$control/control" "$control/conffiles" "$control/md5sums" "$root/etc/ironhook/ironhook.toml" "$doc"/*
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

out="${OUT:-build}/ironhook_${version}_$arch.deb"
dpkg-deb --root-owner-group -Zxz --build "$root" "$out" >/dev/null
echo "$out"
