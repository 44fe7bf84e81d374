package ipxe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// VolumeBoot is a node's boot from its volumes.
type VolumeBoot struct {
	Node      string                    // name of the node in messages
	Initiator string                    // IQN to log in with; "" leaves iPXE's own
	Targets   []*baremetal.VolumeTarget // boot index 0 and any others, in any order
	Fibre     bool                      // attaches those of Fibre Channel, over Ethernet, and not those of iSCSI
	// Self is the script's own URI, relative to itself, "" when it has none. A retry
	// fetches the script again from there; a request for Self/failed/STEP/CODE reports that
	// a step, attach or boot, has failed for good, with iPXE's error number.
	Self string
	// Six reports that the machine has asked over IPv6: it may have no other address.
	Six bool
	// VLAN is the tag of the VLAN in which the storage is, 0 for the network it boots from.
	VLAN uint16
	// Kernel is a URL of what starts the system on the boot volume, "" for the volume's own
	// boot loader. Ramdisk, Args and Shims are those of [LoadBoot].
	Kernel, Ramdisk, Args, Shims string
}

// BootVolumes makes the script that attaches every volume of v, by iSCSI or FCoE, and boots
// the one with boot index 0: drive 0x80, followed by the others in the order of
// their boot index. A property that is missing or that a script cannot express
// is ErrInvalid and names the target and the property.
func BootVolumes(v VolumeBoot) (Script, error) {
	disks, err := v.disks()
	if err != nil {
		return Script{}, err
	}
	start, err := v.start()
	if err != nil {
		return Script{}, err
	}
	var s Script
	s.say("Ironhook boots " + v.Node + " from its volume")
	s.vlanTrunk(v.VLAN)
	s.add("set attempt:int32 1")
	s.add(":attempt")
	s.network(v, disks)
	if err := s.initiator(v.Initiator); err != nil {
		return Script{}, err
	}
	s.attach(0x80, disks[0], true, room(v.Initiator, disks[0]))
	for i, d := range disks[1:] {
		described := !sameTarget(d, disks[:i+1]) && describable(v.Initiator, disks[:i+2]...)
		s.attach(0x81+i, d, described, len(d.paths))
	}
	s.credentials(disks[0]) // iPXE reads them again when it has to log in again
	var free []string
	for i := range disks {
		free = append(free, fmt.Sprintf("sanunhook --drive %#x ||", 0x80+i))
	}
	if start != nil {
		s.lines = append(s.lines, start...)
		free = append(free, "imgfree ||")
	} else {
		s.boot(v.keeps())
	}
	s.retry("the volume", free)
	s.giveUp(v.Node, v.Self, v.questions()...)
	return s, nil
}

// start is the commands that start the kernel, nil for none.
func (v VolumeBoot) start() ([]string, error) {
	if v.Kernel == "" {
		return nil, nil
	}
	c, err := LoadBoot{Kernel: v.Kernel, Ramdisk: v.Ramdisk, Args: v.Args}.commands()
	if err != nil {
		return nil, err
	}
	var s Script
	s.shim(v.Shims)
	for _, command := range append(c.load, "set failed start", c.boot) {
		s.add("%s || goto failed", command)
	}
	s.add("goto failed")
	return s.lines, nil
}

// keeps reports whether the boot volume stays attached when nothing on it boots.
func (v VolumeBoot) keeps() bool {
	return slices.ContainsFunc(v.Targets, func(t *baremetal.VolumeTarget) bool { return t.BootIndex == 0 && t.Options().KeepSAN })
}

// four reports whether the server of a URL or a root path may have no IPv6 address.
func four(url string) bool {
	return url != "" && !strings.Contains(url, ":[") && !strings.Contains(url, "/[")
}

// askIPv4 gets an IPv4 address beside that of IPv6.
func (s *Script) askIPv4() { s.add("isset ${netX/ip} || ifconf --configurator dhcp netX ||") }

// network gets the addresses that the paths to the disks need beside the one by which the
// machine has come: in a VLAN, and of the other family. The card is always the one that has
// booted, which iPXE describes to the operating system with the volume.
func (s *Script) network(v VolumeBoot, disks []disk) {
	old, only6 := false, false
	for _, d := range disks {
		by4, _ := d.families()
		old, only6 = old || len(by4) > 0, only6 || len(by4) == 0
	}
	switch {
	case v.VLAN != 0:
		s.enterVLAN(v.VLAN, old, only6)
	case v.Fibre:
	case v.Six && old:
		s.askIPv4()
	case !v.Six && only6:
		s.add("ifconf --configurator ipv6 netX ||")
	}
}

