package conductor

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/fleet"
	"ironhook/internal/isofs"
	"ironhook/store"
)

// Images are what an agent writes to disks.
type Images interface {
	// Fetch makes the image that the node's image_source names available here. It takes as
	// long as it does.
	Fetch(ctx context.Context, n *baremetal.Node) (Written, error)
	// URL is where the agent of the node finds the bytes of the disk in the image. The key
	// proves that it is the agent.
	URL(ctx context.Context, n *baremetal.Node, key string) (string, error)
}

// Written is an image to be written.
type Written struct {
	UUID   string
	Size   int64  // bytes of the disk
	SHA256 string // of them, in hexadecimal digits
}

// agentQuestion is how often an agent is asked how its command does.
const (
	agentQuestion = 2 * time.Second
	agentBoots    = 30 * time.Minute
	agentWorks    = 24 * time.Hour
)

// agentSteps are the steps of the deploy interface that the agent does.
var agentSteps = map[string]map[string]bool{
	"clean": {"erase_devices": true, "erase_devices_metadata": true, "erase_devices_express": true, "burnin_cpu": true,
		"burnin_memory": true, "burnin_disk": true, "list_firmware": true},
	"service": {"burnin_cpu": true, "burnin_memory": true, "list_firmware": true},
}

// byAgent reports whether the agent does a step of the flow on the node.
func (c *Conductor) byAgent(f flow, n *baremetal.Node, given baremetal.Object) bool {
	return given.Text("interface") == "deploy" && agentSteps[f.name][given.Text("step")] && n.Interfaces["deploy"] == "direct" &&
		c.mayBootAgent(n) == nil
}

// agentStep is a step that the agent does.
func (c *Conductor) agentStep(f flow, step *Step, given baremetal.Object) {
	command := f.name + ".execute_" + f.name + "_step"
	step.agent = true
	step.Do = func(ctx context.Context, n *baremetal.Node) error {
		_, err := c.tell(ctx, n, false, command, baremetal.Object{"step": given, "node": forAgent(n), "ports": []any{}, f.name + "_version": nil})
		return err
	}
	step.Await = func(ctx context.Context, n *baremetal.Node) (bool, error) { return c.told(ctx, n, command) }
	step.Wait = Waiting{For: "the agent to do " + step.Name, Every: agentQuestion, Within: agentWorks}
}

// forAgent is what the agent may know of the node.
func forAgent(n *baremetal.Node) baremetal.Object {
	return baremetal.Object{"uuid": n.UUID, "properties": n.Properties, "root_device": rootDevice(n),
		"skip_block_devices": n.Properties["skip_block_devices"]}
}

// rootDevice is the hints for the disk: those of the instance come first, as in Ironic.
func rootDevice(n *baremetal.Node) any {
	if hints := n.InstanceInfo["root_device"]; hints != nil {
		return hints
	}
	return n.Properties["root_device"]
}

// withAgent puts the agent's boot before the first of its steps, and its end after the last.
func (c *Conductor) withAgent(steps []Step) []Step {
	first, last := -1, -1
	for i, s := range steps {
		if s.agent && first < 0 {
			first = i
		}
		if s.agent {
			last = i
		}
	}
	if first < 0 {
		return steps
	}
	plan := append([]Step{}, steps[:first]...)
	plan = append(plan, c.bootAgentStep())
	plan = append(plan, steps[first:last+1]...)
	plan = append(plan, Step{Name: "tear_down_agent", Do: c.tearDownAgent})
	return append(plan, steps[last+1:]...)
}

// backOn switches the machine on after the agent's last step: what is serviced goes back to its instance.
func (c *Conductor) backOn(steps []Step) []Step {
	if !slices.ContainsFunc(steps, func(s Step) bool { return s.agent }) {
		return steps
	}
	return append(steps, Step{Name: "boot_instance", Do: c.bootInstance})
}

