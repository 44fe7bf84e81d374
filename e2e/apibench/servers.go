package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ironhook/e2e/ironic"
	"ironhook/e2e/lab"
)

// server is one of the two programs, and what it has been filled with.
type server struct {
	name    string
	url     string
	process *exec.Cmd
	nodes   []string
	targets int
}

// freePort asks the system for one. Another process may take it before the program
// does, who then says so.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// startIronhook starts it in a folder that it makes.
func startIronhook(ctx context.Context, dir, program string) (*server, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if program == "" {
		if err := os.Setenv("IRONHOOK_LAB_SCRATCH", dir); err != nil {
			return nil, err
		}
		var err error
		if program, err = lab.Build(ctx); err != nil {
			return nil, err
		}
	}
	var addresses [3]string
	for i := range addresses {
		var err error
		if addresses[i], err = freePort(); err != nil {
			return nil, err
		}
	}
	s := &server{name: "ironhook " + filepath.Base(dir), url: "http://" + addresses[0]}
	return start(ctx, s, dir, program, "serve", "--data", filepath.Join(dir, "data"),
		"--auth", "none", "--dhcp", "off", "--api", addresses[0], "--http", addresses[1], "--iscsi", addresses[2],
		"--hardware-types", "fake-hardware", "--log-level", "warn")
}

func startIronic(ctx context.Context, dir string) (*server, error) {
	address, err := freePort()
	if err != nil {
		return nil, err
	}
	argv, err := ironic.Prepare(ctx, dir, address)
	if err != nil {
		return nil, err
	}
	return start(ctx, &server{name: "ironic", url: "http://" + address}, dir, argv[0], argv[1:]...)
}

// start starts the program and waits until its API lists conductors.
func start(ctx context.Context, s *server, dir, program string, args ...string) (*server, error) {
	log, err := os.Create(filepath.Join(dir, s.name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.process = exec.CommandContext(ctx, program, args...)
	s.process.Stdout, s.process.Stderr = log, log
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	s.process.WaitDelay = 10 * time.Second
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.name, err)
	}
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c := &client{server: s}
	defer c.close()
	for {
		body, err := c.send(ready, request{"GET", "/v1/conductors", ""})
		if err == nil && strings.Contains(string(body), `"alive"`) {
			return s, nil
		}
		c.close()
		select {
		case <-ready.Done():
			s.stop()
			text, _ := os.ReadFile(log.Name())
			return nil, fmt.Errorf("%s does not answer: %v\n%s", s.name, err, text)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *server) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
}

// resident is the program's memory in megabytes.
func (s *server) resident() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			kb, err := strconv.Atoi(fields[1])
			return float64(kb) / 1000, err
		}
	}
	return 0, errors.New("no VmRSS in the process's status")
}