// sameTarget reports whether a disk before d is a unit of the same iSCSI target. The operating
// system finds all units of a target that it logs in to, and a second log-in fails: "session exists".
func sameTarget(d disk, before []disk) bool {
	return d.iqn != "" && slices.ContainsFunc(before, func(b disk) bool { return b.iqn == d.iqn })
}

// questions are what a person may look at when no attempt succeeds.
func (v VolumeBoot) questions() []string {
	if v.Fibre {
		return []string{"Is this iPXE built with Fibre Channel over Ethernet? Debian's is not:",
			"it needs one that is. Does the array know this card's WWPN?"}
	}
	if v.VLAN != 0 {
		return []string{fmt.Sprintf("Can this iPXE make VLANs, and does the switch have VLAN %d at this port?", v.VLAN),
			"Is there a DHCP server in it? Does the storage know this initiator and its secret?"}
	}
	return []string{"Is the storage reachable from this network,", "and does it know this initiator and its secret?"}
}

// disks orders the targets of the kind that the script attaches by boot index and reads
// their properties.
func (v VolumeBoot) disks() ([]disk, error) {
	kind, of := "iSCSI", (*baremetal.VolumeTarget).ISCSI
	if v.Fibre {
		kind, of = "Fibre Channel", (*baremetal.VolumeTarget).FibreChannel
	}
	targets := slices.DeleteFunc(slices.Clone(v.Targets), func(t *baremetal.VolumeTarget) bool { return !of(t) })
	slices.SortFunc(targets, func(a, b *baremetal.VolumeTarget) int { return cmp.Compare(a.BootIndex, b.BootIndex) })
	if len(targets) == 0 || targets[0].BootIndex != 0 {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "No %s volume target with boot_index 0.", kind)
	}
	disks := make([]disk, len(targets))
	for i, t := range targets {
		d, err := diskOf(t)
		if err != nil {
			return nil, err
		}
		disks[i] = d
	}
	return disks, nil
}

func (s *Script) initiator(name string) error {
	if name == "" {
		s.add("clear initiator-iqn ||")
		return nil
	}
	name, err := iqn(name)
	if err != nil {
		return baremetal.Errorf(baremetal.ErrInvalid, "Volume connector of type iqn: connector_id %v.", err)
	}
	s.add("set initiator-iqn %s", name)
	return nil
}

// credentials sets what the next login uses and clears what it must not: iPXE
// refuses a reverse user without a user, and would offer one disk's secret to
// another disk's array.
func (s *Script) credentials(d disk) {
	for _, c := range []struct{ setting, value string }{
		{"username", d.user}, {"password", d.password},
		{"reverse-username", d.reverseUser}, {"reverse-password", d.reversePassword},
	} {
		if c.value == "" {
			s.add("clear %s ||", c.setting)
		} else {
			s.add("set %s %s", c.setting, c.value)
		}
	}
}

// loaders are the paths of boot loaders that operating systems install when they rely
// on a firmware variable to point there. The variable stays on the machine that
// installed them, but a volume moves, so the script tries the paths. ${efi} is what their
// names have of the architecture.
var loaders = []string{
	`\EFI\debian\shim${efi}.efi`, `\EFI\debian\grub${efi}.efi`, `\EFI\ubuntu\shim${efi}.efi`,
	`\EFI\fedora\shim${efi}.efi`, `\EFI\centos\shim${efi}.efi`, `\EFI\rocky\shim${efi}.efi`, `\EFI\almalinux\shim${efi}.efi`,
	`\EFI\redhat\shim${efi}.efi`,
	`\EFI\opensuse\shim.efi`, `\EFI\systemd\systemd-boot${efi}.efi`, `\EFI\Microsoft\Boot\bootmgfw.efi`,
}

// boot starts what is on the first drive: its boot sector, or under UEFI
// \EFI\BOOT\BOOTX64.EFI, or BOOTAA64.EFI, and then each of the loaders. No command here returns
// after success. The error that counts is the first. With keep, a machine on whose volume
// nothing boots continues with its next boot device, the volume still attached.
func (s *Script) boot(keep bool) {
	s.add("set failed boot")
	if keep {
		s.add("set keep-san 1")
	}
	s.add("sanboot --no-describe --drive 0x80 || set code ${errno:hexraw}")
	end := "report"
	if keep {
		end = "keep"
	}
	s.add("iseq ${platform} efi || goto %s", end)
	s.add("set efi x64")
	s.add("iseq ${buildarch} arm64 && set efi aa64 ||")
	for _, l := range loaders {
		s.add("sanboot --no-describe --drive 0x80 --filename %s ||", l)
	}
	s.add("goto %s", end)
	if keep {
		s.add(":keep")
		s.say("Nothing on the volume boots. It stays attached, and the next boot device follows")
		s.end(NextDevice)
	}
}
