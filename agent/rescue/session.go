package rescue

import (
	"fmt"
	"io"
	"os"
	"os/exec"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// Session is a program that somebody runs (RFC 4254, 6).
type Session struct {
	Command string // "" is a shell
	Term    string // "" without a terminal
	size    unix.Winsize
	master  *os.File // of its terminal, nil for none
	channel ssh.Channel
	run     func(s *Session) (status int, err error)
	begun   bool
}

// What requests carry.
type (
	terminal struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}
	window   struct{ Columns, Rows, Width, Height uint32 }
	program  struct{ Command string }
	exit     struct{ Status uint32 }
	variable struct{ Name, Value string }
)

func (s *Session) serve(requests <-chan *ssh.Request) {
	defer s.channel.Close() //nolint:errcheck // the end
	ended := make(chan struct{})
	for {
		select {
		case <-ended:
			return
		case r, more := <-requests:
			if !more {
				if s.master != nil {
					s.master.Close() //nolint:errcheck // its program hangs up
				}
				return
			}
			ok := s.take(r, ended)
			if r.WantReply {
				r.Reply(ok, nil) //nolint:errcheck // the peer has gone
			}
		}
	}
}

// take does what a request asks for.
func (s *Session) take(r *ssh.Request, ended chan struct{}) bool {
	switch r.Type {
	case "pty-req":
		var t terminal
		if ssh.Unmarshal(r.Payload, &t) != nil || s.begun {
			return false
		}
		s.Term, s.size = t.Term, unix.Winsize{Col: uint16(t.Columns), Row: uint16(t.Rows)}
		return true
	case "window-change":
		var w window
		if ssh.Unmarshal(r.Payload, &w) != nil || s.master == nil {
			return false
		}
		return unix.IoctlSetWinsize(int(s.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(w.Columns), Row: uint16(w.Rows)}) == nil
	case "env":
		return ssh.Unmarshal(r.Payload, &variable{}) == nil // it has its own
	case "shell", "exec":
		var p program
		if s.begun || r.Type == "exec" && ssh.Unmarshal(r.Payload, &p) != nil {
			return false
		}
		s.begun, s.Command = true, p.Command
		started := make(chan error, 1)
		go s.live(started, ended)
		return <-started == nil
	}
	return false
}

// live runs the program and tells how it ended.
func (s *Session) live(started chan error, ended chan struct{}) {
	defer close(ended)
	if s.Term != "" {
		var err error
		if s.master, err = openTerminal(&s.size); err != nil {
			started <- err
			return
		}
		defer s.master.Close() //nolint:errcheck // the program has ended
	}
	started <- nil
	status, err := s.run(s)
	if err != nil {
		fmt.Fprintln(s.channel.Stderr(), err) //nolint:errcheck // the peer has gone
		status = 255
	}
	s.channel.SendRequest("exit-status", false, ssh.Marshal(exit{uint32(status)})) //nolint:errcheck // as above
}

// Attend runs cmd as the session's program: on its terminal, or else between its streams.
func (s *Session) Attend(cmd *exec.Cmd) (status int, err error) {
	if s.master != nil {
		err = s.onTerminal(cmd)
	} else {
		err = s.between(cmd)
	}
	if cmd.ProcessState != nil {
		return max(cmd.ProcessState.ExitCode(), 0), nil
	}
	return 0, err
}

// between does not wait for the end of what the peer sends: it may never come.
func (s *Session) between(cmd *exec.Cmd) error {
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = s.channel, s.channel.Stderr()
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		io.Copy(in, s.channel) //nolint:errcheck // the program sees the end
		in.Close()             //nolint:errcheck // as above
	}()
	return cmd.Wait()
}

func (s *Session) onTerminal(cmd *exec.Cmd) error {
	slave, err := openSlave(s.master)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append(cmd.Environ(), "TERM="+s.Term)
	err = cmd.Start()
	slave.Close() //nolint:errcheck // the program has it
	if err != nil {
		return err
	}
	go io.Copy(s.master, s.channel) //nolint:errcheck // ends with the session
	shown := make(chan struct{})
	go func() {
		io.Copy(s.channel, s.master) //nolint:errcheck // the end is EIO, when nobody has the slave
		close(shown)
	}()
	err = cmd.Wait()
	<-shown
	return err
}

// openTerminal makes a terminal of its own (pts(4)).
func openTerminal(size *unix.Winsize) (*os.File, error) {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		f.Close() //nolint:errcheck // nothing was written
		return nil, fmt.Errorf("unlock the terminal: %w", err)
	}
	return f, unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, size)
}

func openSlave(master *os.File) (*os.File, error) {
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	return os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
}
