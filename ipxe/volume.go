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
	var s Script
	s.say("Ironhook boots " + v.Node + " from its volume")
	s.add("set attempt:int32 1")
	s.add(":attempt")
	if v.Six && !v.Fibre && slices.ContainsFunc(disks, func(d disk) bool { return slices.ContainsFunc(d.paths, four) }) {
		s.askIPv4()
	}
	if err := s.initiator(v.Initiator); err != nil {
		return Script{}, err
	}
	s.hookBoot(v.Initiator, disks[0])
	for i, d := range disks[1:] {
		s.hook(0x81+i, d, d.paths, !sameTarget(d, disks[:i+1]) && describable(v.Initiator, disks[:i+2]...))
	}
	s.credentials(disks[0]) // iPXE reads them again when it has to log in again
	s.boot()
	var free []string
	for i := range disks {
		free = append(free, fmt.Sprintf("sanunhook --drive %#x ||", 0x80+i))
	}
	s.retry("the volume", free)
	s.giveUp(v.Node, v.Self, v.questions()...)
	return s, nil
}

// four reports whether the server of a URL or a root path may have no IPv6 address.
func four(url string) bool {
	return url != "" && !strings.Contains(url, ":[") && !strings.Contains(url, "/[")
}

// askIPv4 gets an IPv4 address beside that of IPv6.
func (s *Script) askIPv4() { s.add("isset ${netX/ip} || ifconf --configurator dhcp ||") }

// sameTarget reports whether a disk before d is a unit of the same iSCSI target. The operating
// system finds all units of a target that it logs in to, and a second log-in fails: "session exists".
func sameTarget(d disk, before []disk) bool {
	return d.iqn != "" && slices.ContainsFunc(before, func(b disk) bool { return b.iqn == d.iqn })
}

// questions are what a person may look at when no attempt succeeds.
func (v VolumeBoot) questions() []string {
	if v.Fibre {
		return []string{"Is this iPXE built with Fibre Channel over Ethernet? Debian's is not:", "it needs one that is. Does the array know this card's WWPN?"}
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

// hookBoot attaches the boot disk. The operating system must find it in the
// iBFT, so a BIOS machine gets no more paths than fit there.
func (s *Script) hookBoot(initiator string, d disk) {
	bios := d
	for len(bios.paths) > 1 && !describable(initiator, bios) {
		bios.paths = bios.paths[:len(bios.paths)-1]
	}
	if len(bios.paths) == len(d.paths) {
		s.hook(0x80, d, d.paths, true)
		return
	}
	s.add("iseq ${platform} pcbios && goto bios ||")
	s.hook(0x80, d, d.paths, true)
	s.add("goto hooked")
	s.add(":bios")
	s.hook(0x80, d, bios.paths, true)
	s.add(":hooked")
}

// hook attaches one disk. A described disk is also listed in the iBFT for the
// operating system.
func (s *Script) hook(drive int, d disk, paths []string, described bool) {
	s.credentials(d)
	s.add("set failed attach")
	flag := ""
	if !described {
		flag = " --no-describe"
	}
	s.add("sanhook%s --drive %#x %s || goto failed", flag, drive, strings.Join(paths, " "))
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
// installed them, but a volume moves, so the script tries the paths.
var loaders = []string{
	`\EFI\debian\shimx64.efi`, `\EFI\debian\grubx64.efi`, `\EFI\ubuntu\shimx64.efi`,
	`\EFI\fedora\shimx64.efi`, `\EFI\centos\shimx64.efi`, `\EFI\rocky\shimx64.efi`, `\EFI\almalinux\shimx64.efi`, `\EFI\redhat\shimx64.efi`,
	`\EFI\opensuse\shim.efi`, `\EFI\systemd\systemd-bootx64.efi`, `\EFI\Microsoft\Boot\bootmgfw.efi`,
}

// boot starts what is on the first drive: its boot sector, or under UEFI
// \EFI\BOOT\BOOTX64.EFI and then each of the loaders. No command here returns
// after success. The error that counts is the first.
func (s *Script) boot() {
	s.add("set failed boot")
	s.add("sanboot --no-describe --drive 0x80 || set code ${errno:hexraw}")
	s.add("iseq ${platform} efi || goto report")
	for _, l := range loaders {
		s.add("sanboot --no-describe --drive 0x80 --filename %s ||", l)
	}
	s.add("goto report")
}
