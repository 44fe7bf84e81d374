package redfish

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/power/webclient"
)

// Firmware reads the versions of what the machine runs by itself: bios, bmc, and each network adapter
// as nic:SERIAL, a part for each whose facts are those of Ironic's firmware components. Adapters that a
// BMC does not tell, as some do while the machine is off, are left out.
func (d *Driver) Firmware(ctx context.Context, n *baremetal.Node) (parts []baremetal.Part, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		var at struct {
			BiosVersion string
			Links       struct{ ManagedBy []link }
		}
		if err := s.also(&at); err != nil {
			return err
		}
		if at.BiosVersion != "" {
			parts = append(parts, component("bios", at.BiosVersion, nil))
		}
		if len(at.Links.ManagedBy) > 0 {
			var manager struct{ FirmwareVersion, Model string }
			if _, err := c.get(ctx, at.Links.ManagedBy[0].ID, &manager); err != nil {
				return err
			}
			if manager.FirmwareVersion != "" {
				parts = append(parts, component("bmc", manager.FirmwareVersion, baremetal.Object{"model": orNull(manager.Model)}))
			}
		}
		adapters, err := c.adapters(ctx, s)
		for _, a := range adapters {
			for _, k := range bounded(a.Controllers) {
				if k.FirmwarePackageVersion != "" {
					parts = append(parts, component("nic:"+cmp.Or(a.SerialNumber, a.ID), k.FirmwarePackageVersion,
						baremetal.Object{"vendor": orNull(a.Manufacturer), "model": orNull(a.Model), "serial_number": orNull(a.SerialNumber)}))
				}
			}
		}
		return ignoreAbsent(err)
	})
	if err == nil && parts == nil {
		err = baremetal.Errorf(baremetal.ErrUnsupported, "Cannot retrieve firmware for node %s: no supported components", n.UUID)
	}
	return parts, err
}

func component(name, version string, identity baremetal.Object) baremetal.Part {
	facts := baremetal.Object{"current_version": version, "vendor": nil, "model": nil, "serial_number": nil}
	for k, v := range identity {
		facts[k] = v
	}
	return baremetal.Part{Name: name, Facts: facts}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// ignoreAbsent forgives a BMC that does not offer something, or refuses to tell it.
func ignoreAbsent(err error) error {
	if errors.Is(err, baremetal.ErrUnsupported) || refused(err) {
		return nil
	}
	return err
}

// adapter is what is read of a NetworkAdapter (DSP0268).
type adapter struct {
	ID           string `json:"Id"`
	Manufacturer string
	Model        string
	SerialNumber string
	Controllers  []struct{ FirmwarePackageVersion string }
	Functions    link `json:"NetworkDeviceFunctions"`
}

// adapters reads the network adapters in the machine's chassis.
func (c *conversation) adapters(ctx context.Context, s *system) (all []*adapter, err error) {
	chassis, err := c.chassis(ctx, s)
	for _, ch := range chassis {
		if ch.NetworkAdapters.ID == "" {
			continue
		}
		paths, err := c.members(ctx, ch.NetworkAdapters.ID)
		if err != nil {
			return all, err
		}
		for _, path := range paths {
			a := new(adapter)
			if _, err := c.get(ctx, path, a); err != nil {
				return all, err
			}
			all = append(all, a)
		}
	}
	return all, err
}

// updateService is what is read of the UpdateService (DSP0268).
type updateService struct {
	ServiceEnabled *bool
	Actions        struct {
		Update struct {
			Target    string   `json:"target"`
			Protocols []string `json:"TransferProtocol@Redfish.AllowableValues"`
		} `json:"#UpdateService.SimpleUpdate"`
	}
}

// UpdateFirmware has the BMC fetch an image and write it into the component that it is for. It
// returns when the BMC says that it is done; a BMC that restarts by itself meanwhile is waited for.
func (d *Driver) UpdateFirmware(ctx context.Context, n *baremetal.Node, image string) error {
	monitor := ""
	err := d.call(ctx, n, func(c *conversation, _ *system) error {
		var service updateService
		if _, err := c.get(ctx, c.info.root+"UpdateService", &service); err != nil {
			return err
		}
		if service.Actions.Update.Target == "" || service.ServiceEnabled != nil && !*service.ServiceEnabled {
			return absent("update of firmware from a URL")
		}
		reply, err := c.simpleUpdate(ctx, service, image)
		if err == nil && reply.Status == http.StatusAccepted {
			monitor = taskOf(reply)
		}
		return err
	})
	if err != nil || monitor == "" {
		return err
	}
	return d.await(ctx, n, monitor)
}

func (c *conversation) simpleUpdate(ctx context.Context, service updateService, image string) (*webclient.Reply, error) {
	protocol := protocolOf(image)
	if offered := service.Actions.Update.Protocols; len(offered) > 0 && !slices.Contains(offered, protocol) {
		return nil, baremetal.Errorf(baremetal.ErrUnsupported, "the BMC fetches firmware by %.200s, not by %s.", strings.Join(offered, ", "),
			protocol)
	}
	reply, err := c.send(ctx, http.MethodPost, service.Actions.Update.Target, "",
		map[string]string{"ImageURI": image, "TransferProtocol": protocol})
	if refused(err) { // the protocol is in the URL as well
		reply, err = c.send(ctx, http.MethodPost, service.Actions.Update.Target, "", map[string]string{"ImageURI": image})
	}
	return reply, err
}

// protocolOf is the TransferProtocol of a URL.
func protocolOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToUpper(u.Scheme)
}

