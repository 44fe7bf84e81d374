package boot

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// nfsRoot is a root file system that the kernel or its initramfs mounts over NFS.
type nfsRoot struct {
	server, path string
	options      []string // of the mount: vers=4.2, tcp, ...
	access       string   // a key of accesses
}

// accesses are the values of access: what each adds to the kernel's arguments. The overlay
// keeps what is written in memory; an initramfs makes it that knows overlayroot=
// (the packages overlayroot and cloud-initramfs-tools).
var accesses = map[string][]string{
	"ro":      {"ro"},
	"rw":      {"rw"},
	"overlay": {"ro", "overlayroot=tmpfs"},
}

// parseNFSRoot reads nfs_root: SERVER:/PATH[,OPTION]..., nfs://SERVER/PATH, or an object
// with server, path, and optionally version, options (a text or a list) and access (ro, rw
// or overlay). Without access the option ro or rw decides, and rw is the default, as in the
// kernel's own nfsroot= (Linux, Documentation/admin-guide/nfs/nfsroot.rst).
func parseNFSRoot(v any) (r nfsRoot, err error) {
	switch v := v.(type) {
	case string:
		r.server, r.path, r.options, err = splitNFSRoot(strings.TrimSpace(v))
	case map[string]any:
		r, err = nfsRootOf(v)
	default:
		err = fmt.Errorf("is neither a text nor an object")
	}
	if err != nil {
		return r, err
	}
	r.chooseAccess()
	return r, r.check()
}

// splitNFSRoot splits the text form. A server's IPv6 address is in brackets.
func splitNFSRoot(text string) (server, path string, options []string, err error) {
	if u, err := url.Parse(text); err == nil && u.Scheme == "nfs" && u.RawQuery == "" && u.Fragment == "" && u.User == nil {
		server, text = u.Hostname(), u.Path
		if u.Port() != "" {
			options = append(options, "port="+u.Port())
		}
	} else if address, rest, ok := strings.Cut(text, "]:"); ok && strings.HasPrefix(address, "[") {
		server, text = address[1:], rest
	} else if server, text, ok = strings.Cut(text, ":"); !ok {
		return "", "", nil, fmt.Errorf("is not like SERVER:/PATH,OPTION or nfs://SERVER/PATH")
	}
	parts := strings.Split(text, ",")
	return server, parts[0], append(options, parts[1:]...), nil
}

// nfsRootOf reads the object form. A key that it does not know is an error.
func nfsRootOf(o baremetal.Object) (r nfsRoot, err error) {
	for key, v := range o {
		text := fmt.Sprint(v)
		switch key {
		case "server":
			r.server = strings.Trim(text, "[]")
		case "path":
			r.path = text
		case "version":
			r.options = append([]string{"vers=" + text}, r.options...)
		case "access":
			r.access = text
		case "options":
			list, isList := v.([]any)
			if !isList {
				list = []any{v}
			}
			for _, option := range list {
				r.options = append(r.options, strings.Split(fmt.Sprint(option), ",")...)
			}
		default:
			err = fmt.Errorf("has an unknown key %.40q: server, path, version, options and access are known", key)
		}
	}
	return r, err
}

// chooseAccess takes ro and rw out of the options, where access does not say it.
func (r *nfsRoot) chooseAccess() {
	r.options = slices.DeleteFunc(r.options, func(option string) bool {
		if option == "ro" || option == "rw" {
			if r.access == "" {
				r.access = option
			}
			return true
		}
		return false
	})
	if r.access == "" {
		r.access = "rw"
	}
}

// check refuses what cannot be written in a kernel's argument nfsroot=.
func (r *nfsRoot) check() error {
	address, err := netip.ParseAddr(r.server)
	switch {
	case err != nil && !made(r.server, ".-"), r.server == "", address.Zone() != "":
		return fmt.Errorf("has a server that is neither an address nor a host name")
	case !strings.HasPrefix(r.path, "/"), !made(r.path, "/._-+@=~"), slices.Contains(strings.Split(r.path, "/"), ".."):
		return fmt.Errorf("has a path that does not begin with / or has other characters than letters, digits and ._-+@=~")
	case accesses[r.access] == nil:
		return fmt.Errorf("has access %.20q: set it to ro, rw or overlay", r.access)
	}
	for _, option := range r.options {
		version, isVersion := strings.CutPrefix(option, "vers=")
		switch {
		case option == "", !made(option, "=._-:/"):
			return fmt.Errorf("has an option that is empty or has other characters than letters, digits and =._-:/")
		case isVersion && !slices.Contains([]string{"3", "4", "4.0", "4.1", "4.2"}, version):
			return fmt.Errorf("has version %.20q: set it to 3, 4, 4.1 or 4.2", version)
		}
	}
	return nil
}

// made reports whether text is made of letters, digits and the given characters.
func made(text, others string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	}) < 0
}

// args are the kernel's arguments: the root, and the network that reaches it. The card is
// the one that iPXE has booted from, in PXELINUX's notation, which every initramfs knows.
func (r nfsRoot) args() []string {
	server := r.server
	if strings.Contains(server, ":") {
		server = "[" + server + "]"
	}
	root := strings.Join(append([]string{server + ":" + r.path}, r.options...), ",")
	return append([]string{"root=/dev/nfs", "nfsroot=" + root, "ip=dhcp"}, accesses[r.access]...)
}
