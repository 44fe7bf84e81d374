package storage

import (
	"context"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/ipxe"
	"ironhook/store"
)

// External is the storage interface for volumes of other iSCSI targets: the properties of a
// volume target go into the boot script as they are. Its methods are safe for concurrent
// use.
type External struct{}

// Validate reports what would keep the node from booting from its volume. Ironic looks at
// the boot interface only and lets the rest fail at boot time.
func (External) Validate(tx *store.Tx, n *baremetal.Node) error {
	targets, err := volumeTargets(tx, n)
	if err != nil {
		return err
	}
	f, err := facts(tx, n, targets)
	if err != nil {
		return err
	}
	return checkExternal(f).err(baremetal.ErrInvalid, "Failed to validate external storage interface for node %s.", n.UUID)
}

func checkExternal(f boot.Facts) (found findings) {
	for _, r := range f.Deploy() {
		found.add("%s", r)
	}
	p := boot.Decide(f)
	if p.Refusal != nil {
		return found
	}
	if p.Device() == "pxe" && !f.Node.Interfaces.ByIPXE() {
		found.add("The [pxe]/ipxe_enabled option must be set to True to support network booting to an iSCSI volume or the boot interface must " +
			"be set to ``ipxe``.")
	}
	for _, t := range f.Targets {
		checkProperties(&found, p.Method, t)
	}
	return found
}

// checkProperties looks for what iPXE needs to find the volumes that it attaches, and for what
// its scripts cannot express. The plural keys are those of several paths to one volume.
func checkProperties(found *findings, method boot.Method, t *baremetal.VolumeTarget) {
	var keys []string
	switch {
	case method == boot.ISCSI && t.ISCSI():
		keys = []string{"target_portal", "target_iqn", "target_lun"}
	case method == boot.FCoE && t.FibreChannel():
		keys = []string{"target_wwn", "target_lun"}
	}
	missing := false
	for _, key := range keys {
		if empty(t.Properties[key]) && empty(t.Properties[key+"s"]) {
			found.add("Volume target %s has no %s in its properties: the machine would not know where its volume is.", t.UUID, key)
			missing = true
		}
	}
	if err := ipxe.CheckTarget(t); len(keys) > 0 && !missing && err != nil {
		found.add("%s", err)
	}
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

// Attach does nothing: the other target exports the volume.
func (External) Attach(context.Context, *baremetal.Node) error { return nil }

// Detach does nothing.
func (External) Detach(context.Context, *baremetal.Node) error { return nil }

// Plan returns the boot plan of the node.
func (External) Plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	return planOf(tx, n)
}
