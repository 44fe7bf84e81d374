package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/agent/disk"
	"ironhook/agent/hardware"
)

// operations are the commands of the agent, by name.
func (a *agent) operations() map[string]operation {
	table := map[string]operation{
		"log.collect_system_logs": {do: func(context.Context, map[string]any) (any, error) {
			logs, err := a.packedLog()
			return map[string]any{"system_logs": logs}, err
		}},
		"standby.prepare_image":    {do: a.prepareImage, long: true},
		"image.install_bootloader": {do: a.installBootloader},
		"standby.sync": {do: func(context.Context, map[string]any) (any, error) {
			unix.Sync()
			return nil, nil
		}},
		"rescue.finalize_rescue": {do: a.finalizeRescue},
		"standby.power_off":      {do: a.end(unix.LINUX_REBOOT_CMD_POWER_OFF)},
		"standby.run_image":      {do: a.end(unix.LINUX_REBOOT_CMD_RESTART)},
	}
	for _, flow := range []string{"clean", "deploy", "service"} {
		table[flow+".get_"+flow+"_steps"] = operation{do: func(context.Context, map[string]any) (any, error) {
			return map[string]any{flow +
				"_steps": map[string]any{manager: a.steps(flow)}, "hardware_manager_version": map[string]any{manager: managerVersion}}, nil
		}}
		table[flow+".execute_"+flow+"_step"] = operation{do: func(ctx context.Context, params map[string]any) (any,
			error) {
			return a.executeStep(ctx, flow, params)
		}, long: true}
	}
	return table
}

// end ends the system a moment later, when the command was answered.
func (a *agent) end(how int) func(context.Context, map[string]any) (any, error) {
	return func(context.Context, map[string]any) (any, error) {
		unix.Sync()
		time.AfterFunc(time.Second, func() { a.note(unix.Reboot(how)) })
		return nil, nil
	}
}

func part(o map[string]any, key string) map[string]any { p, _ := o[key].(map[string]any); return p }

