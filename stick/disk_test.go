package stick

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/diskfs/go-diskfs/partition/gpt"
)

const mib = 1 << 20

// imageTable is a table as the image has it, in a file of this size.
func imageTable(t *testing.T, size int64) (*gpt.Table, string) {
	t.Helper()
	table := &gpt.Table{LogicalSectorSize: sector, PhysicalSectorSize: sector, ProtectiveMBR: true, GUID: imageGUID}
	for i := range 6 {
		start := uint64(1+i) * 2048
		table.Partitions = append(table.Partitions,
			&gpt.Partition{Index: i + 1, Start: start, End: start + 2047, Type: gpt.LinuxFilesystem, GUID: imageGUID[:35] + string('1'+rune(i))})
	}
	path := filepath.Join(t.TempDir(), "disk")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if err := table.Write(f, size); err != nil {
		t.Fatal(err)
	}
	read, err := gpt.Read(f, sector, sector)
	if err != nil {
		t.Fatal(err)
	}
	return read, path
}

func TestEnlarge(t *testing.T) {
	for _, test := range []struct {
		size, end int64 // MiB: of the disk, and where the last partition shall end
	}{{8, 7}, {9, 8}, {64, 63}, {1000, 999}} {
		table, _ := imageTable(t, 8*mib)
		changed, err := enlarge(table, dataPartition, test.size*mib, imageGUID)
		last := table.Partitions[5]
		if err != nil || !changed || int64(last.End+1)*sector != test.end*mib || int64(last.Size) != (test.end-6)*mib {
			t.Errorf("%d MiB: changed %v, %v, the end is at %d MiB, %d bytes", test.size, changed, err, int64(last.End+1)*sector/mib, last.Size)
		}
		if table.GUID == imageGUID || table.Partitions[1].GUID == imageGUID[:35]+"2" {
			t.Error("two sticks would have one identity")
		}
		guid := table.GUID
		if changed, err := enlarge(table, dataPartition, test.size*mib, imageGUID); err != nil || changed || table.GUID != guid {
			t.Errorf("%d MiB: a second time changes it again: %v", test.size, err)
		}
	}
}

// TestEnlargedIsRead cuts the power after each write that moves the table, and reads it: the
// old one or the new. The next start makes both of its copies whole.
func TestEnlargedIsRead(t *testing.T) {
	recovered := 0
	for cut, whole := 0, false; !whole; cut++ {
		table, path := imageTable(t, 8*mib)
		old := table.Partitions[5].End
		enlarged(t, table)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			err = f.Truncate(64 * mib)
		}
		if err != nil {
			t.Fatal(err)
		}
		whole = table.Write(&dyingFile{File: f, left: cut}, 64*mib) == nil
		read := readTable(t, f)
		if end := read.Partitions[5].End; end != old && end != table.Partitions[5].End {
			t.Errorf("after %d writes the partition ends at %d", cut, end)
		}
		if read.RecoveredFromBackup {
			recovered++
		}
		if enlarged(t, read) {
			if err := read.Write(f, 64*mib); err != nil {
				t.Fatal(err)
			}
		}
		if again := readTable(t, f); again.RecoveredFromBackup || again.Partitions[5].End != table.Partitions[5].End {
			t.Errorf("after %d writes and another start: from the backup %v, the partition ends at %d", cut, again.RecoveredFromBackup,
				again.Partitions[5].End)
		}
		f.Close()
	}
	if recovered == 0 {
		t.Error("no cut left the backup alone")
	}
}

func enlarged(t *testing.T, table *gpt.Table) (changed bool) {
	t.Helper()
	changed, err := enlarge(table, dataPartition, 64*mib, imageGUID)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func readTable(t *testing.T, f *os.File) *gpt.Table {
	t.Helper()
	table, err := gpt.Read(f, sector, sector)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// dyingFile fails after some writes, as a stick that is pulled.
type dyingFile struct {
	*os.File
	left int
}

func (f *dyingFile) WriteAt(p []byte, off int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, os.ErrClosed
	}
	return f.File.WriteAt(p, off)
}

func TestPartitionName(t *testing.T) {
	for name, want := range map[string]string{"sda": "/dev/sda6", "nvme0n1": "/dev/nvme0n1p6", "mmcblk1": "/dev/mmcblk1p6"} {
		if got := (disk{name}).partition(6); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
