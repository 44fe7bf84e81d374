package image

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// The window of a decompressor, in bytes, is the memory that it takes. The strongest presets
// of xz and zstd need 64 and 128 MiB, which are always granted. zstd --long=31 needs 2 GiB,
// which is granted where half of the free memory is that large.
const (
	alwaysGranted = 128 << 20
	neverMore     = 2 << 30
)

// memoryLimit returns the largest window, in bytes, that a decompressor may have now.
func memoryLimit() int64 {
	text, _ := os.ReadFile("/proc/meminfo")
	return limitFor(text)
}

var memAvailable = regexp.MustCompile(`(?m)^MemAvailable:\s+(\d+) kB$`)

// limitFor computes the limit from the contents of /proc/meminfo.
func limitFor(meminfo []byte) int64 {
	found := memAvailable.FindSubmatch(meminfo)
	if found == nil {
		return alwaysGranted
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 50)
	if err != nil {
		return alwaysGranted
	}
	return min(max(kib<<10/2, alwaysGranted), neverMore)
}

func wantsMemory(most int64) error {
	return fmt.Errorf("unpacking the file takes more than %d MiB of memory, which is all that can be given to it now; unpack it first, or "+
		"pack it with a smaller window (zstd without --long, xz -6): %w",
		most>>20, ErrTooLarge)
}
