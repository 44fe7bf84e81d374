package conductor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// SetBootMode begins to change how the node's firmware boots. It returns when that is accepted: the
// node's boot_mode or last_error shows what came of it.
func (c *Conductor) SetBootMode(ctx context.Context, ident, mode string) error {
	return c.attempt(ctx, ident, "Failed to change boot mode to '"+mode, true, func(ctx context.Context, n *baremetal.Node) error {
		m, err := extension[BootModes](c, n, "management", "set_boot_mode")
		if err != nil {
			return err
		}
		return c.setModes(ctx, n, m.SetBootMode(ctx, n, mode), func(n *baremetal.Node) { n.BootMode = mode })
	})
}

// SetSecureBoot is SetBootMode for secure boot.
func (c *Conductor) SetSecureBoot(ctx context.Context, ident string, on bool) error {
	word := map[bool]string{true: "True", false: "False"}[on]
	return c.attempt(ctx, ident, "Failed to change secure_boot state to '"+word+"'", true, func(ctx context.Context, n *baremetal.Node) error {
		m, err := extension[BootModes](c, n, "management", "set_secure_boot_state")
		if err != nil {
			return err
		}
		return c.setModes(ctx, n, m.SetSecureBoot(ctx, n, on), func(n *baremetal.Node) { n.SecureBoot = &on })
	})
}

// setModes records what was set.
func (c *Conductor) setModes(ctx context.Context, n *baremetal.Node, err error, set func(n *baremetal.Node)) error {
	if err != nil {
		return err
	}
	return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		set(n)
		return []baremetal.Event{{Kind: baremetal.EventNode, Detail: "firmware set to boot otherwise"}}
	})
}

// AttachMedium begins to insert an image as virtual media of a kind. It returns when that is accepted:
// the node's last_error says why nothing came of it.
func (c *Conductor) AttachMedium(ctx context.Context, ident, kind, image string) error {
	failed := func(n *baremetal.Node) string { return "Could not attach device " + kind + " to node " + n.UUID }
	return c.attemptWith(ctx, ident, failed, false, func(ctx context.Context, n *baremetal.Node) error {
		m, err := extension[VirtualMedia](c, n, "management", "attach_virtual_media")
		if err != nil {
			return err
		}
		return m.AttachMedium(ctx, n, kind, image)
	})
}

// DetachMedia is AttachMedium for ejecting what is inserted of some kinds.
func (c *Conductor) DetachMedia(ctx context.Context, ident string, kinds []string) error {
	failed := func(n *baremetal.Node) string {
		return "Could not detach device(s) ['" + strings.Join(kinds, "', '") + "'] from node " + n.UUID
	}
	return c.attemptWith(ctx, ident, failed, false, func(ctx context.Context, n *baremetal.Node) error {
		m, err := extension[VirtualMedia](c, n, "management", "detach_virtual_media")
		if err != nil {
			return err
		}
		return m.DetachMedia(ctx, n, kinds)
	})
}

// Media asks the BMC for the node's virtual media.
func (c *Conductor) Media(ctx context.Context, ident string) ([]baremetal.Medium, error) {
	return asked(c, ctx, ident, "get_virtual_media", VirtualMedia.Media)
}

// Indicators asks the BMC for the node's lights.
func (c *Conductor) Indicators(ctx context.Context, ident string) ([]baremetal.Indicator, error) {
	return asked(c, ctx, ident, "get_supported_indicators", Indicators.Indicators)
}

// Sensors asks the BMC for the node's sensors.
func (c *Conductor) Sensors(ctx context.Context, ident string) ([]baremetal.Reading, error) {
	return asked(c, ctx, ident, "get_sensors_data", Sensors.Sensors)
}

// HardwareLog asks the BMC for the event log that it keeps of the node.
func (c *Conductor) HardwareLog(ctx context.Context, ident string) (baremetal.HardwareLog, error) {
	return asked(c, ctx, ident, "get_sel", HardwareLogs.HardwareLog)
}

