package redfish

import (
	"context"
	"net/http"

	"ironhook/baremetal"
)

// modes are Ironic's names and those of BootSourceOverrideMode.
var modes = map[string]string{"uefi": "UEFI", "bios": "Legacy"}

// BootMode reads how the firmware boots, "uefi" or "bios", and whether it checks signatures; "" and nil
// are what the BMC does not tell.
func (d *Driver) BootMode(ctx context.Context, n *baremetal.Node) (mode string, secure *bool, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		for name, value := range modes {
			if s.Boot.Mode == value {
				mode = name
			}
		}
		b, err := c.secureBoot(ctx, s)
		if err != nil {
			return ignoreAbsent(err)
		}
		secure = b.Enable
		return nil
	})
	return mode, secure, err
}

// SetBootMode chooses how the firmware boots from the next start of the machine on.
func (d *Driver) SetBootMode(ctx context.Context, n *baremetal.Node, mode string) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		return c.patch(ctx, s.path, s.etag, map[string]any{"Boot": map[string]string{"BootSourceOverrideMode": modes[mode]}})
	})
}

// secureBoot is what is read of a SecureBoot resource (DSP0268).
type secureBoot struct {
	Enable  *bool `json:"SecureBootEnable"`
	Actions struct {
		ResetKeys struct {
			Target string `json:"target"`
		} `json:"#SecureBoot.ResetKeys"`
	}

	path, etag string
}

func (c *conversation) secureBoot(ctx context.Context, s *system) (*secureBoot, error) {
	var at struct{ SecureBoot link }
	if err := s.also(&at); err != nil {
		return nil, err
	}
	if at.SecureBoot.ID == "" {
		return nil, absent("secure boot")
	}
	b := &secureBoot{path: at.SecureBoot.ID}
	etag, err := c.get(ctx, b.path, b)
	b.etag = etag
	return b, err
}

// SetSecureBoot switches the check of signatures, from the next start of the machine on. Only a
// machine that boots by UEFI has one.
func (d *Driver) SetSecureBoot(ctx context.Context, n *baremetal.Node, on bool) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		b, err := c.secureBoot(ctx, s)
		if err != nil {
			return err
		}
		if s.Boot.Mode == modes["bios"] && on {
			return baremetal.Errorf(baremetal.ErrInvalid, "the firmware boots in bios mode, which has no secure boot: set the boot mode uefi first.")
		}
		return c.patch(ctx, b.path, b.etag, map[string]bool{"SecureBootEnable": on})
	})
}

// The ways to reset the keys of secure boot, after ResetKeysType.
const (
	factoryKeys = "ResetAllKeysToDefault"
	noKeys      = "DeleteAllKeys"
)

// ResetSecureBootKeys gives the firmware the keys of the factory again, or, with none, takes all from it.
func (d *Driver) ResetSecureBootKeys(ctx context.Context, n *baremetal.Node, none bool) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		b, err := c.secureBoot(ctx, s)
		if err != nil {
			return err
		}
		if b.Actions.ResetKeys.Target == "" {
			return absent("reset of the keys of secure boot")
		}
		kind := factoryKeys
		if none {
			kind = noKeys
		}
		_, err = c.send(ctx, http.MethodPost, b.Actions.ResetKeys.Target, "", map[string]string{"ResetKeysType": kind})
		return err
	})
}
