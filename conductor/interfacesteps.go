package conductor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
)

// argument is what a step of an interface must be given.
type argument struct{ name, doc string }

// ofKind is a step that an interface can do by itself, without a ramdisk on the machine.
type ofKind struct {
	args    []argument
	service bool // a step of servicing, too
	// make completes the step; nil is of fake hardware, and does nothing.
	make func(c *Conductor, step *Step, args baremetal.Object) (wrong string)
}

var (
	biosSettings = []argument{{"settings", "List of BIOS settings, each item needs to contain a dictionary with name/value pairs"}}
	newFirmware  = []argument{{"settings", "List of Firmware components, each item needs to contain a dictionary with name/value pairs"}}
)

// interfaceSteps are the steps by kind and name of the interface. The others need an agent on the machine.
var interfaceSteps = map[string]map[string]map[string]ofKind{
	"bios": {
		"fake": {"apply_configuration": {args: biosSettings, service: true}, "factory_reset": {service: true}, "cache_bios_settings": {}},
		"redfish": {
			"apply_configuration": {args: biosSettings, service: true, make: changeBIOS},
			"factory_reset":       {service: true, make: resetBIOS},
			"cache_bios_settings": {make: readBIOS},
		},
	},
	"firmware": {
		"fake":    {"update": {args: newFirmware, service: true}},
		"redfish": {"update": {args: newFirmware, service: true, make: updateFirmware}},
	},
	"management": {"redfish": {
		"reset_secure_boot_keys_to_default": {service: true, make: secureBootKeys(false)},
		"clear_secure_boot_keys":            {service: true, make: secureBootKeys(true)},
	}},
	"raid": {"fake": {"create_configuration": {}, "delete_configuration": {}}},
}

// ofInterface completes a step that the node's interface does, or says why it cannot, or not with these
// arguments.
func (c *Conductor) ofInterface(step *Step, f flow, n *baremetal.Node) (wrong string) {
	given := step.Given
	kind, name := given.Text("interface"), given.Text("step")
	known, ok := interfaceSteps[kind][n.Interfaces[kind]][name]
	if !ok || f.name == "service" && !known.service {
		return fmt.Sprintf("node does not support this %s step: %s", f.name, literal(baremetal.Secrets.Mask(given)))
	}
	args, _ := given["args"].(map[string]any)
	if wrong := known.judge(f, given, args); wrong != "" || known.make == nil {
		return wrong
	}
	return known.make(c, step, args)
}

// judge tells, in Ironic's words, of arguments that the step does not have, and of those that it lacks.
func (k ofKind) judge(f flow, given baremetal.Object, args map[string]any) string {
	var missing, wrong []string
	unexpected := maps.Clone(args)
	for _, a := range k.args {
		if _, ok := args[a.name]; !ok {
			missing = append(missing, a.name+" ("+a.doc+")")
		}
		delete(unexpected, a.name)
	}
	shown := baremetal.Secrets.Mask(given)
	shown["abortable"], shown["priority"] = false, 0
	if len(unexpected) > 0 {
		names := strings.Join(slices.Sorted(maps.Keys(unexpected)), ", ")
		wrong = append(wrong, fmt.Sprintf("%s step %s has these unexpected arguments: %s", f.name, literal(shown), names))
	}
	if missing != nil {
		wrong = append(wrong, fmt.Sprintf("%s step %s is missing these required arguments: %s", f.name, literal(shown),
			strings.Join(missing, ", ")))
	}
	return strings.Join(wrong, "; ")
}

// firmwareWait is how a step waits for a machine whose firmware works on its settings: minutes of a start.
var firmwareWait = Waiting{For: "the machine's firmware", Every: 15 * time.Second, Within: 30 * time.Minute}

// changeBIOS is the step that sets settings of the firmware and starts the machine anew. It is over when
// the BMC tells the values that were asked for.
func changeBIOS(c *Conductor, step *Step, args baremetal.Object) (wrong string) {
	values := baremetal.Object{}
	for _, s := range asObjects(args["settings"]) {
		name := s.Text("name")
		if _, ok := s["value"]; !ok || name == "" {
			return `each of the settings of apply_configuration needs a "name" and a "value"`
		}
		values[name] = s["value"]
	}
	if len(values) == 0 {
		return "apply_configuration takes a list of one or more settings"
	}
	step.Do = func(ctx context.Context, n *baremetal.Node) error {
		b, err := extension[BIOS](c, n, "bios", "bios")
		if err == nil {
			err = b.ChangeBIOS(ctx, n, values)
		}
		return c.startAnew(ctx, n, err)
	}
	step.Wait = firmwareWait
	step.Await = func(ctx context.Context, n *baremetal.Node) (bool, error) {
		parts, err := c.biosNow(ctx, n)
		for _, p := range parts {
			if want, ok := values[p.Name]; ok && p.Facts["value"] != fmt.Sprint(want) {
				return false, nil
			}
		}
		return err == nil && parts != nil, err
	}
	return ""
}

