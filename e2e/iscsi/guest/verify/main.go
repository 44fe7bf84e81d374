// Command verify runs in the Linux guest: it writes to a disk from several goroutines
// at once, past the page cache, in sizes from a block to a megabyte, and reads back what
// it wrote.
//
//	verify DEVICE SECONDS
package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("guest: FAIL verify:", err)
		os.Exit(1)
	}
}

const (
	workers = 6
	region  = 4 << 20 // bytes of each
	most    = 1 << 20 // bytes of a command
)

func run(device, seconds string) error {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return err
	}
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	end := time.Now().Add(time.Duration(n) * time.Second)
	var wg sync.WaitGroup
	var commands atomic.Int64
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() { errs[w] = work(fd, int64(w)*region, uint64(w), end, &commands) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	fmt.Println("guest: commands", commands.Load())
	return nil
}

// work goes on in a region of its own. Some writes are flushed.
func work(fd int, off int64, seed uint64, end time.Time, commands *atomic.Int64) error {
	buf, err := unix.Mmap(-1, 0, most, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE) // O_DIRECT wants it aligned
	if err != nil {
		return err
	}
	want := make([]byte, region)
	if _, err := unix.Pwrite(fd, buf, off); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	for at := int64(0); at < region; at += most {
		if _, err := unix.Pwrite(fd, buf, off+at); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	rnd, chacha := rand.New(rand.NewPCG(seed, 1)), rand.NewChaCha8([32]byte{byte(seed)})
	for time.Now().Before(end) {
		n := []int64{512, 4 << 10, 64 << 10, 256 << 10, most}[rnd.IntN(5)]
		at := rnd.Int64N((region-n)/512+1) * 512
		b, part := buf[:n], want[at:at+n]
		if rnd.IntN(2) == 0 {
			chacha.Read(part)
			copy(b, part)
			if _, err := unix.Pwrite(fd, b, off+at); err != nil {
				return fmt.Errorf("write %d at %d: %w", n, off+at, err)
			}
			if rnd.IntN(8) == 0 {
				if err := unix.Fdatasync(fd); err != nil {
					return fmt.Errorf("flush: %w", err)
				}
			}
		} else if _, err := unix.Pread(fd, b, off+at); err != nil {
			return fmt.Errorf("read %d at %d: %w", n, off+at, err)
		} else if !bytes.Equal(b, part) {
			return fmt.Errorf("read %d at %d: not what was written", n, off+at)
		}
		commands.Add(1)
	}
	return nil
}
