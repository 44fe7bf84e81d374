package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Storm describes one measurement: machines that are switched on at the same moment.
type Storm struct {
	Name     string
	Machines int
	Proxy    bool  // beside dnsmasq; otherwise full
	Loss     int   // frames lost in each direction, per mille
	Image    int64 // bytes of noise in the golden image
	Read     int   // bytes that each machine reads of it
	Random   bool  // in requests of 4 KiB all over the image, as a squashfs root does
	Write    int   // bytes that each machine writes, and flushes
	Use      int   // requests of a desktop's work after that
	Attacked bool  // by a host of the same network
}

// readSize is the length of a read request.
func (s Storm) readSize() int {
	if s.Random {
		return 4 << 10
	}
	return chunk
}

const mib = 1 << 20

// storms are the rows of the table.
var storms = []Storm{
	{Name: "one machine", Machines: 1, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000},
	{Name: "100, full", Machines: 100, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000},
	{Name: "300, full", Machines: 300, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000},
	{Name: "300, proxy", Machines: 300, Proxy: true, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000},
	{Name: "300, full, 1 % lost", Machines: 300, Loss: 10, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000},
	{Name: "1000 in brief", Machines: 1000, Image: 4 * mib, Read: 4 * mib, Write: mib},
	{Name: "1000, full", Machines: 1000, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000},
	{Name: "1000, full, attacked", Machines: 1000, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000, Attacked: true},
	{Name: "1000, proxy", Machines: 1000, Proxy: true, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000},
	{Name: "1000, full, 1 % lost", Machines: 1000, Loss: 10, Image: 64 * mib, Read: 64 * mib, Write: 16 * mib, Use: 2000},
	{Name: "one, 9 GB image at random", Machines: 1, Image: 9000 * mib, Read: 16 * mib, Random: true},
	{Name: "60, 9 GB image at random", Machines: 60, Image: 9000 * mib, Read: 16 * mib, Random: true},
}

// Outcome is what a storm has shown.
type Outcome struct {
	Storm   Storm
	Took    time.Duration // until the last machine was done
	CPU     time.Duration // of the simulated machines
	Clients []*machine
	Seen    observation
}

// run measures one storm.
func run(ctx context.Context, program string, s Storm) (Outcome, error) {
	o := Outcome{Storm: s}
	r, err := open(ctx, program, s)
	if err != nil {
		return o, err
	}
	defer r.close()
	watch, err := observe(ctx, r)
	if err != nil {
		return o, err
	}
	begun, used := time.Now(), ownCPU()
	if s.Attacked {
		stop, err := r.attack(ctx)
		if err != nil {
			return o, err
		}
		defer stop()
	}
	var on sync.WaitGroup
	for _, m := range r.clients {
		on.Go(func() { m.boot(ctx, s) })
	}
	on.Wait()
	o.Took, o.CPU, o.Clients = time.Since(begun), ownCPU()-used, r.clients
	o.Seen, err = watch.stop()
	return o, err
}

// ownCPU returns the processor time of this process, in which the machines live.
func ownCPU() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u) // it fails for a wrong address only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// failures returns the errors of the machines that did not get to the end, and of requests to
// the API.
func (o Outcome) failures() (all []error) {
	for _, m := range o.Clients {
		if m.err != nil {
			all = append(all, m.err)
		}
	}
	for _, err := range o.Seen.Unanswered {
		all = append(all, fmt.Errorf("the API during the storm: %w", err))
	}
	return all
}

// at returns the time by which a share of the machines had done a step, 0 if fewer did.
func (o Outcome) at(s step, share float64) time.Duration {
	var times []time.Duration
	for _, m := range o.Clients {
		if m.steps[s] > 0 {
			times = append(times, m.steps[s])
		}
	}
	slices.Sort(times)
	if i := int(share*float64(len(o.Clients))+0.999) - 1; i < len(times) {
		return times[max(i, 0)]
	}
	return 0
}

// login returns the p99 of the time from connect to logged in.
func (o Outcome) login() time.Duration {
	times := make([]time.Duration, len(o.Clients))
	for i, m := range o.Clients {
		times[i] = m.login
	}
	slices.Sort(times)
	return times[(len(times)*99+99)/100-1]
}

// slowest names the machine that was done last, and the step that it took longest for.
func (o Outcome) slowest() string {
	last := slices.MaxFunc(o.Clients, func(a, b *machine) int { return int(a.end() - b.end()) })
	longest, before, where := time.Duration(0), time.Duration(0), 0
	for i, at := range last.steps {
		if at-before > longest {
			longest, where = at-before, i
		}
		before = max(at, before)
	}
	return fmt.Sprintf("%s, %s %.1f s", last.name, stepNames[where], longest.Seconds())
}

// end is when the machine was done.
func (m *machine) end() time.Duration { return slices.Max(m.steps[:]) }

// observation is what was seen of the appliance meanwhile.
type observation struct {
	Memory     float64 // MiB at most (VmHWM)
	CPU        time.Duration
	API        time.Duration // p99 of GET /v1/nodes/NODE
	Asked      int           // how many of those were answered
	Unanswered []error       // what came of the others
	Samples    []sample
}

// sample is a moment of a storm.
type sample struct {
	At     time.Duration
	CPU    float64 // processors busy since the last sample
	Memory float64 // MiB
	API    time.Duration
	Done   [len(stepNames)]int // machines that have done each step
}

// curve writes the samples as CSV.
func (o Outcome) curve() string {
	text := "seconds,cpus,mib,api_ms"
	for _, name := range stepNames {
		text += "," + name
	}
	text += "\n"
	for _, s := range o.Seen.Samples {
		text += fmt.Sprintf("%.1f,%.2f,%.0f,%.1f", s.At.Seconds(), s.CPU, s.Memory, float64(s.API.Microseconds())/1000)
		for _, n := range s.Done {
			text += fmt.Sprintf(",%d", n)
		}
		text += "\n"
	}
	return text
}
