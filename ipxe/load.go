package ipxe

import (
	"strings"

	"ironhook/baremetal"
)

// LoadBoot is a node's boot from what iPXE loads itself.
type LoadBoot struct {
	Node                 string // name of the node in messages
	Kernel, Ramdisk, ISO string // URLs; Ramdisk may be "", and ISO excludes the others
	Args                 string // of the kernel, words with one space between
	// Agent is the URL of a directory that has kernel and ramdisk for each architecture, as iPXE
	// names it: ARCHITECTURE/vmlinuz and initrd. It excludes the others.
	Agent string
	// Self is the script's own URI, as of [VolumeBoot]. A request for Self/loaded reports
	// that everything is loaded and about to start.
	Self string
	Six  bool // as of [VolumeBoot]
	// Shims is the URL of the folder of signed programs, to be used under Secure Boot, with a
	// [KernelShim]; "" for none. Otherwise the firmware itself has to trust the kernel.
	Shims string
}

// ramdiskImage is the ramdisk's name within iPXE. A kernel under UEFI finds it by the
// argument initrd=.
const ramdiskImage = "ramdisk"

// BootLoad makes the script that loads a kernel with its ramdisk, or an ISO, and starts it.
// What a script cannot express is ErrInvalid.
func BootLoad(b LoadBoot) (Script, error) {
	start, err := b.commands()
	if err != nil {
		return Script{}, err
	}
	var s Script
	s.say("Ironhook boots " + b.Node + " from what it loads over the network")
	s.add("set attempt:int32 1")
	s.add(":attempt")
	if b.Six && (four(b.Kernel) || four(b.Ramdisk) || four(b.ISO)) {
		s.askIPv4()
	}
	if b.ISO == "" {
		s.shim(b.Shims)
	}
	for _, command := range start.load {
		s.add("%s || goto failed", command)
	}
	if b.Self != "" {
		s.add("imgfetch --name report %s/loaded && imgfree report ||", b.Self)
	}
	s.add("set failed start")
	s.add("%s || goto failed", start.boot)
	s.add("goto failed")
	s.retry("the system", []string{"imgfree ||"})
	s.giveUp(b.Node, b.Self, "Is the web server of the kernel reachable from this network?")
	return s, nil
}

// shim makes the shim in the folder of signed programs at that URL vouch for the kernel that
// is loaded next, if there is a folder.
func (s *Script) shim(folder string) {
	if folder != "" {
		s.add("iseq ${platform} efi && shim %s/${buildarch}-sb/%s ||", folder, KernelShim)
	}
}

// loading is the commands that load, and the one that starts what was loaded.
type loading struct {
	load []string
	boot string
}

func (b LoadBoot) commands() (c loading, err error) {
	c.load = []string{"set failed load"}
	if b.ISO != "" {
		iso, err := field("boot_iso", b.ISO)
		c.boot = "sanboot --no-describe --drive 0x80 " + iso
		return c, err
	}
	kernel, ramdisk, err := b.files()
	if err != nil {
		return c, err
	}
	line := "kernel --name kernel " + kernel
	if ramdisk != "" {
		line += " initrd=" + ramdiskImage
	}
	for word := range strings.SplitSeq(b.Args, " ") {
		if b.Args == "" {
			break
		}
		if word, err = field("kernel_append_params", word); err != nil {
			return c, err
		}
		line += " " + word
	}
	c.load = append(c.load, line+" BOOTIF=01-${netX/mac:hexhyp}")
	if ramdisk != "" {
		c.load = append(c.load, "initrd --name "+ramdiskImage+" "+ramdisk)
	}
	c.boot = "boot"
	return c, nil
}

// files are the URLs of kernel and ramdisk as commands have them.
func (b LoadBoot) files() (kernel, ramdisk string, err error) {
	if b.Agent != "" {
		at, err := field("deploy_kernel", b.Agent)
		return at + "/${buildarch}/vmlinuz", at + "/${buildarch}/initrd", err
	}
	kernel, err = field("kernel", b.Kernel)
	if err == nil && b.Ramdisk != "" {
		ramdisk, err = field("ramdisk", b.Ramdisk)
	}
	return kernel, ramdisk, err
}

// field is word for a value of instance_info.
func field(key, v string) (string, error) {
	v, err := word(v)
	if err != nil {
		return "", baremetal.Errorf(baremetal.ErrInvalid, "instance_info.%s %v.", key, err)
	}
	return v, nil
}
