// Command demo shows Ironhook at work: it starts the appliance in a network of
// its own, registers a virtual machine that has a BMC and no disk, and boots it
// from a volume over iSCSI, telling each step of the boot as it happens. Nothing
// of it is left behind.
//
//	go run ./e2e/demo [-stay]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
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
	err := perform(ctx, os.Stdout, *stay)
	if err != nil && ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "\nInterrupted. Nothing is left behind but the logs.")
		return 1
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nFAILED: %v\n", err)
		return 1
	}
	return 0
}

// perform shows the demonstration and cleans up after it. An error names the step
// that failed and where the logs are.
func perform(ctx context.Context, out io.Writer, stay bool) error {
	d := &demo{out: out, stay: stay}
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := d.show(bounded)
	if err == nil && stay {
		fmt.Fprintln(out, "The appliance goes on serving. Ctrl-C ends it.")
		<-ctx.Done()
	}
	if err := errors.Join(err, d.close()); err != nil {
		if d.lab != nil {
			err = fmt.Errorf("%w\nLogs: %s", err, d.lab.Logs)
		}
		return fmt.Errorf("%s: %w", d.step, err)
	}
	fmt.Fprintf(out, "\nOK: the machine booted in %.1f s, the whole took %.1f s\n", d.boot.Seconds(), time.Since(began).Seconds())
	return nil
}