// ClearHardwareLog empties the event log that the BMC keeps of the node, and returns what was in it.
func (c *Conductor) ClearHardwareLog(ctx context.Context, ident string) (baremetal.HardwareLog, error) {
	n, err := c.node(ctx, ident)
	if err != nil {
		return baremetal.HardwareLog{}, err
	}
	m, err := extension[HardwareLogs](c, n, "management", "clear_sel")
	if err != nil {
		return baremetal.HardwareLog{}, err
	}
	var log baremetal.HardwareLog
	err = c.manage(ctx, n.UUID, func(ctx context.Context, n *baremetal.Node, _ Power) (err error) {
		if log, err = m.ClearHardwareLog(ctx, n); err != nil {
			return err
		}
		return c.Store.Append(context.WithoutCancel(ctx), baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode,
			Detail: fmt.Sprintf("the event log of its BMC was cleared; it had %d entries", len(log.Entries))})
	})
	if err != nil { // the task may still write log
		return baremetal.HardwareLog{}, err
	}
	return log, nil
}

// asked asks the BMC of a node something.
func asked[T, R any](c *Conductor, ctx context.Context, ident, method string,
	f func(T, context.Context, *baremetal.Node) (R, error)) (answer R, err error) {
	n, err := c.node(ctx, ident)
	if err != nil {
		return answer, err
	}
	m, err := extension[T](c, n, "management", method)
	if err != nil {
		return answer, err
	}
	return f(m, ctx, n)
}

// Indicator asks the BMC for the state of a light.
func (c *Conductor) Indicator(ctx context.Context, ident, component, name string) (state string, err error) {
	n, err := c.node(ctx, ident)
	if err != nil {
		return "", err
	}
	all, err := asked(c, ctx, n.UUID, "get_indicator_state", Indicators.Indicators)
	if err != nil {
		return "", err
	}
	for _, i := range all {
		if i.Component == component && i.Name == name {
			return i.State, nil
		}
	}
	return "", baremetal.NoIndicator(n, component, name)
}

// SetIndicator sets a light of the node, and waits for it.
func (c *Conductor) SetIndicator(ctx context.Context, ident, component, name, state string) error {
	n, err := c.node(ctx, ident)
	if err != nil {
		return err
	}
	m, err := extension[Indicators](c, n, "management", "set_indicator_state")
	if err != nil {
		return err
	}
	return c.manage(ctx, n.UUID, func(ctx context.Context, n *baremetal.Node, _ Power) error {
		return m.SetIndicator(ctx, n, component, name, state)
	})
}

// attempt is attemptWith for a sentence that does not name the node.
func (c *Conductor) attempt(ctx context.Context, ident, failed string, settled bool,
	do func(context.Context, *baremetal.Node) error) error {
	return c.attemptWith(ctx, ident, func(*baremetal.Node) string { return failed }, settled, do)
}

// attemptWith reserves the node and does something to it. As in Ironic the request is accepted first, and
// the failure goes to last_error after a sentence that says of what. settled refuses a node in transition.
func (c *Conductor) attemptWith(
	ctx context.Context, ident string, failed func(n *baremetal.Node) string, settled bool, do func(context.Context, *baremetal.Node) error,
) error {
	uuid, err := c.accept(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		if settled && n.ProvisionState.Transient() {
			return baremetal.Errorf(baremetal.ErrConflict,
				"Node is in %s state. Since node is transitioning, the boot mode will not be set as this may "+
					"interfere with ongoing changes and result in erroneous modification. Try again later.", n.ProvisionState)
		}
		n.LastError = ""
		return nil
	})
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error {
		n, err := c.node(ctx, uuid)
		if err == nil {
			err = do(ctx, n)
		}
		if err == nil || c.base.Err() != nil {
			return err
		}
		return c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
			n.LastError = failed(n) + ": " + sentence(err)
			if settled {
				return []baremetal.Event{{Kind: baremetal.EventNode, Detail: n.LastError}} // no part of Ironic's history
			}
			h := baremetal.NewHistory(n, now, string(n.ProvisionState), n.LastError)
			h.Error = true
			return []baremetal.Event{{Kind: baremetal.EventError, Detail: n.LastError, History: h}}
		})
	})
	return nil
}

