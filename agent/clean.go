package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ironhook/agent/disk"
	"ironhook/agent/hardware"
)

// onDisks does something to every disk of the machine that may be written, one after the
// other. A machine without any has nothing to do. The volumes of the appliance are left alone:
// what an iSCSI session or Fibre Channel has attached, and what the node's record names.
func (a *agent) onDisks(what string, do func(d hardware.Disk, f *os.File) (string, error)) error {
	disks := a.machine.Disks()
	if len(disks) == 0 {
		a.say("%s: the machine has no disk", what)
	}
	var failed []error
	for _, d := range disks {
		if why := a.spared(d); why != "" {
			a.say("%s: %s is left alone: %s", what, d, why)
			continue
		}
		f, err := os.OpenFile(d.Name, os.O_RDWR|unix.O_EXCL, 0)
		if err == nil {
			var how string
			begun := time.Now()
			how, err = do(d, f)
			err = errors.Join(err, f.Sync(), f.Close())
			if err == nil {
				a.say("%s: %s: %s in %.1f s", what, d, how, time.Since(begun).Seconds())
			}
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %s: %w", what, d.Name, err))
		}
	}
	return errors.Join(failed...)
}

// spared is why a disk is not touched, "" for one that may be.
func (a *agent) spared(d hardware.Disk) string {
	switch {
	case d.ReadOnly:
		return "it is read-only"
	case d.Removable:
		return "it is removable"
	case d.Transport == "iscsi" || d.Transport == "fc":
		return "it is a volume of a storage network"
	case d.Vendor == "IRONHOOK":
		return "it is a volume of the appliance"
	}
	for _, hints := range a.protected {
		hints, _ := hints.(map[string]any)
		if matches, err := disk.Matches(d, hints); err != nil || len(hints) == 0 {
			return fmt.Sprintf("skip_block_devices of the node cannot be read: %v", err)
		} else if matches {
			return "skip_block_devices of the node names it"
		}
	}
	return ""
}

func (a *agent) eraseMetadata(_ context.Context, _ map[string]any) error {
	return a.onDisks("erase metadata", func(d hardware.Disk, f *os.File) (string, error) {
		return "both ends overwritten", disk.EraseMetadata(f, d.Size)
	})
}

// eraseExpress erases what a disk erases by itself, and of others the metadata, as Ironic's.
func (a *agent) eraseExpress(_ context.Context, _ map[string]any) error {
	return a.onDisks("erase express", func(d hardware.Disk, f *os.File) (string, error) {
		if how := a.byItself(d, f); how != "" {
			return how, nil
		}
		return "both ends overwritten", disk.EraseMetadata(f, d.Size)
	})
}

// eraseDevices erases everything: by the disk itself where it can and then reads as zeros,
// else by overwriting.
func (a *agent) eraseDevices(ctx context.Context, args map[string]any) error {
	passes, err := strconv.Atoi(fmt.Sprint(args["passes"]))
	if err != nil || passes < 0 || passes > 35 {
		passes = 1
	}
	return a.onDisks("erase", func(d hardware.Disk, f *os.File) (string, error) {
		if how := a.byItself(d, f); how != "" {
			return how, nil
		}
		return fmt.Sprintf("overwritten %d times", passes+1), disk.Shred(ctx, f, d.Size, passes, a.percent("erased"))
	})
}

// byItself has a disk erase itself and returns how, "" where it cannot or does not read as empty then:
// NVMe formats, ATA erases, others discard all of their blocks.
func (a *agent) byItself(d hardware.Disk, f *os.File) string {
	if own := ownErasure[d.Transport]; own != nil {
		if how, err := own(f); err != nil {
			a.say("%s: %v", d.Name, err)
		} else if a.empty(d, f) {
			return how
		}
	}
	for _, way := range []struct {
		request uint
		name    string
	}{{unix.BLKSECDISCARD, "secure discard"}, {unix.BLKDISCARD, "discard"}} {
		span := [2]uint64{0, uint64(d.Size)}
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), uintptr(way.request), uintptr(unsafe.Pointer(&span))); errno == 0 &&
			a.empty(d, f) {
			return way.name
		}
	}
	return ""
}

