// Command demo shows Ironhook at work: it starts the appliance in a network of
// its own, registers a virtual machine that has a BMC and no disk, and boots it
// from a volume over iSCSI, telling each step of the boot as it happens. Nothing
// of it is left behind.
//
//	go run ./e2e/demo [-stay]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ironhook/e2e/lab"
)

func main() { os.Exit(lab.Run(run)) }

// limit is the longest that the demonstration may take on a slow host.
const limit = 5 * time.Minute

func run() int {
	stay := flag.Bool("stay", false, "go on serving after the boot, until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := &demo{start: time.Now(), stay: *stay}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := d.show(bounded)
	if err == nil && d.stay {
		fmt.Println("The appliance goes on serving. Ctrl-C ends it.")
		<-ctx.Done()
	}
	if closing := d.close(); err == nil {
		err = closing
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nFAILED: %s: %v\n", d.step, err)
		if d.lab != nil {
			fmt.Fprintln(os.Stderr, "Logs:", d.lab.Logs)
		}
		return 1
	}
	fmt.Printf("\nOK: the machine booted in %.1f s, the whole took %.1f s\n", d.boot.Seconds(), time.Since(d.start).Seconds())
	return 0
}
