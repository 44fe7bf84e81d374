package stick

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stick is the running stick. One goroutine, that of run, changes it.
type stick struct {
	version  string
	options  map[string]string // of the kernel's command line that begin with ironhook.
	console  *console
	devices  *devices
	disk     disk
	settings settings

	mu        sync.Mutex // of what follows, which other goroutines read
	view      view
	address   address
	server    *server
	upgrading sync.Mutex    // held while an upgrade is installed, and until the start that follows
	wake      chan struct{} // has a value when the page must be drawn again
	act       chan func()   // what other goroutines ask of run
}

// Is reports whether this process is the first one of a stick, by its name.
func Is(args []string) bool {
	return os.Getpid() == 1 && len(args) > 0 && filepath.Base(args[0]) == "init"
}

// Main runs the stick and never returns: the machine is switched off or starts again.
func Main(ctx context.Context, version string) int {
	t := &stick{version: version, wake: make(chan struct{}, 1), act: make(chan func())}
	err := t.prepare()
	if err == nil {
		err = t.run(ctx)
	}
	t.trouble(err)
	t.draw()
	time.Sleep(time.Minute) // for a person to read it
	return t.leave(restart)
}

// prepare makes the system of what the kernel offers.
func (t *stick) prepare() error {
	for _, m := range []struct{ fs, at string }{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/run"},
		{"tmpfs", "/tmp"}} {
		if err := unix.Mount(m.fs, m.at, m.fs, unix.MS_NOSUID, ""); err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s: %w", m.at, err)
		}
	}
	active, _ := os.ReadFile("/sys/class/tty/console/active") // none is none
	t.console = newConsole(terminals("/dev", string(active)))
	t.options = bootOptions("/proc/cmdline")
	t.update(func(v *view) { v.Version, v.Slot, v.Failed = t.version, t.options["slot"], t.options["failed"] })
	files := unix.Rlimit{Cur: 524288, Max: 524288} // a connection of a machine, and each layer of its volume
	err := errors.Join(unix.Setrlimit(unix.RLIMIT_NOFILE, &files), unix.Sethostname([]byte("ironhook")), sysctl("/etc/sysctl.conf"))
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF) // Ctrl-Alt-Del becomes a signal
	if err != nil {
		return err
	}
	t.devices, err = watchDevices(t.console.log)
	_ = unix.Mount("efivarfs", "/sys/firmware/efi/efivars", "efivarfs", unix.MS_RDONLY, "") // absent under BIOS
	secure := secureBoot("/sys/firmware/efi/efivars")
	t.update(func(v *view) { v.SecureBoot = secure })
	return err
}

// bootOptions are our options of the kernel's command line.
func bootOptions(path string) map[string]string {
	text, _ := os.ReadFile(path) // none is none
	options := map[string]string{}
	for word := range strings.FieldsSeq(string(text)) {
		if name, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(name, "ironhook.") {
			options[strings.TrimPrefix(name, "ironhook.")] = value
		}
	}
	return options
}

// secureBoot reads the firmware's variable: four bytes of attributes, then 1 if it is on (UEFI 2.10, 3.3).
func secureBoot(vars string) bool {
	b, err := os.ReadFile(filepath.Join(vars, "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"))
	return err == nil && len(b) == 5 && b[4] == 1
}

// sysctl sets the kernel's parameters of a file (sysctl.d(5)).
func sysctl(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		at := filepath.Join("/proc/sys", strings.ReplaceAll(strings.TrimSpace(name), ".", "/"))
		if err := os.WriteFile(at, []byte(strings.TrimSpace(value)), 0); err != nil {
			return err
		}
	}
	return nil
}

// run finds the stick and serves until a person or a signal ends it.
func (t *stick) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	restarts := make(chan os.Signal, 1)
	signal.Notify(restarts, os.Interrupt)
	go t.drawing(ctx)
	go watchButtons("/dev/input", func() { t.act <- func() { t.end(powerOff) } })
	if err := t.findStick(ctx); err != nil {
		return err
	}
	t.guardTrial()
	go t.begin(ctx)
	for {
		select {
		case typed := <-t.console.answers:
			t.choose(typed)
			t.console.forget()
			t.draw()
		case f := <-t.act:
			f()
		case <-restarts:
			t.end(restart)
		case <-ctx.Done():
			t.end(powerOff)
		}
	}
}

// begin opens the data and goes on the network, beside the menu.
func (t *stick) begin(ctx context.Context) {
	var err error
	var s settings
	t.do(func() { err = t.openData(); s = t.settings })
	if err == nil {
		err = t.mountImages(ctx, s.Images)
	}
	if err == nil {
		err = t.control()
	}
	t.trouble(err)
	if err == nil { // without data there is nothing to serve
		t.network(ctx)
	}
}

// findWithin is how long the stick's own disk may take to appear.
const findWithin = 2 * time.Minute

var errNoStick = errors.New("the stick that this was started from is not found")

// findStick waits until the disk appears that the loader has named.
func (t *stick) findStick(ctx context.Context) error {
	late := time.After(findWithin)
	for {
		if d, ok := findDisk(t.options["stick"]); ok {
			t.disk = d
			t.console.log("stick: " + d.title())
			return nil
		}
		select {
		case <-t.devices.changed:
		case <-time.After(time.Second): // a disk whose table was not readable yet
		case <-late:
			return errNoStick
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// openData checks and mounts the data partition, which grows to the stick.
func (t *stick) openData() error {
	if err := grow(t.disk, dataPartition); err != nil {
		return err
	}
	partition := t.disk.partition(dataPartition)
	if err := t.mend(partition, "data partition"); err != nil {
		return fmt.Errorf("data partition: %w", err)
	}
	if err := mount(partition, dataMount); err != nil {
		return err
	}
	for _, dir := range []string{home, filepath.Join(dataMount, "tmp")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := os.Chown(dir, user, user); err != nil {
			return err
		}
	}
	s, err := readSettings(settingsFile)
	if err != nil {
		return err
	}
	t.settings = s
	return t.settleVersion()
}

// mend checks a file system. Where files may be lost by that, a person is asked first.
func (t *stick) mend(partition, name string) error {
	err := check(partition, false)
	if errors.Is(err, errUncheckable) && t.confirm("The "+name+" is damaged so that mending it may lose files", "repair") {
		err = check(partition, true)
	}
	return err
}

const settingsFile = dataMount + "/stick.json"

// save keeps settings.
func (t *stick) save(s settings) {
	t.settings = s
	t.trouble(s.write(settingsFile))
}

// update changes what is shown.
func (t *stick) update(change func(*view)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.view)
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// trouble shows an error, or that there is none.
func (t *stick) trouble(err error) {
	text := ""
	if err != nil {
		text = strings.ReplaceAll(err.Error(), "\n", "; ")
		if t.console != nil {
			t.console.log("trouble: " + text)
		}
	}
	t.update(func(v *view) { v.Trouble = text })
}

// drawing draws the page whenever something changes, and asks for the machines meanwhile.
func (t *stick) drawing(ctx context.Context) {
	ticks := time.NewTicker(5 * time.Second)
	defer ticks.Stop()
	for {
		t.draw()
		select {
		case <-t.wake:
		case <-ticks.C:
			if list, err := machines(ctx, local()); err == nil {
				t.update(func(v *view) { v.Machines = list })
			}
		case <-ctx.Done():
			return
		}
	}
}

func (t *stick) draw() {
	t.mu.Lock()
	v := t.view
	v.Machines = slices.Clone(v.Machines)
	t.mu.Unlock()
	if t.console != nil {
		t.console.show(v.text(menu()))
	}
}