// maxParts is how many parts of a kind are kept of a machine. Firmware has some hundred settings.
const maxParts = 4096

// keepParts records what a BMC tells of the parts of a kind, each name once: those that it tells no more
// are gone.
func (c *Conductor) keepParts(ctx context.Context, node string, kind baremetal.PartKind, parts []baremetal.Part) error {
	return c.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		old, err := tx.PartsOf(node, kind)
		if err != nil {
			return err
		}
		known := map[string]*baremetal.Part{}
		for _, p := range old {
			known[p.Name] = p
		}
		told := map[string]bool{}
		for _, p := range parts[:min(len(parts), maxParts)] {
			if told[p.Name] {
				continue
			}
			if err := keepPart(tx, node, kind, p, known[p.Name]); err != nil {
				return err
			}
			told[p.Name] = true
			delete(known, p.Name)
		}
		for _, p := range known {
			if err := tx.Parts().Delete(fmt.Sprint(p.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// keepPart records a part. Of firmware the first version stays to be seen, and the last that came in the
// place of another.
func keepPart(tx *store.Tx, node string, kind baremetal.PartKind, p baremetal.Part, before *baremetal.Part) error {
	p.NodeUUID, p.Kind = node, kind
	if kind == baremetal.FirmwarePart {
		p.Facts["initial_version"], p.Facts["last_version_flashed"] = p.Facts["current_version"], nil
		if before != nil {
			p.Facts["initial_version"], p.Facts["last_version_flashed"] = before.Facts["initial_version"], before.Facts["last_version_flashed"]
			if before.Facts["current_version"] != p.Facts["current_version"] {
				p.Facts["last_version_flashed"] = p.Facts["current_version"]
			}
		}
	}
	if before == nil {
		return tx.Parts().Insert(&p)
	}
	p.ID, p.CreatedAt, p.UpdatedAt = before.ID, before.CreatedAt, before.UpdatedAt
	if literal(baremetal.Object(before.Facts)) == literal(baremetal.Object(p.Facts)) {
		return nil
	}
	return tx.Parts().Update(&p)
}

// observeParts records what the BMC tells of the machine: its settings, its firmware, how it boots and how
// it is. What it does not tell stays as it was; nothing of it is needed to use the machine.
func (c *Conductor) observeParts(ctx context.Context, n *baremetal.Node) {
	for what, err := range map[string]error{"BIOS settings": c.cacheBIOS(ctx, n), "firmware": c.cacheFirmware(ctx, n),
		"boot mode": c.cacheModes(ctx, n)} {
		if err != nil && !errors.Is(err, baremetal.ErrUnsupported) && ctx.Err() == nil {
			c.Log.Warn("ask the BMC", "node", n.UUID, "for", what, "error", err)
		}
	}
}

func (c *Conductor) cacheBIOS(ctx context.Context, n *baremetal.Node) error {
	b, err := extension[BIOS](c, n, "bios", "bios")
	if err != nil {
		return err
	}
	parts, err := b.BIOS(ctx, n)
	if err != nil {
		return err
	}
	return c.keepParts(ctx, n.UUID, baremetal.BIOSPart, parts)
}

func (c *Conductor) cacheFirmware(ctx context.Context, n *baremetal.Node) error {
	f, err := extension[Firmware](c, n, "firmware", "firmware")
	if err != nil {
		return err
	}
	parts, err := f.Firmware(ctx, n)
	if err != nil {
		return err
	}
	return c.keepParts(ctx, n.UUID, baremetal.FirmwarePart, parts)
}

func (c *Conductor) cacheModes(ctx context.Context, n *baremetal.Node) error {
	m, err := extension[BootModes](c, n, "management", "get_boot_mode")
	if err != nil {
		return err
	}
	mode, secure, err := m.BootMode(ctx, n)
	if err != nil || mode == "" && secure == nil {
		return err
	}
	return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.BootMode, n.SecureBoot = mode, secure
		return nil
	})
}
