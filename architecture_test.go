package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// may says which of our packages each package may import; "..." at the end stands
// for everything below. ARCHITECTURE.md shows the same as a picture.
var may = map[string][]string{
	"":               {"cli", "internal/limit"},
	"packaging":      {},
	"agent":          {"agent/..."},
	"agent/disk":     {"agent/hardware"},
	"agent/hardware": {},
	"agent/modules":  {},
	"agent/network":  {},
	"agent/rescue":   {},
	"cli":            {"agent", "appliance/...", "baremetal", "cli/client", "stick"},
	"stick":          {"agent/modules", "agent/network"},
	"appliance": {"appliance/backup", "appliance/sandbox", "baremetal", "store", "fleet", "ipxe", "bootsrv/...", "power/drivers",
		"storage/...", "volume", "conductor", "console", "api/...", "web", "herald", "traces", "stick", "internal/egress", "internal/limit",
		"internal/pace", "internal/timing"},
	"appliance/backup":    {"store", "volume"},
	"appliance/sandbox":   {},
	"appliance/export":    {"block/...", "volume/image", "internal/limit"},
	"appliance/shelftest": {},
	"cli/client":          {"internal/python"},
	"baremetal":           {},
	"boot":                {"baremetal"},
	"inspection":          {"baremetal", "internal/python"},
	"store":               {"baremetal", "internal/timing"},
	"store/storetest":     {"store"},
	"ipxe":                {"baremetal"},
	"grub":                {"baremetal"},
	"bootsrv/...":         {"baremetal", "boot", "grub", "ipxe", "store", "bootsrv/...", "internal/limit", "internal/timing"},
	"power/...":           {"baremetal", "power/...", "internal/limit"},
	"power/drivers":       {"conductor", "power/..."},
	"power/powertest":     {"baremetal", "conductor"},
	"block":               {"block/scsi"},
	"block/scsi/...":      {"block/scsi"},
	"block/filedisk":      {},
	"block/iscsi/...":     {"block", "block/scsi", "block/iscsi/..."},
	"volume":              {},
	"volume/image":        {"volume", "internal/egress", "internal/jail", "internal/limit"},
	"storage": {"baremetal", "boot", "ipxe", "store", "block/...", "volume/...", "storage/...", "internal/isofs",
		"internal/limit"},
	"storage/cinder": {"baremetal", "internal/limit"},
	"storage/pool":   {"baremetal", "store", "volume/...", "internal/egress", "internal/limit"},
	"storage/watch":  {"block", "block/iscsi"},
	"fleet":          {"baremetal", "boot", "inspection", "store"},
	"console":        {"baremetal", "store", "internal/limit"},
	"conductor": {"baremetal", "boot", "inspection", "store", "fleet", "internal/egress", "internal/isofs", "internal/limit",
		"internal/python", "internal/timing"},
	"api/baremetal":       {"baremetal", "inspection", "store", "fleet", "conductor", "api/door", "api/rest", "internal/limit"},
	"api/blockstorage":    {"baremetal", "store", "storage/...", "volume", "api/rest"},
	"herald":              {"baremetal", "store", "internal/egress", "internal/limit"},
	"traces":              {"baremetal", "boot", "store"},
	"api/appliance":       {"baremetal", "boot", "store", "fleet", "conductor", "console", "herald", "volume", "api/rest", "internal/limit"},
	"api/door":            {"baremetal", "internal/limit"},
	"api/image":           {"baremetal", "store", "storage/...", "volume", "api/rest"},
	"api/rest":            {"baremetal", "internal/python"},
	"docs":                {},
	"web":                 {"baremetal", "boot", "store", "docs", "internal/limit"},
	"packaging/man":       {"cli"},
	"packaging/usb/pack":  {"internal/initramfs"},
	"packaging/usb/sign":  {},
	"packaging/reference": {"cli", "api/baremetal"},
	"e2e/...":             {"..."},
	"internal/...":        {},
	"internal/agentimage": {"agent", "internal/initramfs"},
	"internal/initramfs":  {"agent/modules", "internal/cpio"},
}

// stdOnly are the packages that may import nothing but the standard library and
// golang.org/x/sys.
var stdOnly = []string{"agent/hardware", "agent/modules", "agent/disk", "baremetal", "boot", "inspection", "block", "block/scsi",
	"block/filedisk", "block/iscsi", "block/iscsi/initiatortest", "volume"}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// TestImportsPointDown holds every package's imports against the table above.
func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		name := ours(p.ImportPath)
		allowed, known := lookup(name)
		if !known {
			t.Errorf("package %q has no place in ARCHITECTURE.md: add it there and to this table", name)
			continue
		}
		for _, path := range p.Imports {
			if own := path == "ironhook" || strings.HasPrefix(path, "ironhook/"); own &&
				!slices.ContainsFunc(allowed, func(a string) bool { return covers(a, ours(path)) }) {
				t.Errorf("%s imports %s; it may import only %v", p.ImportPath, path, allowed)
			} else if !own && strings.Contains(path, ".") && slices.Contains(stdOnly, name) && !strings.HasPrefix(path, "golang.org/x/sys/") {
				t.Errorf("%s imports %s; it may import only the standard library", p.ImportPath, path)
			}
		}
	}
}

func ours(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "ironhook"), "/")
}

// lookup finds what a package may import, by the longest pattern that covers it.
func lookup(name string) (allowed []string, known bool) {
	longest := ""
	for pattern := range may {
		if covers(pattern, name) && (!known || len(pattern) > len(longest)) {
			longest, known = pattern, true
		}
	}
	return may[longest], known
}

func covers(pattern, name string) bool {
	tree, ok := strings.CutSuffix(pattern, "...")
	return pattern == name || ok && (strings.HasPrefix(name, tree) || name == strings.TrimSuffix(tree, "/"))
}

func packages(t *testing.T) (list []listed) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
