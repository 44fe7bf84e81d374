package baremetal

import (
	"fmt"
	"slices"
	"strings"
)

// The free-form fields of nodes, targets and volumes have keys that Ironhook itself
// reads. Each has one reading, here.

// ISCSI is the volume_type of a target that is reached over iSCSI.
const ISCSI = "iscsi"

// The words that OpenStack takes for yes and no, in any case (oslo.utils,
// strutils.bool_from_string).
var (
	yes = []string{"1", "t", "true", "on", "y", "yes"}
	no  = []string{"0", "f", "false", "off", "n", "no"}
)

// Truth reads a free-form value as yes or no. known is false for a value that is
// neither, which counts as no. What is absent, or says nothing, is no.
func Truth(v any) (value, known bool) {
	if v == nil {
		return false, true
	}
	word := strings.ToLower(strings.TrimSpace(fmt.Sprint(v)))
	return slices.Contains(yes, word), word == "" || slices.Contains(yes, word) || slices.Contains(no, word)
}

func truth(v any) bool { value, _ := Truth(v); return value }

// ImageSource returns the image that the node's deployment asks for, "" for none: null,
// false and the empty text are none, as in Ironic.
func (n *Node) ImageSource() string {
	switch v := n.InstanceInfo["image_source"].(type) {
	case nil:
		return ""
	case bool:
		if !v {
			return ""
		}
		return "true"
	default:
		return strings.TrimSpace(fmt.Sprint(v))
	}
}

// Able reports whether the node is declared able to do what the capability names. A
// value of False, 0, no and the like declares that it is not.
func (n *Node) Able(capability string) bool {
	value, declared := n.Capability(capability)
	return declared && truth(value)
}

// ISCSI reports whether the volume is reached over iSCSI. Ironic compares without case.
func (t *VolumeTarget) ISCSI() bool { return strings.EqualFold(t.VolumeType, ISCSI) }

// ReadOnly reports whether the operator promised that the machine only reads, with
// the key that OpenStack has for it.
func (t *VolumeTarget) ReadOnly() bool {
	return strings.EqualFold(strings.TrimSpace(t.Properties.Text("access_mode")), "ro")
}

// ResetOnBoot reports whether every boot begins with the volume as its image is.
func (t *VolumeTarget) ResetOnBoot() bool {
	return truth(t.Properties["reset_on_boot"]) && !t.ReadOnly()
}

// Keep reports whether the target outlives the tear-down of its node.
func (t *VolumeTarget) Keep() bool { return truth(t.Properties["keep"]) }

// Unreadable returns the keys of the properties whose values are not among the words that
// Ironhook reads there, in order.
func (t *VolumeTarget) Unreadable() (keys []string) {
	if mode := t.Properties["access_mode"]; mode != nil && !slices.Contains([]string{"", "ro", "rw"}, strings.ToLower(strings.TrimSpace(fmt.Sprint(mode)))) {
		keys = append(keys, "access_mode")
	}
	for _, key := range []string{"keep", "reset_on_boot"} {
		if _, known := Truth(t.Properties[key]); !known {
			keys = append(keys, key)
		}
	}
	return keys
}

// Keep reports whether a volume that a deployment made outlives its target.
func (v *Volume) Keep() bool { return truth(v.Metadata["keep"]) }