func texts(v any) (list []string) {
	items, _ := v.([]any)
	for _, i := range items {
		if s, ok := i.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

func word(o map[string]any, key string) string { s, _ := o[key].(string); return s }

// prepareImage writes the image to the disk that the node's hints choose, mends its partition
// table, and adds the config drive.
func (a *agent) prepareImage(ctx context.Context, params map[string]any) (any, error) {
	info := part(params, "image_info")
	image := disk.Image{URLs: texts(info["urls"]), Algorithm: word(info, "os_hash_algo"), Hash: strings.ToLower(word(info, "os_hash_value"))}
	if format := word(info, "disk_format"); format != "raw" || len(image.URLs) == 0 {
		return nil, fmt.Errorf("the image has the format %q and %d URLs: raw images are written, which the appliance makes of all others", format,
			len(image.URLs))
	}
	chosen, err := disk.Choose(a.machine.Disks(), hints(info))
	if err != nil {
		return nil, err
	}
	a.say("writing image %s to %s", word(info, "id"), chosen)
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(chosen.Name, os.O_RDWR|unix.O_EXCL, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // synced before
	written, err := disk.Write(ctx, c.http, image, f, chosen.Size, a.percent("written"))
	if err == nil {
		err = disk.Mend(f, chosen.Size, chosen.LogicalSectors)
	}
	if err != nil {
		return nil, err
	}
	if err := a.addConfigDrive(f, chosen, params["configdrive"]); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, fmt.Errorf("write to the disk: %w", err)
	}
	a.note(ignoreBusy(unix.IoctlSetInt(int(f.Fd()), unix.BLKRRPART, 0)))
	a.root = &chosen
	return map[string]any{"result": fmt.Sprintf("prepare_image: image (%s) written to device %s, %d bytes", word(info, "id"), chosen.Name,
		written), "root_uuid": ""}, nil
}

func ignoreBusy(err error) error {
	if errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

// hints are those of the instance, else of the node: the conductor puts them in the node.
func hints(info map[string]any) map[string]any {
	h := part(part(info, "node"), "root_device")
	if h == nil {
		h = part(info, "root_device")
	}
	return h
}

func (a *agent) addConfigDrive(f *os.File, chosen hardware.Disk, given any) error {
	text, _ := given.(string)
	if text == "" {
		return nil
	}
	drive, err := disk.UnpackDrive(text)
	if err != nil {
		return fmt.Errorf("the config drive: %w", err)
	}
	number, err := disk.AddConfigDrive(f, chosen.Size, chosen.LogicalSectors, drive)
	if err == nil {
		a.say("config drive is partition %d", number)
	}
	return err
}

// percent is a progress that shows each tenth.
func (a *agent) percent(what string) func(done, all int64) {
	next := int64(10)
	return func(done, all int64) {
		if all <= 0 {
			return
		}
		if now := done * 100 / all; now >= next {
			a.say("%s %d %%, %d MiB", what, now, done>>20)
			next = now/10*10 + 10
		}
		a.progress.Store(done * 100 / all)
	}
}

// installBootloader makes the written disk a boot entry of UEFI; for BIOS the image has all.
func (a *agent) installBootloader(context.Context, map[string]any) (any, error) {
	if a.root == nil {
		return nil, errors.New("no image was written since the agent is up")
	}
	if !hardware.UEFI(a.machine.FS) {
		return map[string]any{"result": "nothing to do: the machine boots by BIOS"}, nil
	}
	f, err := os.Open(a.root.Name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	p, err := disk.FindSystemPartition(f, a.root.Size, a.root.LogicalSectors)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return map[string]any{"result": "no boot entry: the image has no EFI system partition in a GPT, and the firmware looks for a " +
			"loader by itself"}, nil
	}
	return map[string]any{"result": "boot entry made"}, disk.AddBootEntry("/sys/firmware/efi/efivars", *p, a.machine.CPU().Architecture)
}

// step is one that the agent can do: of cleaning, servicing or a deployment.
type step struct {
	name     string
	priority int // of automated cleaning, Ironic's; 0 is only done when asked for
	flows    string
	do       func(a *agent, ctx context.Context, args map[string]any) error
	args     map[string]string
}

// steps are those of the agent.
var steps = []step{
	{"erase_devices", 0, "clean", (*agent).eraseDevices,
		map[string]string{"passes": "of random bytes over disks that can neither be erased by themselves nor discarded, 1"}},
	{"erase_devices_express", 0, "clean", (*agent).eraseExpress, nil},
	{"erase_devices_metadata", 99, "clean", (*agent).eraseMetadata, nil},
	{"burnin_cpu", 0, "clean service", (*agent).burnCPU, map[string]string{"seconds": "how long, 60"}},
	{"burnin_memory", 0, "clean service", (*agent).burnMemory, map[string]string{"seconds": "how long, 60"}},
	{"burnin_disk", 0, "clean", (*agent).burnDisks, map[string]string{"seconds": "how long for each disk, 60; what is on it is lost"}},
	{"list_firmware", 0, "clean service deploy", (*agent).listFirmware, nil},
}

func (a *agent) steps(flow string) (list []map[string]any) {
	for _, s := range steps {
		if !strings.Contains(s.flows, flow) {
			continue
		}
		one := map[string]any{"step": s.name, "priority": s.priority, "interface": "deploy", "reboot_requested": false, "abortable": true}
		info := map[string]any{}
		for name, doc := range s.args {
			info[name] = map[string]any{"description": doc, "required": false}
		}
		one["argsinfo"] = info
		list = append(list, one)
	}
	return list
}

// executeStep does one step.
func (a *agent) executeStep(ctx context.Context, flow string, params map[string]any) (any, error) {
	given := part(params, "step")
	for _, s := range steps {
		if s.name == word(given, "step") && strings.Contains(s.flows, flow) {
			a.protected, _ = part(params, "node")["skip_block_devices"].([]any)
			return map[string]any{flow + "_result": nil, flow + "_step": given}, s.do(a, ctx, part(given, "args"))
		}
	}
	return nil, fmt.Errorf("the agent knows no %s step %q", flow, word(given, "step"))
}

// seconds is how long a step is to take, a minute without an argument and a day at most.
func seconds(args map[string]any) time.Duration {
	n, err := strconv.ParseFloat(fmt.Sprint(args["seconds"]), 64)
	if err != nil || n <= 0 {
		n = 60
	}
	return time.Duration(min(n, 86400) * float64(time.Second))
}

func (a *agent) listFirmware(context.Context, map[string]any) error {
	v := a.machine.Inventory().SystemVendor.Firmware
	a.say("firmware of the machine: %s %s %s", v.Vendor, v.Version, v.BuildDate)
	for _, d := range a.machine.Disks() {
		a.say("firmware of %s: %s", d.Name, d.Firmware)
	}
	if b := ipmiFirmware(); b != "" {
		a.say("firmware of the BMC: %s", b)
	}
	return nil
}
