package boot_test

import (
	"fmt"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestKill kills the appliance without warning, over and over, while a machine
// boots from it and while it writes, and starts it again. The machine must go on
// as if nothing had been, and find all it wrote when it boots again.
func TestKill(t *testing.T) {
	needsLab(t)
	t.Parallel()
	r := newRoom(t, "kill")
	const files = 12
	m := r.machine(t, lab.Hardware{Name: "victim"}, image.Options{Write: files})
	op := httpOperator{r.client}
	node := op.enroll(t, m, m.Name)
	op.deploy(t, node)
	for _, moment := range []string{
		`Loading /vmlinuz`, // the boot loader reads through iPXE's session
		`guest: kernel-up`, // nobody is logged in
		`guest: watched`,   // the operating system has its root
		`guest: wrote 3\b`, // and writes to it
		`guest: wrote 7\b`, // and again
	} {
		expect(t, m, 1, moment)
		r.app.Kill()
		must(t, "start again", r.app.Start(t.Context()))
	}
	boot, _ := expect(t, m, 1, fmt.Sprintf(`guest: writes-ok count=%d io-errors=0`, files))
	awaitOff(t, boot)
	op.power(t, node, "off")

	must(t, "configure the guest", image.Configure(t.Context(), r.app.Volume(m.Name), image.Options{}))
	op.power(t, node, "on")
	boot, _ = expect(t, m, 2, fmt.Sprintf(`guest: root-ok boots=2 kept=%d\b`, files))
	awaitOff(t, boot)
	must(t, "end of the appliance", r.app.Stop(t.Context()))
}
