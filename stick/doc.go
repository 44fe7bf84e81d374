// Package stick is the first process of a stick that makes a PC the boot server of its
// room: it finds the devices, the stick and the network, runs `ironhook serve`, and shows
// on the screen where the pages are. Everything but the data partition is in memory, and
// what is written there survives a pulled plug.
//
//	GPT: BIOS loader | state | EFI | slot a | slot b | data (ext4, grows to the stick)
//
// The loader (packaging/usb/grub.cfg) starts one of two slots, each a kernel and an
// initramfs with this program. An upgrade goes to the slot that does not run, on trial: it
// has two starts to prove itself, then the loader goes back to the other one.
package stick
