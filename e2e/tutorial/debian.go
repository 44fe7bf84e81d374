package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// debian is a clean system, of Debian's smallest set of packages and the program.
type debian struct{ root string }

// base makes the archive that each system is unpacked from, once.
const base = `
tar=$(pwd)/build/roots/minbase-$1.tar
if [ ! -s "$tar" ]; then
	mkdir -p build/roots
	mmdebstrap --quiet --format=tar --variant=minbase "$1" "$tar.part" && mv "$tar.part" "$tar"
fi
tar -C "$2" -xf "$tar" --exclude='./dev/*'
install -m 755 "$3" "$2/usr/local/bin/ironhook"
cp /etc/resolv.conf "$2/etc/resolv.conf"
`

func newDebian(ctx context.Context, suite, program string) (*debian, error) {
	root, err := os.MkdirTemp("", "tutorial-*")
	if err != nil {
		return nil, err
	}
	d := &debian{root}
	if err := os.Chmod(root, 0o755); err != nil { // apt reads it as another user
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "sh", "-euc", base, "sh", suite, root, program).CombinedOutput(); err != nil {
		_ = d.close() // the cause is above
		return nil, fmt.Errorf("make a Debian %s: %w\n%s", suite, err, out)
	}
	return d, nil
}

func (d *debian) close() error { return os.RemoveAll(d.root) }

// enter brings the files of the kernel into the root and becomes a command in it.
const enter = `
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
mkdir "$root/dev/net"
for d in null zero urandom random net/tun; do touch "$root/dev/$d"; mount --bind "/dev/$d" "$root/dev/$d"; done
exec chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 COLUMNS=200 \
	${http_proxy:+http_proxy="$http_proxy"} DEBIAN_FRONTEND=noninteractive sh -c 'cd /root; exec "$@"' sh "$@"
`

// words are those of a command in that system.
func (d *debian) words(args ...string) []string {
	return append([]string{"unshare", "--mount", "--propagation", "private", "sh", "-euc", enter, "sh", d.root}, args...)
}
