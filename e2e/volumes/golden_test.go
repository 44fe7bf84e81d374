package volumes_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// bootLimit bounds one boot of an emulated machine beside two others on a busy host.
const bootLimit = 5 * time.Minute

// TestGoldenImage lives the life that volumes are for, with a real distribution, its
// stock initramfs and initiator, through the commands that an operator types: Debian is
// imported as qcow2 and becomes three machines' disks, two cloned by hand and one made
// by the deployment itself. All three boot at once from the one image, and write. One
// is reset: what it wrote is gone, what the others wrote is not. One is promoted, and a
// fourth machine boots from that image and finds what the third had written.
func TestGoldenImage(t *testing.T) {
	if testing.Short() {
		t.Skip("boots virtual machines")
	}
	r := newRoom(t)
	file, err := image.Debian(t.Context(), filepath.Join(r.root, "build", "image"))
	r.must(err)
	r.command("image create debian --disk-format qcow2 --wait --file " + file)
	a, b, c, d := r.machine("a"), r.machine("b"), r.machine("c"), r.machine("d")
	for _, m := range []*lab.Machine{a, b} {
		r.command("volume create " + m.Name + " --image debian --size 8 --wait")
		r.enroll(m)
		r.command("baremetal volume target create --type iscsi --boot-index 0 --property keep=true --node " + m.Name + " --volume-id " + m.Name)
		r.deploy(m)
	}
	r.deploys(c, "debian")
	r.boots(boot{a, 1, ""}, boot{b, 1, ""}, boot{c, 1, ""})

	for _, m := range []*lab.Machine{a, b, c} {
		r.command("node power off --wait 60 " + m.Name) // as pulling the plug does
	}
	r.command("image create promoted --volume c --wait")
	r.command("node undeploy --wait 60 a") // a machine that is deployed has its volume, even while it is off
	r.command("volume reset a --wait")
	r.deploy(a)
	r.command("node power on --wait 60 b")
	r.deploys(d, "promoted")
	r.boots(boot{a, 2, ""}, boot{b, 2, b.MAC + ","}, boot{d, 1, c.MAC + ","})

	for _, m := range []*lab.Machine{c, d} {
		r.command("node undeploy --wait 60 " + m.Name)
	}
	r.gone("c")
	r.gone("d")
}

// room is a lab with an appliance in it.
type room struct {
	*testing.T
	*lab.Lab
	root    string
	program string
	app     *lab.Appliance
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{T: t}
	var err error
	r.root, err = lab.Root()
	r.must(err)
	r.program, err = lab.Build(t.Context())
	r.must(err)
	r.Lab, err = lab.New("volumes-golden")
	r.must(err)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log("logs are in", r.Logs)
		}
	})
	r.app, err = r.Appliance(t.Context(), r.program)
	r.must(err)
	return r
}

func (r *room) must(err error) {
	r.T.Helper()
	if err != nil {
		r.T.Fatal(err)
	}
}

// command types a command on the appliance's own machine, words separated by blanks.
func (r *room) command(command string) string {
	r.T.Helper()
	ctx, cancel := context.WithTimeout(r.T.Context(), commandLimit)
	defer cancel()
	began := time.Now()
	out, err := r.Output(ctx, []string{"IRONHOOK_DATA=" + r.app.Data}, r.program, strings.Fields(command)...)
	r.must(err)
	r.T.Logf("%6.2f s ironhook %s", time.Since(began).Seconds(), command)
	return strings.TrimSpace(out)
}

func (r *room) machine(name string) *lab.Machine {
	r.T.Helper()
	m, err := r.Machine(r.T.Context(), lab.Hardware{Name: name})
	r.must(err)
	return m
}

// enroll makes a node of a machine.
func (r *room) enroll(m *lab.Machine) {
	r.T.Helper()
	create := "node create --driver ipmi --storage-interface iscsi --property capabilities=iscsi_boot:True --name " + m.Name
	for key, value := range m.BMC.DriverInfo() {
		create += fmt.Sprintf(" --driver-info %s=%s", key, value)
	}
	r.command(create)
	r.command("port create --node " + m.Name + " " + m.MAC)
}

// deploys enrols a machine and leaves its volume to the deployment.
func (r *room) deploys(m *lab.Machine, image string) {
	r.T.Helper()
	r.enroll(m)
	r.command("node set --instance-info image_source=" + image + " " + m.Name)
	r.deploy(m)
}

func (r *room) deploy(m *lab.Machine) {
	r.T.Helper()
	for _, verb := range []string{"manage", "provide", "deploy"} {
		r.command("node " + verb + " --wait 120 " + m.Name)
	}
}

// boot is the n-th of a machine, and the notes that it must find on its disk.
type boot struct {
	machine *lab.Machine
	n       int
	notes   string
}

// boots waits for several machines at once until each has told what it found and has
// left its own note.
func (r *room) boots(all ...boot) {
	r.T.Helper()
	ctx, cancel := context.WithTimeout(r.T.Context(), bootLimit)
	defer cancel()
	var wg sync.WaitGroup
	for _, b := range all {
		wg.Go(func() {
			if err := b.expect(ctx, r.T.Logf); err != nil {
				r.T.Error(err)
			}
		})
	}
	wg.Wait()
	if r.T.Failed() {
		r.T.FailNow()
	}
}

func (b boot) expect(ctx context.Context, logf func(string, ...any)) error {
	now, err := b.machine.Boot(ctx, b.n)
	if err != nil {
		return err
	}
	for _, pattern := range []string{`^guest: boot-loader grub`, `^guest: system debian=\S+ root=/dev/sd\S+ sessions=1 notes=` + b.notes +
		`$`, `^guest: noted by=` + b.machine.MAC} {
		line, err := now.Expect(ctx, pattern)
		if err != nil {
			return fmt.Errorf("boot %d of %s: %w", b.n, b.machine.Name, err)
		}
		logf("%s boot %d: %6.2f s %s", b.machine.Name, b.n, line.At.Sub(now.Console.Start()).Seconds(), line.Text)
	}
	return nil
}

// gone waits until the volume that a deployment made has gone with it.
func (r *room) gone(name string) {
	r.T.Helper()
	for deadline := time.Now().Add(time.Minute); r.command("volume list -f value -c ID --name "+name) != ""; {
		if time.Now().After(deadline) {
			r.T.Errorf("volume %s outlives its deployment", name)
			return
		}
	}
}
