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
	pairs   [2]*pair
}

// pair is tgt and we, each with a file of its own on the same file system.
type pair struct {
	dir        string
	tgt, ours  *exec.Cmd
	urls       [2]string
	portal, id string // ours, for our own initiator
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
	if err := errors.Join(q.startTGT(ctx, 100+int(on)), q.startOurs(p.program)); err != nil {
		return nil, err
	}
	return q, nil
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
	q.tgt = exec.Command("tgtd", "-f", "-C", strconv.Itoa(control), "--iscsi", "portal="+portal)
	if err := q.tgt.Start(); err != nil {
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
	q.urls[0] = "iscsi://" + portal + "/" + name + "/1"
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

func (q *pair) startOurs(program string) error {
	file, err := q.file("ours.raw")
	if err != nil {
		return err
	}
	q.ours = exec.Command(program, "iscsi", "export", "--listen", "127.0.0.1:0", file)
	out, err := q.ours.StdoutPipe()
	if err != nil {
		return err
	}
	if err := q.ours.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	q.urls[1] = strings.TrimSpace(line)
	parts := strings.Split(strings.TrimPrefix(q.urls[1], "iscsi://"), "/")
	q.portal, q.id = parts[0], parts[1]
	return nil
}

// stop ends both; tgtd takes no notice of SIGTERM while it has targets.
func (p *peers) stop() {
	for _, q := range p.pairs {
		if q == nil {
			continue
		}
		for _, cmd := range []*exec.Cmd{q.tgt, q.ours} {
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
		return fmt.Sprintf("Most resident memory: tgt %d MiB, Ironhook %d MiB.", peak(q.tgt), peak(q.ours))
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