// bootInstance has the machine run what it is to run. One that must not be switched off is rebooted.
func (c *Conductor) bootInstance(ctx context.Context, n *baremetal.Node) error {
	if staysOn(n) {
		return c.power(ctx, n, baremetal.Reboot)
	}
	return c.power(ctx, n, baremetal.PowerOn)
}

// bootAgentStep boots the machine into the agent and waits for its heartbeat.
func (c *Conductor) bootAgentStep() Step {
	return Step{
		Name: "boot_agent", Priority: 100,
		Do: func(ctx context.Context, n *baremetal.Node) error {
			if err := c.mayBootAgent(n); err != nil && n.Interfaces["boot"] != "fake" {
				return err
			}
			return c.bootRamdisk(ctx, n, "into the agent", func(n *baremetal.Node, _ time.Time) {
				n.DriverInternalInfo = with(n.DriverInternalInfo, baremetal.AgentBoots, true)
			})
		},
		Await: func(_ context.Context, n *baremetal.Node) (bool, error) {
			return n.DriverInternalInfo.Text("agent_url") != "", nil
		},
		Wait: Waiting{For: "its agent", Within: agentBoots},
		Undo: func(ctx context.Context, n *baremetal.Node) error {
			c.keepAgentLog(ctx, n, "a failure")
			return errors.Join(c.forgetAgent(ctx, n), c.switchOff(ctx, n))
		},
	}
}

// switchOff switches a machine off that may be.
func (c *Conductor) switchOff(ctx context.Context, n *baremetal.Node) error {
	if staysOn(n) {
		return nil
	}
	return c.power(ctx, n, baremetal.PowerOff)
}

func (c *Conductor) forgetAgent(ctx context.Context, n *baremetal.Node) error {
	return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		delete(n.DriverInternalInfo, baremetal.AgentBoots)
		fleet.ForgetAgent(n)
		return nil
	})
}

// tearDownAgent ends the agent's work: what it has written is on the disks, and its log is here.
func (c *Conductor) tearDownAgent(ctx context.Context, n *baremetal.Node) error {
	_, err := c.tell(ctx, n, true, "standby.sync", nil)
	c.keepAgentLog(ctx, n, "its work")
	if err == nil {
		err = c.forgetAgent(ctx, n)
	}
	if err == nil {
		err = c.switchOff(ctx, n)
	}
	return err
}

// keepAgentLog gets the agent's log. One that cannot be had is no failure.
func (c *Conductor) keepAgentLog(ctx context.Context, n *baremetal.Node, after string) {
	answer, err := c.tell(ctx, n, true, "log.collect_system_logs", nil)
	if err == nil {
		result, _ := answer.Result.(map[string]any)
		err = c.Store.Update(ctx, func(tx *store.Tx) error { return keepLog(tx, n.UUID, after, result["system_logs"]) })
	}
	if err != nil && !errors.Is(err, errNoAgent) {
		c.Log.Warn("the log of the agent is not to be had", "node", n.UUID, "error", err)
	}
}

// writeSteps are those of a deployment that writes an image to a disk of the machine, with
// Ironic's names and priorities.
func (c *Conductor) writeSteps() []Step {
	boots := c.bootAgentStep()
	boots.Name = "deploy"
	return []Step{
		boots,
		{
			Name: "write_image", Priority: 80, Do: c.beginWriting,
			Await: func(ctx context.Context, n *baremetal.Node) (bool, error) {
				return c.told(ctx, n, "standby.prepare_image")
			},
			Wait: Waiting{For: "the agent to write the image", Every: agentQuestion, Within: agentWorks},
		},
		{Name: "prepare_instance_boot", Priority: 60, Do: func(ctx context.Context, n *baremetal.Node) error {
			_, err := c.tell(ctx, n, true, "image.install_bootloader", baremetal.Object{"root_uuid": "", "efi_system_part_uuid": nil,
				"prep_boot_part_uuid": nil, "target_boot_mode": bootMode(n), "ignore_bootloader_failure": false})
			return err
		}},
		{Name: "tear_down_agent", Priority: 40, Do: c.tearDownAgent},
		{Name: "switch_to_tenant_network", Priority: 30}, // the network interface noop has one network
		{Name: "boot_instance", Priority: 20, Do: func(ctx context.Context, n *baremetal.Node) error {
			if err := c.bootInstance(ctx, n); err != nil {
				return err
			}
			return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
				delete(n.InstanceInfo, "force_deployment") // it was for this deployment, as the specification says
				n.DriverInternalInfo = with(n.DriverInternalInfo, boot.OnDisk, true)
				return nil
			})
		}},
	}
}

