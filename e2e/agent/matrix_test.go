//go:build agentmatrix

package agent_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// kind is one kind of disks, and what is written to one of them.
type kind struct {
	name   string
	disk   string // as disk has it, "" for none
	serial string // of the one that a hint chooses
	debian bool   // written is a distribution, where one can be made
}

var kinds = []kind{
	{"virtio", "virtio", "V3", true},
	{"SCSI, one LUN of three", "scsi", "S1", false},
	{"NVMe", "nvme", "N3", false},
	{"no disk", "", "", false},
}

// firmware is what starts a machine, and all that follows from its processor.
type firmware struct {
	name   string
	lab    lab.Firmware
	agent  func(t *testing.T, program string) (dir string)
	guest  func(t *testing.T, dir string) source
	debian func(t *testing.T, dir string) source // nil where this host cannot run what makes it
}

// firmwares are the rows of the table.
var firmwares = []firmware{
	{"SeaBIOS", lab.BIOS, agentDir, guest, debian},
	{"OVMF", lab.UEFI, agentDir, guest, debian},
	{"AAVMF, arm64", lab.ARM, armAgent, armGuest, nil},
}

// writes returns what is written to the disk of a kind, and its name in the table.
func (f firmware) writes(k kind) (name string, make func(t *testing.T, dir string) source) {
	if k.debian && f.debian != nil {
		return f.name + ", " + k.name + ", Debian as qcow2", f.debian
	}
	return f.name + ", " + k.name, f.guest
}

// armAgent makes the agent for arm64 beside this host's.
func armAgent(t *testing.T, program string) string {
	t.Helper()
	dir := agentDir(t, program)
	cmd := exec.CommandContext(t.Context(), "make", "agent", "ARCH=arm64")
	cmd.Dir = filepath.Join(dir, "../..")
	out, err := cmd.CombinedOutput()
	must(t, "make agent: "+string(out), err)
	return dir
}

// armGuest is guest for arm64.
func armGuest(t *testing.T, dir string) source { return guestOf(t, image.ARM64, dir) }

// columns are the spans that are measured, in seconds.
var columns = []string{"agent up", "written", "booted", "cleaned", "erased"}

// debian is a distribution with cloud-init, as a compressed qcow2 file with a GPT.
func debian(t *testing.T, dir string) source {
	t.Helper()
	root, err := lab.Root()
	must(t, "root", err)
	made, err := image.LocalDebian(t.Context(), filepath.Join(root, "build", "image"))
	must(t, "image", err)
	file := filepath.Join(dir, "debian.qcow2")
	out, err := exec.CommandContext(t.Context(), "cp", made, file).CombinedOutput()
	must(t, "image: "+string(out), err)
	return source{file, sum(t, file), []string{`guest: system debian=`, `guest: cloud host=` + hostName + ` source=configdrive`}}
}

// TestWriteAndClean has the agent write an image to the disk that a hint chooses among several, with a
// config drive behind it, and boots the machine from there. Then the machine is undeployed, which
// cleans it, and all of its disks are erased; a disk that is to be skipped keeps what it has.
func TestWriteAndClean(t *testing.T) {
	times := map[string]string{}
	for _, f := range firmwares {
		for _, k := range kinds {
			row, source := f.writes(k)
			t.Run(row, func(t *testing.T) {
				c := &cell{kind: k, firmware: f, source: source, times: times, row: row}
				c.run(t)
				record(t, times)
			})
		}
	}
}

// cell is one machine.
type cell struct {
	kind
	*room
	firmware
	source         func(t *testing.T, dir string) source
	machine        *lab.Machine
	chosen, spared string // files of disks
	row            string
	times          map[string]string
}

// took keeps how long something took.
func (c *cell) took(column string, d time.Duration) {
	c.times[c.row+"/"+column] = fmt.Sprintf("%.1f", d.Seconds())
}

