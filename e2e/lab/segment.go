package lab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Uplink is the interface by which a segment reaches the boot network.
const Uplink = "uplink"

// Segment is another network namespace with one link to the boot network: a switch with
// many simulated machines behind it.
type Segment struct {
	ns netns
}

// Segment makes one; port is the name of its port on the lab's bridge. Close it.
func (l *Lab) Segment(port string) (*Segment, error) {
	ns, err := newNetns()
	if err != nil {
		return nil, err
	}
	s := &Segment{ns}
	link := exec.Command("ip", "link", "add", port, "master", Bridge, "type", "veth", "peer", "name", Uplink, "netns", "/proc/self/fd/3")
	link.ExtraFiles = []*os.File{ns.file}
	if out, err := output(l.ns, link); err != nil {
		s.Close()
		return nil, fmt.Errorf("connect the segment: %w: %s", err, out)
	}
	err = s.Run("link set lo up\nlink set "+Uplink+" up\n", "ip", "-batch", "-")
	if err == nil {
		err = l.IP("link set " + port + " up\n")
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Run runs a tool in the segment, with its standard input.
func (s *Segment) Run(input, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := output(s.ns, cmd); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}

// Start starts a program of the lab in the segment; it ends with the lab.
func (s *Segment) Start(l *Lab, name, program string, args ...string) (*Process, error) {
	return l.start(s.ns, name, nil, program, args...)
}

// Do runs f in the segment. Sockets that f opens stay in it.
func (s *Segment) Do(f func() error) error { return s.ns.do(f) }

// Close removes the segment.
func (s *Segment) Close() error { return s.ns.file.Close() }

// output runs a program in a namespace and returns what it printed.
func output(ns netns, cmd *exec.Cmd) (string, error) {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	err := ns.do(cmd.Start)
	if err == nil {
		err = cmd.Wait()
	}
	return strings.TrimSpace(out.String()), err
}
