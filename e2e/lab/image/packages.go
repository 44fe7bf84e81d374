package image

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Packages the image takes files from. They are unpacked, never installed: a
// host needs neither a second kernel nor an iSCSI daemon of its own.
var unpacked = []string{
	"busybox-static",
	"libisns0",
	"libopeniscsiusr",
	"open-iscsi",
	"systemd-boot-efi",
}

// tree is a folder that packages were unpacked into, and the kernel found there.
type tree struct {
	arch   Arch
	dir    string
	kernel string // as uname -r says it
}

func (t tree) path(name string) string { return filepath.Join(t.dir, name) }

// fetch downloads the packages into cache, where they stay, and unpacks them.
func (a Arch) fetch(ctx context.Context, cache, dir string) (tree, error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return tree{}, err
	}
	kernel, err := a.kernelRelease(ctx)
	if err != nil {
		return tree{}, err
	}
	for _, name := range slices.Concat([]string{"linux-image-" + kernel}, unpacked, a.packages) {
		deb, err := a.download(ctx, cache, name)
		if err != nil {
			return tree{}, err
		}
		if _, err := run(ctx, "dpkg-deb", "--extract", deb, dir); err != nil {
			return tree{}, err
		}
	}
	return tree{arch: a, dir: dir, kernel: kernel}, nil
}

var kernelPackage = regexp.MustCompile(`Depends: linux-image-(\d[^\s:]*)`)

// kernelRelease asks apt which kernel Debian's metapackage means today. It is
// the generic kernel: the one for clouds has no driver for the e1000 card.
func (a Arch) kernelRelease(ctx context.Context) (string, error) {
	out, err := run(ctx, "apt-cache", "depends", a.qualify("linux-image-"+a.Name))
	if err != nil {
		return "", err
	}
	m := kernelPackage.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("apt knows no linux-image-%[1]s: run dpkg --add-architecture %[1]s && apt-get update as root", a.Name)
	}
	return string(m[1]), nil
}

// qualify names a package of the architecture for apt.
func (a Arch) qualify(name string) string { return name + ":" + a.Name }

// download returns the package file in cache, downloading it when it is not there.
func (a Arch) download(ctx context.Context, cache, name string) (string, error) {
	if deb := a.newest(cache, name); deb != "" {
		return deb, nil
	}
	// In a user namespace apt takes itself for root and tries to become _apt, whom
	// the namespace does not know: it is told not to.
	if _, err := run(ctx, "env", "-C", cache, "apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", a.qualify(name)); err != nil {
		return "", fmt.Errorf("%w\n(an old package list is the usual cause: run apt-get update as root)", err)
	}
	if deb := a.newest(cache, name); deb != "" {
		return deb, nil
	}
	return "", fmt.Errorf("apt-get download %s left no file in %s", name, cache)
}

func (a Arch) newest(cache, name string) string {
	found, _ := filepath.Glob(filepath.Join(cache, name+"_*_"+a.Name+".deb"))
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

// run runs a tool and returns what it printed; its complaint becomes the error.
func run(ctx context.Context, name string, args ...string) ([]byte, error) {
	return runEnv(ctx, nil, name, args...)
}

// runEnv is run with additional environment variables, as NAME=value.
func runEnv(ctx context.Context, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.Env = append(cmd.Env, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}
