package baremetal

import (
	"fmt"
	"strings"
)

// TargetOptions are what Ironhook itself reads in the properties of a volume target.
type TargetOptions struct {
	ReadOnly    bool // the operator promises that the machine only reads
	Keep        bool // the target outlives the tear-down of its node
	ResetOnBoot bool // the volume is reset to its image at every boot; never set for a read-only one
	// KeepSAN makes a machine continue with its next boot device when nothing on the boot volume
	// boots, the volume still attached: an installer there finds it in the firmware's table.
	KeepSAN bool
}

// The keys of TargetOptions. access_mode is OpenStack's.
const (
	accessMode  = "access_mode"
	keep        = "keep"
	resetOnBoot = "reset_on_boot"
	keepSAN     = "keep_san"
)

// modes are the values of access_mode; what is absent or empty is rw.
var modes = map[string]bool{"": false, "rw": false, "ro": true}

// ParseTargetOptions reads the properties of a volume target. The error is ErrInvalid and
// names each invalid value and what to set instead; such a value counts as not set.
func ParseTargetOptions(properties Object) (o TargetOptions, err error) {
	var wrong []string
	read := func(key string, words func(any) (value, known bool)) bool {
		value, known := words(properties[key])
		if !known {
			wrong = append(wrong, fmt.Sprintf("%s is %.64q: set it to %s.", key, fmt.Sprint(properties[key]), docOf(TargetKeys, key)))
		}
		return value && known
	}
	o.ReadOnly = read(accessMode, mode)
	o.Keep = read(keep, Truth)
	o.ResetOnBoot = read(resetOnBoot, Truth) && !o.ReadOnly
	o.KeepSAN = read(keepSAN, Truth)
	if len(wrong) > 0 {
		err = Errorf(ErrInvalid, "In the properties, %s", strings.Join(wrong, " "))
	}
	return o, err
}

// mode reads an access_mode.
func mode(v any) (readOnly, known bool) {
	if v == nil {
		return false, true
	}
	readOnly, known = modes[strings.ToLower(strings.TrimSpace(fmt.Sprint(v)))]
	return readOnly, known
}

// Options are those of the target, whose unreadable values are reported where a target is
// written and where its node is validated.
func (t *VolumeTarget) Options() TargetOptions {
	o, _ := ParseTargetOptions(t.Properties)
	return o
}

// ISCSI is the volume_type of a target that is reached over iSCSI.
const ISCSI = "iscsi"

// ISCSI reports whether the volume is reached over iSCSI. Ironic compares without case.
func (t *VolumeTarget) ISCSI() bool { return strings.EqualFold(t.VolumeType, ISCSI) }

// FibreChannel reports whether the volume is reached over Fibre Channel.
func (t *VolumeTarget) FibreChannel() bool { return strings.EqualFold(t.VolumeType, "fibre_channel") }

// OwnTargetKeys are the keys of a target's properties that an operator sets and no storage
// answers.
var OwnTargetKeys = []string{accessMode, keep, keepSAN}

// located are the keys of a target's properties that say where its volume is.
var located = []string{"target_iqn", "target_iqns", "target_wwn"}

// Located reports whether the properties say where the volume is.
func (t *VolumeTarget) Located() bool {
	for _, key := range located {
		switch v := t.Properties[key].(type) {
		case string:
			if v != "" {
				return true
			}
		case []any:
			if len(v) > 0 {
				return true
			}
		}
	}
	return false
}
