package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// peers are the two targets, started when a workload first needs them: a pair for each
// medium.
type peers struct {
	program string // ironhook
	before  string // an earlier revision of it, to stand in for tgt; empty: tgt
	pairs   [2]*pair
}

// pair is the other target and ours, each with a file of its own on the same file system.
type pair struct {
	dir         string
	other, ours target
}

// target is a process that serves a unit.
type target struct {
	process *exec.Cmd
	url     string // iscsi://PORTAL/NAME/LUN
}

// address returns what our own initiator asks for.
func (t target) address() (portal, name string) {
	parts := strings.Split(strings.TrimPrefix(t.url, "iscsi://"), "/")
	return parts[0], parts[1]
}

func (p *peers) pair(ctx context.Context, on medium) (*pair, error) {
	if p.pairs[on] != nil {
		return p.pairs[on], nil
	}
	parent := os.Getenv("IRONHOOK_LAB_SCRATCH")
	if on == memory {
		parent = "/dev/shm"
	}
	dir, err := os.MkdirTemp(parent, "ironhook-bench-")
	if err != nil {
		return nil, err
	}
	q := &pair{dir: dir}
	p.pairs[on] = q
	if err := errors.Join(p.startOther(ctx, q, 100+int(on)), q.startIronhook(&q.ours, p.program, "ours.raw")); err != nil {
		return nil, err
	}
	return q, nil
}

func (p *peers) startOther(ctx context.Context, q *pair, control int) error {
	if p.before != "" {
		return q.startIronhook(&q.other, p.before, "before.raw")
	}
	return q.startTGT(ctx, control)
}

// file makes a file without holes, so that both read what is there.
func (q *pair) file(name string) (string, error) {
	path := filepath.Join(q.dir, name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	chunk := make([]byte, 1<<20)
	for i := range chunk {
		chunk[i] = byte(i * 7)
	}
	for range size / len(chunk) {
		if _, err := f.Write(chunk); err != nil {
			f.Close()
			return "", err
		}
	}
	return path, errors.Join(f.Sync(), f.Close())
}

func (q *pair) startTGT(ctx context.Context, control int) error {
	file, err := q.file("tgt.raw")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	portal := l.Addr().String()
	l.Close()
	q.other.process = exec.Command("tgtd", "-f", "-C", strconv.Itoa(control), "--iscsi", "portal="+portal)
	if err := q.other.process.Start(); err != nil {
		return fmt.Errorf("start tgtd (package tgt): %w", err)
	}
	const name = "iqn.2026-11.test:tgt"
	for _, args := range [][]string{
		{"--op", "new", "--mode", "target", "--tid", "1", "-T", name},
		{"--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", file},
		{"--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"},
	} {
		if err := tgtadm(ctx, control, args); err != nil {
			return err
		}
	}
	q.other.url = "iscsi://" + portal + "/" + name + "/1"
	return nil
}

// tgtadm repeats a command until tgtd listens to it.
func tgtadm(ctx context.Context, control int, args []string) error {
	args = append([]string{"-C", strconv.Itoa(control), "--lld", "iscsi"}, args...)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := exec.CommandContext(ctx, "tgtadm", args...).CombinedOutput()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("tgtadm %v: %w\n%s", args, err, out)
		case <-tick.C:
		}
	}
}

// startIronhook has a program of ours serve a file of that name; t is that target.
func (q *pair) startIronhook(t *target, program, name string) error {
	file, err := q.file(name)
	if err != nil {
		return err
	}
	t.process = exec.Command(program, "iscsi", "export", "--listen", "127.0.0.1:0", file)
	out, err := t.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := t.process.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	t.url = strings.TrimSpace(line)
	return nil
}

// stop ends both; tgtd takes no notice of SIGTERM while it has targets.
func (p *peers) stop() {
	for _, q := range p.pairs {
		if q == nil {
			continue
		}
		for _, cmd := range []*exec.Cmd{q.other.process, q.ours.process} {
			if cmd != nil && cmd.Process != nil {
				cmd.Process.Kill()
				cmd.Wait()
			}
		}
		os.RemoveAll(q.dir)
	}
}

// memory says how much each of the two had resident at most.
func (p *peers) memory() string {
	if q := p.pairs[memory]; q != nil {
		return fmt.Sprintf("Most resident memory: tgt %d MiB, Ironhook %d MiB.", peak(q.other.process), peak(q.ours.process))
	}
	return ""
}

// cpu returns the processor time that a process has used.
func cpu(cmd *exec.Cmd) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
	_, rest, ok := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if err != nil || !ok || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // a tick, see proc(5)
}

func peak(cmd *exec.Cmd) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib int
	fmt.Sscan(rest, &kib)
	return kib >> 10
}
