package baremetal

import (
	"fmt"
	"slices"
	"strings"
)

// Ironhook reads some keys of the free-form fields of nodes and volumes. They are
// interpreted only here; those of a volume target are [TargetOptions].

// The words that OpenStack takes for yes and no, in any case (oslo.utils,
// strutils.bool_from_string).
var (
	yes = []string{"1", "t", "true", "on", "y", "yes"}
	no  = []string{"0", "f", "false", "off", "n", "no"}
)

// Truth reads a free-form value as yes or no. known is false for a value that is
// neither, which counts as no. An absent or empty value is no.
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

// Keep reports whether a volume that a deployment made outlives its target.
func (v *Volume) Keep() bool { return truth(v.Metadata[keep]) }

// DeclaresSecureBoot returns whether the machine boots with Secure Boot on, and whether
// that is known: from the instance, the node's capabilities, or what was observed, in
// this order. A machine that boots by BIOS has none.
func (n *Node) DeclaresSecureBoot() (secure, declared bool) {
	if !n.BootsUEFI() {
		return false, true
	}
	if of, ok := n.InstanceInfo["capabilities"].(map[string]any); ok {
		if v, ok := of["secure_boot"]; ok {
			return truth(v), true
		}
	}
	if v, ok := n.Capability("secure_boot"); ok {
		return truth(v), true
	}
	if n.SecureBoot != nil {
		return *n.SecureBoot, true
	}
	return false, false
}
