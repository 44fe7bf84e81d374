package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is a program that runs in a lab.
type Process struct {
	Name string
	Log  *Log // what it prints, standard output and error together

	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended; valid once done is closed
}

// Start starts a program in the lab's network. What it prints is kept in the
// process's Log and in a file of the same name in the lab's log folder.
func (l *Lab) Start(name, program string, args ...string) (*Process, error) {
	return l.start(l.ns, name, nil, program, args...)
}

func (l *Lab) start(ns netns, name string, env []string, program string, args ...string) (*Process, error) {
	file, err := os.OpenFile(filepath.Join(l.Logs, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	p := &Process{Name: name, Log: newLog(file), done: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Dir = l.Dir
	p.cmd.WaitDelay = time.Second // a child of its own may hold on to the output
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.Log, p.Log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us, not for it
	if err := ns.do(p.cmd.Start); err != nil {
		file.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	l.mu.Lock()
	l.processes = append(l.processes, p)
	l.mu.Unlock()
	go func() {
		p.err = p.cmd.Wait()
		p.Log.end()
		file.Close()
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID returns the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Wait waits for the process to end by itself and returns how it did.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s to end: %w", p.Name, context.Cause(ctx))
	}
}

// Kill ends the process with SIGKILL and waits until it is gone.
func (p *Process) Kill() {
	p.cmd.Process.Kill() // fails only when it has ended
	<-p.done
}

// Stop asks the process to end (SIGTERM) and returns how it did. When ctx ends
// first it is killed.
func (p *Process) Stop(ctx context.Context) error {
	p.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	if err := p.Wait(ctx); ctx.Err() == nil {
		return err
	}
	p.Kill()
	return fmt.Errorf("%s did not end when asked to", p.Name)
}