func (c *cell) run(t *testing.T) {
	images := t.TempDir()
	c.room = newRoomWith(t, "write-"+strings.Map(letters, c.row), c.agent, "--image-files", images)
	hw := lab.Hardware{Name: "written", Firmware: c.lab, NoROM: c.lab == lab.ARM}
	switch c.disk {
	case "scsi":
		chosen, first := disk(t, "scsi", 1200, 1) // SeaBIOS boots from the first disk alone
		other, second := disk(t, "scsi", 200, 5)
		_, third := disk(t, "scsi", 300, 7)
		hw.Devices, c.chosen, c.spared = slices.Concat(hba, first, second, third), chosen, other
		must(t, "mark", os.WriteFile(other, slices.Concat([]byte("ours"), make([]byte, 200<<20-4)), 0o600))
	case "":
	default:
		c.chosen, hw.Devices = disk(t, c.disk, 1200, 3)
	}
	var err error
	c.machine, err = c.Machine(t.Context(), hw)
	must(t, "machine", err)
	c.enrol(t, c.machine, written(c.machine, c.serial))
	if c.disk == "" {
		c.cleanNothing(t)
		return
	}
	c.write(t, images)
	c.clean(t)
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return -1
}

// write deploys the machine, which boots from its disk then.
func (c *cell) write(t *testing.T, images string) {
	s := c.source(t, images)
	c.change(t, "written", object{"instance_info": s.instance()})
	c.provision(t, "written", "manage", "manageable")
	c.provision(t, "written", "provide", "available")
	c.begin(t, "written", object{"target": "active"})
	boot, lines := expect(t, c.machine, 1, `agent: up`, `agent: writing image`, `agent: standby.prepare_image done`)
	c.took("agent up", lines[0].At.Sub(boot.Console.Start()))
	c.took("written", lines[2].At.Sub(lines[1].At))
	boot, lines = expect(t, c.machine, 2, s.up...)
	c.took("booted", lines[len(lines)-1].At.Sub(boot.Console.Start()))
	eventually(t, "active", func() (bool, error) {
		n, err := c.client.Node(t.Context(), "written")
		return n.ProvisionState == "active", err
	})
	var node struct {
		InstanceInfo object `json:"instance_info"`
	}
	must(t, "node", c.client.Do(t.Context(), "GET", "/v1/nodes/written", nil, &node))
	if _, there := node.InstanceInfo["force_deployment"]; there {
		t.Error("force_deployment is still set")
	}
	if c.lab == lab.UEFI && c.kind.debian { // the image with a GPT
		variables, err := os.ReadFile(filepath.Join(c.Dir, "written-vars.fd"))
		must(t, "firmware", err)
		if !bytes.Contains(variables, []byte("I\x00r\x00o\x00n\x00h\x00o\x00o\x00k\x00 \x00i\x00n\x00s\x00t\x00a\x00n\x00c\x00e\x00")) {
			t.Error("the firmware has no boot entry for the disk")
		}
	}
}

// clean undeploys the machine, and erases its disks.
func (c *cell) clean(t *testing.T) {
	c.change(t, "written", object{"automated_clean": true})
	begun := time.Now()
	c.begin(t, "written", object{"target": "deleted"})
	_, _ = expect(t, c.machine, 3, `agent: erase metadata: .*both ends overwritten`)
	c.await(t, "written", "available")
	c.took("cleaned", time.Since(begun))
	erased(t, c.chosen)
	c.provision(t, "written", "manage", "manageable")
	begun = time.Now()
	c.begin(t, "written", object{"target": "clean", "clean_steps": []object{{"interface": "deploy", "step": "erase_devices"}}})
	_, _ = expect(t, c.machine, 4, `agent: erase: .*(discard|formatted|overwritten)`)
	c.await(t, "written", "manageable")
	c.took("erased", time.Since(begun))
	info, err := os.Stat(c.chosen)
	must(t, "disk", err)
	empty(t, c.chosen, 0, info.Size())
	if c.spared != "" {
		mark, err := os.ReadFile(c.spared)
		if must(t, "disk", err); string(mark[:4]) != "ours" {
			t.Errorf("the protected disk begins with %q", mark[:4])
		}
	}
}

// cleanNothing cleans a machine without any disk.
func (c *cell) cleanNothing(t *testing.T) {
	c.change(t, "written", object{"automated_clean": true})
	c.provision(t, "written", "manage", "manageable")
	begun := time.Now()
	c.begin(t, "written", object{"target": "provide"})
	boot, lines := expect(t, c.machine, 1, `agent: up`, `agent: erase metadata: the machine has no disk`)
	c.took("agent up", lines[0].At.Sub(boot.Console.Start()))
	c.await(t, "written", "available")
	c.took("cleaned", time.Since(begun))
}
