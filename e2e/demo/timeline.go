package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"ironhook/e2e/lab"
)

// tell prints the machine's events as they come, with the time since power-on,
// until the operating system is up.
func (d *demo) tell(ctx context.Context) error {
	node, err := d.client.Node(ctx, d.machine.Name)
	if err != nil {
		return err
	}
	var last int64
	var on time.Time
	for {
		events, err := d.client.Events(ctx, node.UUID, last)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Kind == "power-on" {
				on = e.At
			}
			fmt.Fprintln(d.out, "  "+describe(e, on))
			if last = e.Seq; e.Kind == "up" {
				return nil
			}
		}
	}
}

// meaning is the text of the events without words of their own.
var meaning = map[string]string{
	"first-read": "iPXE reads the boot loader from the volume",
	"up":         "the operating system writes to its root",
}

// describe is one line of the timeline; before power-on there is no time to give.
func describe(e lab.Event, on time.Time) string {
	since := "         "
	if !on.IsZero() {
		since = fmt.Sprintf("+%6.2f s", e.At.Sub(on).Seconds())
	}
	return fmt.Sprintf("%s  %-10s  %s", since, e.Kind, cmp.Or(e.Detail, meaning[e.Kind]))
}