func bootMode(n *baremetal.Node) string {
	if n.BootsUEFI() {
		return "uefi"
	}
	return "bios"
}

// beginWriting has the agent write the image, with its config drive.
func (c *Conductor) beginWriting(ctx context.Context, n *baremetal.Node) error {
	image := baremetal.Object{}
	if kept, ok := n.DriverInternalInfo[imageToWrite].(map[string]any); ok {
		image = kept
	}
	at, err := c.Images.URL(ctx, n, ImageKey(n))
	if err != nil {
		return err
	}
	drive, err := packedDrive(n)
	if err != nil {
		return fmt.Errorf("configdrive in instance_info: %w", err)
	}
	_, err = c.tell(ctx, n, false, "standby.prepare_image", baremetal.Object{
		"configdrive": drive,
		"image_info": baremetal.Object{"id": image.Text("uuid"), "urls": []string{at}, "disk_format": "raw", "container_format": "bare",
			"image_type":   "whole-disk-image",
			"os_hash_algo": "sha256", "os_hash_value": image.Text("sha256"), "checksum": nil, "stream_raw_images": true, "node_uuid": n.UUID,
			"node": forAgent(n)},
	})
	return err
}

// imageToWrite is the key of driver_internal_info with the image of a deployment.
const imageToWrite = "image_to_write"

// ImageToWrite is the UUID of the image that the agent of the node is to write, "" for none.
func ImageToWrite(n *baremetal.Node) string {
	kept, _ := n.DriverInternalInfo[imageToWrite].(map[string]any)
	return baremetal.Object(kept).Text("uuid")
}

// ImageKey proves to be the agent of the node: it is made of the agent's token, and lives as
// long as that. "" is for a node without an agent.
func ImageKey(n *baremetal.Node) string {
	token := n.DriverInternalInfo.Text("agent_secret_token")
	if token == "" {
		return ""
	}
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte("image of " + n.UUID))
	return hex.EncodeToString(m.Sum(nil))
}

// packedDrive is the node's config drive, gzipped and in base64, as agents take it; nil for
// none.
func packedDrive(n *baremetal.Node) (any, error) {
	drives, err := boot.Drives(n)
	if err != nil || len(drives) == 0 {
		return nil, err
	}
	image := drives[0].Image
	if image == nil {
		if image, err = isofs.Image(drives[0].Label, drives[0].Files); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(image); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// fetchToWrite makes the image of a deployment that writes available. One that is kept here is looked up before the
// machine is touched; one from elsewhere comes here when the machine runs its agent.
func (c *Conductor) fetchToWrite(ctx context.Context, n *baremetal.Node) error {
	source, _ := boot.Source(n)
	_, kept := n.DriverInternalInfo[imageToWrite]
	if begins := deploying.next(n) == 0; begins && source.URL != "" {
		return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
			delete(n.DriverInternalInfo, imageToWrite) // of an earlier deployment
			return nil
		})
	} else if !begins && (kept || n.DriverInternalInfo.Text("agent_url") == "") {
		return nil
	}
	if c.Images == nil {
		return errors.New("no images are kept here")
	}
	w, err := c.Images.Fetch(ctx, n)
	if err != nil {
		return aboutVolumes(fmt.Errorf("fetch the image: %w", err))
	}
	return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.DriverInternalInfo = with(n.DriverInternalInfo, imageToWrite, baremetal.Object{"uuid": w.UUID, "size": w.Size, "sha256": w.SHA256})
		return nil
	})
}
