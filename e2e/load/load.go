// Package load puts requests on iSCSI units with other people's initiators: libiscsi's
// iscsi-perf reads, qemu-img bench writes. Both have one session, on one thread.
package load

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// Load is what is asked for.
type Load struct {
	Block  int // bytes of a request
	Depth  int // requests in flight
	Random bool
	Write  bool
	Flush  bool // after each write
}

// Reading is what a run gave.
type Reading struct {
	Rate   float64 // requests a second
	Client float64 // processors that the initiators kept busy, 1 being one; 0 if that is not known
}

// scattered is how far apart writes that are not in sequence begin, in blocks: they walk
// all over the unit.
const scattered = 769

var (
	averageIOPS = regexp.MustCompile(`iops average (\d+)`)
	completed   = regexp.MustCompile(`Run completed in ([0-9.]+) seconds`)
)

// Run puts the load on a unit for about that long.
func (l Load) Run(ctx context.Context, url string, length time.Duration) (Reading, error) {
	if l.Write {
		return l.qemuImg(ctx, url, length)
	}
	args := []string{"-m", strconv.Itoa(l.Depth), "-b", strconv.Itoa(l.Block / 512), "-t", strconv.Itoa(int(length.Seconds()))}
	if l.Random {
		args = append(args, "-r")
	}
	rate, busy, err := figure(ctx, averageIOPS, length+20*time.Second, "iscsi-perf", append(args, url)...)
	return Reading{rate, busy}, err
}

// qemuImg counts requests, not seconds: the count grows until a run is long enough.
func (l Load) qemuImg(ctx context.Context, url string, length time.Duration) (Reading, error) {
	stride := l.Block
	if l.Random {
		stride *= scattered
	}
	args := []string{"bench", "-f", "raw", "-w", "-d", strconv.Itoa(l.Depth), "-s", strconv.Itoa(l.Block), "-S", strconv.Itoa(stride)}
	if l.Flush {
		args = append(args, "--flush-interval=1")
	}
	count := 64 * l.Depth
	for try := 0; ; try++ {
		took, busy, err := figure(ctx, completed, time.Minute, "qemu-img", append(args, "-c", strconv.Itoa(count), url)...)
		if err != nil {
			return Reading{}, err
		}
		if took >= 0.6*length.Seconds() || try == 3 {
			return Reading{float64(count) / took, busy}, nil
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
		return 0, 0, fmt.Errorf("%s %v: %w (packages libiscsi-bin, qemu-utils, qemu-block-extra)\n%s", name, args, err, out)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	number, err = strconv.ParseFloat(string(all[len(all)-1][1]), 64)
	return number, used.Seconds() / time.Since(start).Seconds(), err
}
