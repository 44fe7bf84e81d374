// Pack adds the kernel modules of the stick to its files, and packs them:
//
//	pack ROOT MODULES OUT
//
// ROOT is the directory of the files, MODULES that of a kernel's modules, as depmod has indexed them.
package main

import (
	"fmt"
	"os"

	"ironhook/internal/initramfs"
)

// more are the modules that the stick has beyond what every system has.
var more = []string{
	"drivers/acpi/button.ko", // switches it off
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want ROOT MODULES OUT, not %q", args)
	}
	if err := initramfs.AddModules(args[0], args[1], more...); err != nil {
		return err
	}
	return initramfs.Write(args[2], args[0])
}