// ownErasure is how a disk erases itself, by its transport.
var ownErasure = map[string]func(f *os.File) (how string, err error){
	"ata": func(f *os.File) (string, error) { return disk.SecureErase(disk.ATA(f)) },
	"nvme": func(f *os.File) (string, error) {
		send, namespace, err := disk.NVMe(f)
		if err != nil {
			return "", err
		}
		return disk.NVMeErase(send, namespace)
	},
}

// empty reports whether the disk reads as zeros, past what the kernel remembers of it.
func (a *agent) empty(d hardware.Disk, f *os.File) bool {
	if err := unix.IoctlSetInt(int(f.Fd()), unix.BLKFLSBUF, 0); err != nil {
		return false
	}
	if err := disk.Empty(f, d.Size); err != nil {
		a.say("%s is not empty: %v", d.Name, err)
		return false
	}
	return true
}

func (a *agent) burnDisks(ctx context.Context, args map[string]any) error {
	return a.onDisks("burn-in", func(d hardware.Disk, f *os.File) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, seconds(args))
		defer cancel()
		n, err := disk.BurnIn(ctx, f, d.Size)
		return fmt.Sprintf("%d MiB written and read", n>>20), err
	})
}

// burnCPU keeps all processors busy with sums whose result is known.
func (a *agent) burnCPU(ctx context.Context, args map[string]any) error {
	ctx, cancel := context.WithTimeout(ctx, seconds(args))
	defer cancel()
	want := chain(ctx, 1000)
	var wait sync.WaitGroup
	wrong := make(chan int, runtime.NumCPU())
	for n := range runtime.NumCPU() {
		wait.Go(func() {
			for ctx.Err() == nil {
				if chain(ctx, 1000) != want {
					wrong <- n
					return
				}
			}
		})
	}
	wait.Wait()
	close(wrong)
	if n, any := <-wrong; any {
		return fmt.Errorf("a processor sums wrongly (worker %d)", n)
	}
	a.say("burn-in: %d processors for %v", runtime.NumCPU(), seconds(args))
	return nil
}

func chain(_ context.Context, n int) (sum [32]byte) {
	for range n {
		sum = sha256.Sum256(sum[:])
	}
	return sum
}

// burnMemory writes and reads most of the free memory.
func (a *agent) burnMemory(ctx context.Context, args map[string]any) error {
	ctx, cancel := context.WithTimeout(ctx, seconds(args))
	defer cancel()
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return err
	}
	words := make([]uint64, info.Freeram*uint64(info.Unit)*3/4/8)
	rounds := 0
	for ; ctx.Err() == nil; rounds++ {
		for _, pattern := range []uint64{0x5555555555555555, 0xaaaaaaaaaaaaaaaa, ^uint64(0), 0} {
			for i := range words {
				words[i] = pattern ^ uint64(i)
			}
			for i := range words {
				if got := words[i]; got != pattern^uint64(i) {
					return fmt.Errorf("word %d of the memory reads %#x, and %#x was written", i, got, pattern^uint64(i))
				}
			}
			if ctx.Err() != nil {
				break
			}
		}
	}
	a.say("burn-in: %d MiB of memory, %d rounds", len(words)>>17, rounds)
	return nil
}

// ipmiFirmware is the version of the BMC (Get Device ID, IPMI 2.0, 20.1), "" without one.
func ipmiFirmware() string {
	f, err := os.OpenFile("/dev/ipmi0", os.O_RDWR, 0)
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // nothing is kept
	b := ipmi(int(f.Fd()), 0x06, 0x01, nil)
	if len(b) < 5 || b[0] != 0 {
		return ""
	}
	return fmt.Sprintf("%d.%02x", b[3]&0x7f, b[4])
}
