package boot_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
)

// cellsOf reads a table: the times by row and column.
func cellsOf(page string) map[string]string {
	cells := map[string]string{}
	var names []string
	for line := range strings.Lines(page) {
		fields := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		if names == nil && len(fields) > 1 {
			names = fields
		}
		for i := 1; i < min(len(fields), len(names)); i++ {
			if fields[i] != "-" { // what was not possible may be now
				cells[fields[0]+"/"+names[i]] = fields[i]
			}
		}
	}
	return cells
}

// table is the matrix as a page shows it. Cells that were not booted keep the time of the old page.
func table(times map[string]string, old string) string {
	before := cellsOf(old)
	var b strings.Builder
	b.WriteString("# Boot matrix\n\nWritten by `make matrix`: seconds from power-on to userland in QEMU (TCG), one run each, on a machine " +
		"that may have other\nwork at the time.\n\n| |")
	for _, c := range columns {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString("\n" + strings.Repeat("|---", len(columns)+1) + "|\n")
	for _, r := range rows {
		b.WriteString("| " + r.name + " |")
		for _, c := range columns {
			b.WriteString(" " + cmp.Or(times[r.name+"/"+c.name], before[r.name+"/"+c.name], "not run") + " |")
		}
		b.WriteString("\n")
	}
	return b.String() + reasons()
}

// reasons says why cells of the matrix are empty.
func reasons() string {
	var b strings.Builder
	for _, c := range columns {
		said := map[string]bool{}
		for _, r := range rows {
			if why := c.reason(r); why != "" && !said[why] {
				said[why] = true
				fmt.Fprintf(&b, "\n* %s: %s", c.name, why)
			}
		}
	}
	return b.String() + "\n"
}

// TestTable writes a table after columns have come between those of an older one.
func TestTable(t *testing.T) {
	const old = "| | iSCSI | ramdisk | gone |\n|---|---|---|---|\n| SeaBIOS, virtio | 14.3 | 9.9 | 1.0 |\n| AAVMF, arm64 | - | - | - |\n"
	got := cellsOf(table(map[string]string{"SeaBIOS, virtio/NFS root": "12.4", "SeaBIOS, virtio/NFS root, built in": "-"}, old))
	for cell, want := range map[string]string{"`keep_san`, then a CD": "not run", "iSCSI": "14.3", "ramdisk": "9.9", "NFS root": "12.4",
		"first portal dead": "not run", "NFS root, built in": "", "gone": ""} {
		if got["SeaBIOS, virtio/"+cell] != want {
			t.Errorf("%s: %q, want %q", cell, got["SeaBIOS, virtio/"+cell], want)
		}
	}
	if got := got["AAVMF, arm64/iSCSI"]; got != "not run" {
		t.Errorf("a cell that was not possible: %q", got)
	}
	if page := table(nil, ""); !strings.Contains(page, "\n* NFS root, built in: Ironhook has no NFS server") ||
		!strings.Contains(page, "forgets") {
		t.Errorf("the reasons are missing:\n%s", page)
	}
}
