package image

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/internal/jail"
	"ironhook/internal/limit"
	"ironhook/volume"
)

// qemuFormat describes how qemu-img reads a format.
type qemuFormat struct {
	name    string                                  // that it has for the format
	options string                                  // of its driver
	check   func(f io.ReaderAt, length int64) error // looks first for what qemu-img would follow; or nil
}

// byQemu returns a decoder that runs qemu-img.
func byQemu(q qemuFormat) decoder {
	return func(ctx context.Context, b *volume.Builder, f *os.File, length, most int64) error {
		program, err := findQemu()
		if err != nil {
			return err
		}
		if q.check != nil {
			if err := q.check(f, length); err != nil {
				return err
			}
		}
		size, err := q.size(ctx, program, f)
		if err != nil {
			return err
		}
		if size <= 0 || size > most {
			return fmt.Errorf("the file is of an image of %d bytes, and at most %d are accepted: %w", size, most, ErrTooLarge)
		}
		if err := q.whole(ctx, program, f); err != nil {
			return err
		}
		return q.convert(ctx, b, program, f, size)
	}
}

// The files passed to qemu-img, by the paths that it sees.
const (
	qemuIn  = "/dev/fd/3"
	qemuOut = "/dev/fd/4"
)

// source returns the options that name the file and its format.
func (q qemuFormat) source() string {
	options := "driver=" + q.name + ",file.driver=file,file.filename=" + qemuIn
	if q.options != "" {
		options += "," + q.options
	}
	return options
}

func findQemu() (program string, err error) {
	if program, err = exec.LookPath("qemu-img"); err != nil {
		return "", fmt.Errorf("this image is read by the program qemu-img, which is not installed (Debian: apt install qemu-utils); or convert "+
			"the image to qcow2: %w", ErrUnsupported)
	}
	return program, nil
}

// size returns the virtual size of the image in bytes, and refuses an image with a backing file.
func (q qemuFormat) size(ctx context.Context, program string, f *os.File) (int64, error) {
	out, err := qemu(ctx, program, []*os.File{f}, "info", "--output=json", "--image-opts", q.source())
	if err != nil {
		return 0, err
	}
	var info struct {
		Size    int64  `json:"virtual-size"`
		Backing string `json:"backing-filename"`
	}
	if err := json.Unmarshal(out, &info); err != nil {
		return 0, fmt.Errorf("qemu-img info: %w", err)
	}
	if info.Backing != "" {
		return 0, fmt.Errorf("the image has a backing file: %w", ErrHostile)
	}
	return info.Size, nil
}

// whole refuses a file that ends before its data does: qemu-img would read zeros there.
func (q qemuFormat) whole(ctx context.Context, program string, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := qemuTo(ctx, w, program, []*os.File{f}, "map", "--output=json", "--image-opts", q.source())
		w.CloseWithError(err) //nolint:errcheck // it returns nil
		done <- err
	}()
	err = extentsWithin(r, info.Size())
	r.CloseWithError(err) //nolint:errcheck // it returns nil
	return cmp.Or(err, <-done)
}

// extentsWithin reads the list of extents that qemu-img map prints, one at a time, for it may
// be long. Those of data must end within a file of length bytes.
func extentsWithin(r io.Reader, length int64) error {
	list := json.NewDecoder(r)
	if _, err := list.Token(); err != nil {
		return fmt.Errorf("qemu-img map: %w", err)
	}
	for list.More() {
		var extent struct {
			Start, Length int64
			Offset        *int64
		}
		if err := list.Decode(&extent); err != nil {
			return fmt.Errorf("qemu-img map: %w", err)
		}
		if extent.Offset != nil && *extent.Offset+extent.Length > length {
			return fmt.Errorf("the file is cut off after %d bytes, before the data of offset %d of the disk: %s: %w", length, extent.Start,
				sendAgain, ErrDamaged)
		}
	}
	_, err := io.Copy(io.Discard, r)
	return err
}

// convert runs qemu-img to write a raw file, and copies its data.
func (q qemuFormat) convert(ctx context.Context, b *volume.Builder, program string, f *os.File, size int64) error {
	out, err := b.Temp()
	if err != nil {
		return err
	}
	err = out.Truncate(size)
	if err == nil {
		_, err = qemu(ctx, program, []*os.File{f, out}, "convert", "-n", "--target-is-zero", "-O", "raw", "--image-opts", q.source(), qemuOut)
	}
	if err == nil {
		err = copyFile(ctx, b, out, size)
	}
	return errors.Join(err, out.Close())
}

// What qemu-img may take: it reads files that strangers may have made.
const (
	maxMemory   = 4 << 30 // bytes of address space
	maxOpen     = 64      // files
	maxGrowth   = 1 << 20 // bytes by which a file may become longer, as by the log of a repair
	startingCPU = 2 * 60  // seconds of processor time, and one more for each
	bytesPerCPU = 1 << 20 // bytes of the file that is read
)

// rlimit is a limit of a process (getrlimit(2)).
type rlimit struct {
	resource int
	most     uint64
}

// qemuLimits are the limits of a run with these open files.
func qemuLimits(files []*os.File) ([]rlimit, error) {
	longest := int64(0)
	for _, f := range files {
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		longest = max(longest, info.Size())
	}
	input, err := files[0].Stat()
	if err != nil {
		return nil, err
	}
	return []rlimit{
		{unix.RLIMIT_AS, maxMemory}, {unix.RLIMIT_NOFILE, maxOpen}, {unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, uint64(longest + maxGrowth)}, {unix.RLIMIT_CPU, uint64(startingCPU + input.Size()/bytesPerCPU)},
	}, nil
}

