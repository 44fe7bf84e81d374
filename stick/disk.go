package stick

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/diskfs/go-diskfs/partition/gpt"
	"github.com/google/uuid"
)

// sector is the unit of the table of partitions; the image is made for disks with sectors of
// this size.
const sector = 512

// The partitions, by their number on the stick.
const (
	statePartition = 2
	slotA          = 4
	slotB          = 5
	dataPartition  = 6
)

// disk is a whole disk, and the name of its node in /dev.
type disk struct {
	name string // sda
}

func (d disk) path() string { return "/dev/" + d.name }

// partition is the node of the n-th partition: sda1, nvme0n1p1 (Linux, block/partitions/core.c).
func (d disk) partition(n int) string {
	if last := d.name[len(d.name)-1]; last >= '0' && last <= '9' {
		return fmt.Sprintf("%sp%d", d.path(), n)
	}
	return fmt.Sprintf("%s%d", d.path(), n)
}

// size is the length of the disk in bytes.
func (d disk) size() (int64, error) {
	sectors, err := strconv.ParseInt(d.fact("size"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("size of disk %s: %w", d.name, err)
	}
	return sectors * sector, nil // the kernel counts in 512 bytes whatever the disk does
}

// fact reads a line of what the kernel tells of the disk, "" if it does not.
func (d disk) fact(name string) string {
	b, _ := os.ReadFile(filepath.Join("/sys/class/block", d.name, name)) // absent is ""
	return strings.TrimSpace(string(b))
}

// title describes the disk to a person.
func (d disk) title() string {
	bytes, _ := d.size() // 0 for one that is gone
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s, %d GB", d.name, d.fact("device/vendor"), cmp.Or(d.fact("device/model"), "disk"),
		bytes/1e9)), " ")
}

// disks are all disks of the machine that have a medium.
func disks() (list []disk, err error) {
	entries, err := os.ReadDir("/sys/class/block")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		d := disk{e.Name()}
		if strings.HasPrefix(d.name, "loop") || strings.HasPrefix(d.name, "ram") || strings.HasPrefix(d.name, "sr") {
			continue
		}
		if _, err := os.Stat(filepath.Join("/sys/class/block", d.name, "partition")); err == nil || d.fact("size") == "0" {
			continue
		}
		list = append(list, d)
	}
	return list, nil
}

// table reads the partitions of a disk.
func (d disk) table() (*gpt.Table, error) {
	f, err := os.Open(d.path())
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return gpt.Read(f, sector, sector)
}

// holds reports whether the disk has a partition with this identity.
func (d disk) holds(guid string) bool {
	t, err := d.table()
	return err == nil && find(t, func(p *gpt.Partition) bool { return strings.EqualFold(p.GUID, guid) }) != nil
}

func find(t *gpt.Table, is func(*gpt.Partition) bool) *gpt.Partition {
	for _, p := range t.Partitions {
		if p.Type != gpt.Unused && is(p) {
			return p
		}
	}
	return nil
}

// findDisk is the disk with a partition of this identity.
func findDisk(guid string) (disk, bool) {
	list, _ := disks() // none: none is found
	for _, d := range list {
		if d.holds(guid) {
			return d, true
		}
	}
	return disk{}, false
}

var errNoRoom = errors.New("the partition cannot grow")

// enlarge makes the n-th partition, the last one, as large as a disk of this size allows, and
// gives the disk and its first partitions identities of their own when it has those of the
// image still: two sticks in one machine must differ. It reports whether t must be written: it has
// changed, or a loss of power has cut short an earlier write, so that only the backup could be read.
func enlarge(t *gpt.Table, n int, size int64, image string) (bool, error) {
	p := find(t, func(p *gpt.Partition) bool { return p.Index == n })
	if p == nil {
		return false, fmt.Errorf("partition %d: %w: there is none", n, errNoRoom)
	}
	t.Resize(uint64(size))
	// Ends of partitions are at whole mebibytes, where flash begins a block.
	end := (t.LastDataSector()+1)/2048*2048 - 1
	changed := t.RecoveredFromBackup
	if end > p.End {
		changed = true
		p.Expand(end - p.End)
	}
	if strings.EqualFold(t.GUID, image) {
		changed = true
		t.GUID = uuid.NewString()
		for _, p := range t.Partitions {
			p.GUID = uuid.NewString()
		}
	}
	return changed, nil
}
