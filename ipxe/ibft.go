package ipxe

// A BIOS machine hands its volumes to the operating system in an iBFT, for which
// iPXE keeps 768 bytes (XBFTAB_SIZE in src/arch/x86/interface/pcbios/int13.c);
// one byte more and no volume boots at all. UEFI has no such limit. The sizes
// are those of src/include/ipxe/ibft.h, laid out as ibft_install does.
const (
	ibftRoom      = 768
	ibftHeader    = 48 + 10 // ACPI header, control structure
	ibftInitiator = 80
	ibftNIC       = 112 // one for each target, two at least
	ibftTarget    = 64
	ibftHostname  = 32 // iPXE puts a host name from DHCP in, for each NIC
)

// describable reports whether the iBFT of a BIOS machine has room for all paths of
// these disks.
func describable(initiator string, disks ...disk) bool {
	paths, strings := 0, len(initiator)+1+ibftHostname
	for _, d := range disks {
		paths += len(d.paths)
		texts := len(d.iqn) + len(d.user) + len(d.password) + len(d.reverseUser) + len(d.reversePassword) + 5
		strings += len(d.paths) * texts
	}
	pairs := max(paths, 2)
	head := (ibftHeader + 4*pairs + 15) &^ 15
	return head+ibftInitiator+pairs*(ibftNIC+ibftTarget)+strings <= ibftRoom
}
