// Package agent_test boots machines into the agent, with the real appliance and without real
// hardware: they are found, described, written and cleaned. SeaBIOS, OVMF and AAVMF; disks of
// virtio, SCSI and NVMe; no disk.
package agent_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// limit bounds one wait on a busy host. It is no expectation.
const limit = 15 * time.Minute

// room is a lab with an appliance that has an agent.
type room struct {
	*lab.Lab
	app    *lab.Appliance
	client *lab.Client
}

func newRoom(t *testing.T, name string, args ...string) *room {
	t.Helper()
	return newRoomWith(t, name, agentDir, args...)
}

// newRoomWith is newRoom with an agent made by agent.
func newRoomWith(t *testing.T, name string, agent func(t *testing.T, program string) (dir string), args ...string) *room {
	t.Helper()
	if testing.Short() {
		t.Skip("boots virtual machines")
	}
	program, err := lab.Build(t.Context())
	must(t, "build", err)
	r := &room{}
	r.Lab, err = lab.New("agent-" + name)
	must(t, "lab", err)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log("logs are in", r.Logs)
		}
	})
	r.app, err = r.Appliance(t.Context(), program, append([]string{"--agent-dir", agent(t, program)}, args...)...)
	must(t, "appliance", err)
	r.client = r.app.Client()
	return r
}

// made are the agents of the programs: each is made once, which takes half a minute.
var made = map[string]string{}

// agentDir makes the agent of the program, and returns where it is.
func agentDir(t *testing.T, program string) string {
	t.Helper()
	if dir, is := made[program]; is {
		return dir
	}
	root, err := lab.Root()
	must(t, "root", err)
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "scripts/agent.sh"), program)
	out, err := cmd.CombinedOutput()
	must(t, "scripts/agent.sh: "+string(out), err)
	t.Logf("%s", out)
	made[program] = filepath.Join(root, "build/agent")
	return made[program]
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// expect waits for lines on the console of the machine's n-th boot.
func expect(t *testing.T, m *lab.Machine, n int, patterns ...string) (*lab.Boot, []lab.Line) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	boot, err := m.Boot(ctx, n)
	must(t, "power-on", err)
	var lines []lab.Line
	for _, pattern := range patterns {
		line, err := boot.Expect(ctx, pattern)
		must(t, fmt.Sprintf("boot %d of %s", n, m.Name), err)
		t.Logf("%s boot %d: %6.2f s %s", m.Name, n, line.At.Sub(boot.Console.Start()).Seconds(), line.Text)
		lines = append(lines, line)
	}
	return boot, lines
}

// disk makes an empty disk of the size in MiB, and returns the arguments of QEMU that attach it:
// virtio, nvme, or scsi, where lun is its number behind one adapter.
func disk(t *testing.T, kind string, mib int64, lun int) (path string, args []string) {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), kind)
	must(t, "disk", err)
	defer f.Close() //nolint:errcheck // nothing was written
	must(t, "disk", f.Truncate(mib<<20))
	id := filepath.Base(f.Name())
	drive := []string{"-drive", "if=none,format=raw,discard=unmap,id=" + id + ",file=" + strings.ReplaceAll(f.Name(), ",", ",,")}
	device := map[string]string{
		"virtio": "virtio-blk-pci,serial=V" + fmt.Sprint(lun) + ",drive=" + id,
		"nvme":   "nvme,serial=N" + fmt.Sprint(lun) + ",drive=" + id,
		"scsi":   fmt.Sprintf("scsi-hd,bus=hba.0,scsi-id=1,lun=%d,serial=S%d,wwn=0x5000c50000000%03x,drive=%s", lun, lun, lun, id),
	}[kind]
	return f.Name(), append(drive, "-device", device+fmt.Sprintf(",bootindex=%d", 10+lun))
}

// hba is the adapter that the disks of kind scsi are attached to.
var hba = []string{"-device", "virtio-scsi-pci,id=hba"}

type object = map[string]any

// eventually repeats a question until its answer is as wanted.
func eventually(t *testing.T, what string, ask func() (bool, error)) {
	t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		ok, err := ask()
		must(t, what, err)
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}
