package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// reading is what a run gave.
type reading struct {
	rate   float64 // requests a second
	client float64 // processors that the clients kept busy, 1 being one; 0 if they are ourselves
}

// run puts the workload on a target.
func (w workload) run(ctx context.Context, url string, length time.Duration) (reading, error) {
	if w.writes() {
		return w.qemuImg(ctx, url, length)
	}
	all := make([]reading, w.sessions)
	g, ctx := errgroup.WithContext(ctx)
	for n := range all {
		g.Go(func() (err error) {
			all[n], err = w.iscsiPerf(ctx, url, length)
			return err
		})
	}
	err := g.Wait()
	var sum reading
	for _, r := range all {
		sum.rate += r.rate
		sum.client += r.client
	}
	return sum, err
}

var averageIOPS = regexp.MustCompile(`iops average (\d+)`)

func (w workload) iscsiPerf(ctx context.Context, url string, length time.Duration) (reading, error) {
	args := []string{"-m", strconv.Itoa(w.depth), "-b", strconv.Itoa(w.block / 512), "-t", strconv.Itoa(int(length.Seconds()))}
	if w.kind == randomRead {
		args = append(args, "-r")
	}
	rate, busy, err := figure(ctx, averageIOPS, length+20*time.Second, "iscsi-perf", append(args, url)...)
	return reading{rate, busy}, err
}

var completed = regexp.MustCompile(`Run completed in ([0-9.]+) seconds`)

// qemuImg counts requests, not seconds: the count grows until a run is long enough.
func (w workload) qemuImg(ctx context.Context, url string, length time.Duration) (reading, error) {
	args := []string{"bench", "-f", "raw", "-w", "-d", strconv.Itoa(w.depth), "-s", strconv.Itoa(w.block), "-S", strconv.Itoa(w.stride())}
	if w.kind == flushedWrite {
		args = append(args, "--flush-interval=1")
	}
	count := 64 * w.depth
	for try := 0; ; try++ {
		took, busy, err := figure(ctx, completed, time.Minute, "qemu-img", append(args, "-c", strconv.Itoa(count), url)...)
		if err != nil {
			return reading{}, err
		}
		if took >= 0.6*length.Seconds() || try == 3 {
			return reading{float64(count) / took, busy}, nil
		}
		count = int(min(float64(count)*length.Seconds()/(took+1e-3), float64(count)*60))
	}
}

// figure runs a program and finds a number in what it prints. busy is how many processors
// it used.
func figure(ctx context.Context, re *regexp.Regexp, limit time.Duration, name string, args ...string) (number, busy float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd, start := exec.CommandContext(ctx, name, args...), time.Now()
	out, err := cmd.CombinedOutput()
	all := re.FindAllSubmatch(out, -1)
	if len(all) == 0 {
		return 0, 0, fmt.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	number, err = strconv.ParseFloat(string(all[len(all)-1][1]), 64)
	return number, used.Seconds() / time.Since(start).Seconds(), err
}
