package ipxe

import (
	"fmt"
	"slices"
	"strings"
)

// families splits the paths into those of IPv4 and of host names, and those of IPv6.
func (d disk) families() (by4, by6 []string) {
	for _, path := range d.paths {
		if four(path) {
			by4 = append(by4, path)
		} else {
			by6 = append(by6, path)
		}
	}
	return by4, by6
}

// room is how many of the paths to the boot disk a BIOS machine gets: as many as fit into the
// iBFT, where the operating system must find it.
func room(initiator string, d disk) int {
	n := len(d.paths)
	for n > 1 && !describable(initiator, disk{paths: d.paths[:n], iqn: d.iqn, user: d.user, password: d.password,
		reverseUser: d.reverseUser, reversePassword: d.reversePassword}) {
		n--
	}
	return n
}

// attach attaches one disk. A described disk is also listed in the iBFT for the operating
// system; room is how many paths a BIOS machine gets. iPXE's iBFT has no place for the IPv6
// address of a target, so paths of that family are for machines without an IPv4 address, and
// for disks without another path.
func (s *Script) attach(drive int, d disk, described bool, room int) {
	s.credentials(d)
	s.add("set failed attach")
	by4, by6 := d.families()
	if len(by4) == 0 || len(by6) == 0 {
		s.hook(drive, d.paths, described, room)
		return
	}
	six, attached := s.label("six"), s.label("attached")
	s.add("isset ${netX/ip} || goto %s", six)
	s.hook(drive, by4, described, room)
	s.add("goto %s", attached)
	s.add(":%s", six)
	s.hook(drive, by6, described, room)
	s.add(":%s", attached)
}

// hook attaches a disk by the paths, on a BIOS machine by the first of them up to room.
func (s *Script) hook(drive int, paths []string, described bool, room int) {
	if len(paths) <= room {
		s.failOver(drive, paths, described)
		return
	}
	bios, hooked := s.label("bios"), s.label("hooked")
	s.add("iseq ${platform} pcbios && goto %s ||", bios)
	s.failOver(drive, paths, described)
	s.add("goto %s", hooked)
	s.add(":%s", bios)
	s.failOver(drive, paths[:room], described)
	s.add(":%s", hooked)
}

// failOver attaches a disk by all of the paths if each of them works now, or else by the
// first that does. iPXE lists the dead ones in the iBFT like the others, and an operating
// system would wait for them for minutes. A dead path costs iPXE half a minute, so one that was
// found dead is tried again after all others only.
func (s *Script) failOver(drive int, paths []string, described bool) {
	command := fmt.Sprintf("sanhook --drive %#x ", drive)
	if !described {
		command = fmt.Sprintf("sanhook --no-describe --drive %#x ", drive)
	}
	if len(paths) == 1 {
		s.add("%s%s || goto failed", command, paths[0])
		return
	}
	others, first, all := s.label("others"), s.label("first"), s.label("all")
	missing := others
	for _, path := range paths {
		s.add("sanhook --no-describe --drive %#x %s && sanunhook --drive %#[1]x || goto %[3]s", drive, path, missing)
		missing = first // for the first path works
	}
	s.add("%s%s || goto failed", command, strings.Join(paths, " "))
	s.add("goto %s", all)
	s.add(":%s", others)
	s.add("%s%s || goto failed", command, strings.Join(append(slices.Clone(paths[1:]), paths[0]), " || "+command))
	s.add("goto %s", all)
	s.add(":%s", first)
	s.add("%s%s || goto failed", command, strings.Join(paths, " || "+command))
	s.add(":%s", all)
}

// label makes a label that the script does not have yet.
func (s *Script) label(name string) string { return fmt.Sprintf("%s%d", name, len(s.lines)) }
