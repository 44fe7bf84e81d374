package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/agent/hardware"
	"ironhook/agent/modules"
)

// Mark is the file by which the agent's system is told from others whose first program is
// Ironhook, such as that of a stick.
const Mark = "/etc/ironhook-agent"

// IsInit reports whether this process is the first of a system that was booted for the agent.
func IsInit() bool {
	_, err := os.Stat(Mark)
	return err == nil && os.Getpid() == 1
}

// Init is the life of the system. It ends with the machine's power only.
func Init(ctx context.Context) {
	a := &agent{journal: journal{began: time.Now()}}
	for _, m := range mounts {
		a.note(mount(m))
	}
	a.out, _ = os.OpenFile("/dev/kmsg", os.O_WRONLY, 0)
	os.Setenv("PATH", path) //nolint:errcheck // a name without NUL and =
	a.say("up, %s after the kernel", since())
	a.note(a.loadDrivers())
	go a.reap()
	if err := a.run(ctx); err != nil {
		a.say("FAIL %v", err)
	}
	a.shell()
	select {} // the end of the first process is a panic of the kernel
}

// path is where the shell's programs are.
const path = "/bin:/sbin:/usr/bin:/usr/sbin"

type mounting struct{ what, where, kind string }

var mounts = []mounting{{"proc", "/proc", "proc"}, {"sysfs", "/sys", "sysfs"}, {"devtmpfs", "/dev", "devtmpfs"}, {"tmpfs", "/tmp", "tmpfs"}}

func mount(m mounting) error {
	if err := os.MkdirAll(m.where, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(m.what, m.where, m.kind, unix.MS_NOSUID, ""); err != nil && !errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("mount %s: %w", m.where, err)
	}
	return nil
}

// since is the time since the kernel's start.
func since() string {
	b, _ := os.ReadFile("/proc/uptime")
	text, _, _ := strings.Cut(string(b), " ")
	return text + " s"
}

func (a *agent) note(err error) {
	if err != nil {
		a.say("%v", err)
	}
}

// always are the modules that no device asks for by name, those of BMCs and of disks that are elsewhere among them.
var always = append([]string{"iscsi_ibft", "ipmi_si", "ipmi_devintf", "scsi_transport_fc"}, modules.Always...)

// quiet is how long no new device must have come until all are there. Disks are found apart
// from their controllers' drivers; settled bounds the wait, after the last driver, for those that come and go.
const (
	quiet   = 700 * time.Millisecond
	settled = 15 * time.Second
)

// untilQuiet probes until neither drivers nor disks come any more. However slow a machine is, drivers that come are
// waited for: there are so many and no more.
func untilQuiet(probe func() (drivers int, disks string), now func() time.Time, pause func()) {
	came, loaded, seen := now(), now(), ""
	for now().Sub(came) < quiet && now().Sub(loaded) < settled {
		drivers, disks := probe()
		if drivers > 0 {
			loaded = now()
		}
		if drivers > 0 || disks != seen {
			came, seen = now(), disks
		}
		pause()
	}
}

// loadDrivers loads the drivers of all devices, until no more come.
func (a *agent) loadDrivers() error {
	l, err := modules.Running()
	if err != nil {
		return err
	}
	first, failures := l.Load(always...)
	total := len(first)
	untilQuiet(func() (int, string) {
		loaded, err := l.Probe(os.DirFS("/sys"))
		failures = errors.Join(failures, err)
		total += len(loaded)
		return len(loaded), blockDevices()
	}, time.Now, func() { time.Sleep(50 * time.Millisecond) })
	a.say("%d drivers loaded", total)
	if hardware.UEFI(os.DirFS("/")) {
		failures = errors.Join(failures, mount(mounting{"efivarfs", "/sys/firmware/efi/efivars", "efivarfs"}))
	}
	return failures
}

func blockDevices() string {
	entries, _ := os.ReadDir("/sys/class/block")
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// reap buries children that nobody waits for, as the first process must.
func (a *agent) reap() {
	for range time.Tick(time.Second) {
		if !a.children.TryLock() {
			continue
		}
		for {
			if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
		a.children.Unlock()
	}
}

// shell runs a shell on the console while the kernel's arguments ask for one.
func (a *agent) shell() {
	if !a.Shell {
		return
	}
	for {
		console, err := os.OpenFile("/dev/console", os.O_RDWR, 0)
		if err != nil {
			a.say("shell: %v", err)
			return
		}
		cmd := exec.Command("/bin/sh")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = console, console, console
		cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
		a.children.RLock() // or reap would take its end
		err = cmd.Run()
		a.children.RUnlock()
		a.note(err)
		console.Close() //nolint:errcheck // opened again
		time.Sleep(time.Second)
	}
}
