# Files out of Debian's packages, for scripts that have read this one (.) and set arch to amd64 or arm64. The packages are those that apt
# on this machine would install; they are downloaded and unpacked, never installed, and no root is needed. For an architecture other than
# that of this machine apt must know it (dpkg --add-architecture arm64 && apt-get update).
# Functions with round brackets keep their variables to themselves.
cache=$PWD/build/cache/packages

fail() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

PATH=$PATH:/usr/sbin:/sbin
command -v depmod >/dev/null || fail "depmod is missing (package kmod)"
mkdir -p "$cache"

# deb downloads a package unless it is there, and prints its file. In a user namespace apt takes
# itself for root and tries to become _apt, whom the namespace does not know: it is told not to.
deb() ( # PACKAGE [all]
	version=$(apt-cache show --no-all-versions "$1:${2:-$arch}" 2>/dev/null | awk '$1 == "Version:" { print $2; exit }')
	[ -n "$version" ] || unknown "$1"
	file=$cache/$1_$(echo "$version" | sed 's/:/%3a/')_${2:-$arch}.deb
	if [ ! -f "$file" ]; then
		(cd "$cache" && apt-get -o APT::Sandbox::User=root download -qq "$1:${2:-$arch}=$version") >&2 ||
			fail "apt-get download $1 failed; an old package list is the usual cause: run apt-get update as root"
	fi
	echo "$file"
)

unknown() { fail "apt knows no $1 for $arch; as root: dpkg --add-architecture $arch && apt-get update"; }

# kernel_release prints the release of Debian's kernel, as uname -r says it.
kernel_release() (
	release=$(apt-cache depends "linux-image-$arch:$arch" 2>/dev/null | sed -n 's/.*Depends: linux-image-\([0-9][^ :]*\).*/\1/p' | head -n 1)
	[ -n "$release" ] || unknown "linux-image-$arch"
	echo "$release"
)

# unpacked prints the directory with the files of the packages, which is made once: that takes longer than all the rest. Kernel modules are
# not compressed there, as the kernel takes them from a program, and are indexed.
unpacked() ( # RELEASE FILE...
	release=$1
	shift
	dir=$cache/$(for file; do basename "$file"; done | sha256sum | cut -c 1-16)
	if [ ! -d "$dir" ]; then
		tmp=$(mktemp -d "$cache/unpacking.XXXXXX")
		trap 'rm -rf "$tmp"' EXIT
		for file; do dpkg-deb --extract "$file" "$tmp"; done
		for folder in bin sbin lib; do # newer Debians have all of them below /usr
			mkdir -p "$tmp/usr/$folder"
			[ ! -d "$tmp/$folder" ] || { cp -al "$tmp/$folder/." "$tmp/usr/$folder/" && rm -r "${tmp:?}/$folder"; }
			ln -s "usr/$folder" "$tmp/$folder"
		done
		find "$tmp/lib/modules" -name '*.ko.xz' -exec xz --decompress {} +
		depmod -b "$tmp" "$release" 2>"$tmp/depmod" || fail "depmod: $(cat "$tmp/depmod")"
		chmod 755 "$tmp"
		mv "$tmp" "$dir"
	fi
	echo "$dir"
)