// taskOf is the path of the task that a reply of 202 names: its monitor, or else the task itself.
func taskOf(r *webclient.Reply) string {
	if at := r.Header.Get("Location"); at != "" {
		return at
	}
	var task link
	_ = json.Unmarshal(r.Body, &task) // without a body the task is done when the BMC says nothing
	return task.ID
}

// task is what is read of a Task (DSP0268).
type task struct {
	TaskState  string
	TaskStatus string
	Messages   []struct {
		MessageID string `json:"MessageId"`
	}
}

// The states in which a task has ended.
var ended = []string{"Completed", "Killed", "Exception", "Cancelled"}

// await asks after a task until it has ended. A BMC that does not answer, or has forgotten the task,
// has restarted: that is how the update of a BMC ends.
func (d *Driver) await(ctx context.Context, n *baremetal.Node, monitor string) error {
	waiting, cancel := context.WithTimeout(ctx, d.c.Update)
	defer cancel()
	for {
		t, done := task{}, false
		err := d.call(waiting, n, func(c *conversation, _ *system) error {
			reply, err := c.send(waiting, http.MethodGet, monitor, "", nil)
			if r := (refusal{}); errors.As(err, &r) && (r.status == http.StatusNotFound || r.status == http.StatusGone) {
				done = true
				return nil
			}
			if err != nil {
				return err
			}
			_ = json.Unmarshal(reply.Body, &t) // a monitor without a body tells by its status alone
			done = slices.Contains(ended, t.TaskState) || reply.Status != http.StatusAccepted && t.TaskState == ""
			return nil
		})
		switch {
		case err != nil && !errors.Is(err, errNoAnswer) && !errors.Is(err, errProtocol):
			return err
		case err == nil && done:
			return t.verdict(n)
		case limit.Pause(waiting, d.c.Poll) != nil && ctx.Err() != nil:
			return fmt.Errorf("node %s: wait for the update: %w", n.Label(), ctx.Err())
		case waiting.Err() != nil:
			return fmt.Errorf("node %s: its BMC has not ended the update within %s: look at its task list: %w", n.Label(), d.c.Update,
				baremetal.ErrBMC)
		}
	}
}

// verdict is the error of a task that has ended otherwise than well.
func (t task) verdict(n *baremetal.Node) error {
	if t.TaskState == "" || t.TaskState == "Completed" && (t.TaskStatus == "" || t.TaskStatus == "OK") {
		return nil
	}
	why := ""
	if last := len(t.Messages) - 1; last >= 0 && messageID.MatchString(t.Messages[last].MessageID) {
		why = " (" + t.Messages[last].MessageID + ")"
	}
	return fmt.Errorf("node %s: its BMC says that the update ended as %.40q%s: look at its event log: %w", n.Label(), t.TaskState, why,
		baremetal.ErrBMC)
}