// biosNow reads the settings of a machine that may be starting: a BMC that cannot tell them now is no error.
func (c *Conductor) biosNow(ctx context.Context, n *baremetal.Node) ([]baremetal.Part, error) {
	b, err := extension[BIOS](c, n, "bios", "bios")
	if err != nil {
		return nil, err
	}
	parts, err := b.BIOS(ctx, n)
	if err != nil {
		return nil, ignoring(err, baremetal.ErrBMC)
	}
	return parts, c.keepParts(ctx, n.UUID, baremetal.BIOSPart, parts)
}

// startAnew starts the machine anew after something that takes effect then, unless that failed.
func (c *Conductor) startAnew(ctx context.Context, n *baremetal.Node, err error) error {
	if err != nil {
		return err
	}
	return c.power(ctx, n, baremetal.Reboot)
}

// resetBIOS is the step that gives the firmware the settings of the factory and starts the machine anew.
// Which those are only the firmware knows, so that it is over when the BMC tells settings again.
func resetBIOS(c *Conductor, step *Step, _ baremetal.Object) string {
	step.Do = func(ctx context.Context, n *baremetal.Node) error {
		b, err := extension[BIOS](c, n, "bios", "bios")
		if err == nil {
			err = b.ResetBIOS(ctx, n)
		}
		return c.startAnew(ctx, n, err)
	}
	step.Wait = firmwareWait
	step.Await = func(ctx context.Context, n *baremetal.Node) (bool, error) {
		parts, err := c.biosNow(ctx, n)
		return err == nil && parts != nil, err
	}
	return ""
}

// readBIOS is the step that reads the settings anew.
func readBIOS(c *Conductor, step *Step, _ baremetal.Object) string {
	step.Do = c.cacheBIOS
	return ""
}

// updateFirmware is the step that replaces the firmware of components. What the machine itself runs is
// replaced at its next start, which is part of the step.
func updateFirmware(c *Conductor, step *Step, args baremetal.Object) (wrong string) {
	updates, wrong := firmwareUpdates(args)
	if wrong != "" {
		return wrong
	}
	step.Do = func(ctx context.Context, n *baremetal.Node) error {
		f, err := extension[Firmware](c, n, "firmware", "firmware")
		for _, u := range updates {
			if err == nil {
				err = f.UpdateFirmware(ctx, n, u.Text("url"))
			}
		}
		ofMachine := slices.ContainsFunc(updates, func(u baremetal.Object) bool { return u.Text("component") != "bmc" })
		if ofMachine {
			err = c.startAnew(ctx, n, err)
		}
		return err
	}
	step.Wait = Waiting{For: "the BMC", Every: 15 * time.Second, Within: 30 * time.Minute}
	step.Await = func(ctx context.Context, n *baremetal.Node) (bool, error) {
		err := c.cacheFirmware(ctx, n)
		if errors.Is(err, baremetal.ErrBMC) {
			return false, nil // it starts with its new firmware
		}
		return err == nil, err
	}
	return ""
}

// firmwareUpdates reads the settings of the step update.
func firmwareUpdates(args baremetal.Object) (updates []baremetal.Object, wrong string) {
	for _, u := range asObjects(args["settings"]) {
		component, address := u.Text("component"), u.Text("url")
		switch {
		case component != "bios" && component != "bmc" && !strings.HasPrefix(component, "nic:"):
			return nil, fmt.Sprintf("the firmware component %q is none of bios, bmc, nic:NAME", component)
		case !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://"):
			return nil, "each of the settings of update needs the \"url\" of an image, by http or https"
		}
		updates = append(updates, u)
	}
	if updates == nil {
		return nil, "update takes a list of one or more settings"
	}
	return updates, ""
}

func asObjects(v any) (list []baremetal.Object) {
	items, _ := v.([]any)
	for _, item := range items {
		o, _ := item.(map[string]any)
		list = append(list, o)
	}
	return list
}

// secureBootKeys is the step that resets the keys of secure boot, or takes them away.
func secureBootKeys(none bool) func(*Conductor, *Step, baremetal.Object) string {
	return func(c *Conductor, step *Step, _ baremetal.Object) string {
		step.Do = func(ctx context.Context, n *baremetal.Node) error {
			m, err := extension[BootModes](c, n, "management", "reset_secure_boot_keys_to_default")
			if err == nil {
				err = m.ResetSecureBootKeys(ctx, n, none)
			}
			return c.startAnew(ctx, n, err)
		}
		return ""
	}
}
