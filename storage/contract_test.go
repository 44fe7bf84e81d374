package storage

import (
	"context"
	"errors"
	"testing"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// attacher is a storage interface as the conductor uses it.
type attacher interface {
	Validate(*store.Tx, *baremetal.Node) error
	Attach(context.Context, *baremetal.Node) error
	Detach(context.Context, *baremetal.Node) error
	Plan(*store.Tx, *baremetal.Node) (boot.Plan, error)
}

// TestContract runs the same body against each storage interface.
func TestContract(t *testing.T) {
	for name, make := range map[string]func(*house) attacher{
		"noop":     func(*house) attacher { return Noop{} },
		"external": func(*house) attacher { return External{} },
		"iscsi":    func(h *house) attacher { return h.managed },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := make(h)
			n := h.node("pc-07")
			n.Interfaces["storage"] = name
			if p, err := h.plan(s, n); err != nil || p.Refusal == nil {
				t.Errorf("Plan without a volume = %+v, %v, want a refusal", p, err)
			}
			h.volume("v")
			boot := h.give(n, 0, "v", baremetal.Object{"target_portal": "192.0.2.1", "target_iqn": "iqn.2010-10.org.example:v", "target_lun": 1})
			h.must(h.validate(s, n))
			for range 2 {
				h.must(s.Attach(t.Context(), n))
				h.must(s.Attach(t.Context(), n))
				h.must(h.validate(s, n))
				h.must(s.Detach(t.Context(), n))
				h.must(s.Detach(t.Context(), n))
			}
			if p, err := h.plan(s, n); err != nil || (p.Refusal != nil) != (name == "noop") {
				t.Errorf("Plan with a volume = %+v, %v", p, err)
			}
			if name != "iscsi" {
				if got := h.target(boot).Properties.Text("target_iqn"); got != "iqn.2010-10.org.example:v" {
					t.Errorf("target_iqn = %q, want it untouched", got)
				}
				return
			}
			stopped, stop := context.WithCancel(t.Context())
			stop()
			if err := s.Attach(stopped, n); !errors.Is(err, context.Canceled) {
				t.Errorf("Attach after the end = %v, want %v", err, context.Canceled)
			}
		})
	}
}

func TestExternalValidate(t *testing.T) {
	h := newHouse(t)
	s := External{}
	n := h.node("bfv")
	n.Interfaces["storage"] = "external"
	boot := h.give(n, 0, "v0",
		baremetal.Object{"target_portal": "127.0.0.1:3260", "target_iqn": "iqn.2010-10.org.openstack:volume-1", "target_lun": 1})
	prefix := "Failed to validate external storage interface for node " + n.UUID + ". "
	for _, c := range []struct {
		boot, image string
		properties  baremetal.Object
		want        string
	}{
		{boot: "ipxe", properties: boot.Properties},
		{boot: "http-ipxe", properties: boot.Properties},
		{boot: "fake", properties: boot.Properties},
		{boot: "pxe", properties: boot.Properties,
			want: prefix + "The [pxe]/ipxe_enabled option must be set to True to support network booting to an iSCSI volume or the boot interface " +
				"must be set to ``ipxe``."},
		{boot: "pxe", image: "http://example.org/image", properties: boot.Properties,
			want: prefix + "bfv has instance_info.image_source, and Ironhook writes no images to local disks. " +
				"To boot from a volume: openstack baremetal node unset --instance-info image_source bfv. To have the agent write the image to a " +
				"disk, whose content is lost: " +
				"openstack baremetal node set --instance-info force_deployment=true bfv."},
		{boot: "ipxe", properties: baremetal.Object{"target_portals": []any{"a", "b"}, "target_iqns": []any{"iqn.2026-01.test:x"},
			"target_luns": []any{float64(0)}}},
		{boot: "ipxe", properties: baremetal.Object{"target_portal": "127.0.0.1:3260", "target_iqn": ""},
			want: prefix + "Volume target " + boot.UUID + " has no target_iqn in its properties: the machine would not know where its volume is. " +
				"Volume target " + boot.UUID + " has no target_lun in its properties: the machine would not know where its volume is."},
		{boot: "ipxe", properties: baremetal.Object{"target_portal": "[fd00::1:3260", "target_iqn": "iqn.2026-01.test:x", "target_lun": 1},
			want: prefix + "Volume target " + boot.UUID + ": properties.target_portal is not an IPv6 address in brackets."},
	} {
		n.Interfaces["boot"], n.InstanceInfo = c.boot, nil
		if c.image != "" {
			n.InstanceInfo = baremetal.Object{"image_source": c.image}
		}
		h.setProperties(boot, c.properties)
		got := ""
		if err := h.validate(s, n); err != nil {
			got = err.Error()
			if !errors.Is(err, baremetal.ErrInvalid) {
				t.Errorf("Validate = %v, want %v", err, baremetal.ErrInvalid)
			}
		}
		if got != c.want {
			t.Errorf("Validate(%s, %v) = %q, want %q", c.boot, c.properties, got, c.want)
		}
	}
}