// restrain sets the limits of a process.
func restrain(pid int, limits []rlimit) error {
	for _, l := range limits {
		err := unix.Prlimit(pid, l.resource, &unix.Rlimit{Cur: l.most, Max: l.most}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
			return fmt.Errorf("limit resource %d of qemu-img: %w", l.resource, err)
		}
	}
	return nil
}

// qemu runs qemu-img and returns what it prints.
func qemu(ctx context.Context, program string, files []*os.File, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := qemuTo(ctx, &out, program, files, args...)
	return out.Bytes(), err
}

// qemuTo runs qemu-img with the given open files, the first of which it reads, within limits
// and in a jail, and writes what it prints to out.
func qemuTo(ctx context.Context, out io.Writer, program string, files []*os.File, args ...string) error {
	limits, err := qemuLimits(files)
	if err != nil {
		return err
	}
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, &errs, files
	cmd.Env = []string{"LC_ALL=C"}
	cmd.WaitDelay = 5 * time.Second
	if err := jail.Start(cmd); err != nil {
		return fmt.Errorf("start qemu-img: %w", err)
	}
	if err = restrain(cmd.Process.Pid, limits); err != nil {
		_ = cmd.Process.Kill() // it may have ended
		return errors.Join(err, cmd.Wait())
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return qemuFailure(err, errs.String())
	}
	return nil
}

// qemuSigns are the words for system calls that a limit makes fail.
var qemuSigns = []struct {
	sign string
	name limit.Name
}{{"Cannot allocate memory", limit.QemuMemory}, {"Too many open files", limit.QemuFiles}, {"File too large", limit.QemuGrowth}}

// qemuFailure returns the reason why qemu-img could not read a file, without qemu-img's advice to
// repair it by name: the file has none.
func qemuFailure(err error, said string) error {
	said, _, _ = strings.Cut(strings.TrimSpace(said), "\n")
	for _, noise := range []string{"qemu-img: ", "Could not open "} {
		said = strings.TrimPrefix(said, noise)
	}
	if name, reason, ok := strings.Cut(said, "': "); ok && strings.HasPrefix(name, "'driver=") {
		said = reason
	}
	said = strings.NewReplacer(qemuIn, "the file", qemuOut, "the volume").Replace(said)
	var exit *exec.ExitError
	for _, l := range qemuSigns {
		if strings.Contains(said, l.sign) {
			limit.Reached(l.name)
		}
	}
	switch {
	case strings.Contains(said, "No space left on device"):
		return fmt.Errorf("convert the image: %w", unix.ENOSPC)
	case errors.As(err, &exit) && overran(exit):
		limit.Reached(limit.QemuProcessor)
		return fmt.Errorf("to read the image takes more processor time than its length justifies: convert it to raw first: %w", ErrTooLarge)
	case !errors.As(err, &exit) || !exit.Exited():
		return fmt.Errorf("qemu-img: %w: %.300s", err, said)
	}
	return fmt.Errorf("the image cannot be read (%.300s): %s, or repair and convert it first (qemu-img check -r all, qemu-img convert "+
		"-O qcow2): %w", said, sendAgain, ErrDamaged)
}

// overran reports whether the process was ended by its limit of processor time: the kernel
// sends SIGKILL where both limits are one.
func overran(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	used := exit.UserTime() + exit.SystemTime()
	return ok && status.Signaled() && (status.Signal() == unix.SIGXCPU || status.Signal() == unix.SIGKILL && used >= startingCPU*time.Second)
}

// vmdkExtent matches the line of a descriptor that locates an extent.
var vmdkExtent = regexp.MustCompile(`(?m)^\s*(RW|RDONLY|NOACCESS)\s+\d+\s+(\S+)`)

// checkVMDK accepts a file that contains all of its extents. Other kinds refer to files by
// name, and could name any.
func checkVMDK(f io.ReaderAt, length int64) error {
	h := make([]byte, 512)
	if _, err := f.ReadAt(h, 0); err != nil && err != io.EOF { // a descriptor without data may be short
		return fmt.Errorf("vmdk header: %w", err)
	}
	capacity, at, n := binary.LittleEndian.Uint64(h[12:]), binary.LittleEndian.Uint64(h[28:]), binary.LittleEndian.Uint64(h[36:])
	const most = 128 // sectors of a descriptor
	if string(h[:4]) != "KDMV" || capacity == 0 || n == 0 || n > most || at == 0 || at > uint64(length)/512 {
		return fmt.Errorf("only vmdk files with all data in one file (monolithicSparse, streamOptimized) are accepted: %w", ErrHostile)
	}
	text := make([]byte, 512*n)
	if _, err := f.ReadAt(text, int64(512*at)); err != nil && err != io.EOF {
		return fmt.Errorf("vmdk descriptor: %w", err)
	}
	text, _, _ = bytes.Cut(text, []byte{0})
	return checkDescriptor(string(text))
}

func checkDescriptor(text string) error {
	extents := vmdkExtent.FindAllStringSubmatch(text, -1)
	if len(extents) != 1 || extents[0][2] != "SPARSE" {
		return fmt.Errorf("the vmdk file has its data in other files: %w", ErrHostile)
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch key = strings.TrimSpace(key); {
		case key == "createType" && value != "monolithicSparse" && value != "streamOptimized",
			key == "parentCID" && !strings.EqualFold(value, "ffffffff"),
			key == "parentFileNameHint":
			return fmt.Errorf("vmdk with %s %.40q: %w", key, value, ErrHostile)
		}
	}
	return nil
}
