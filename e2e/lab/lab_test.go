package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// leaveEnv makes this test program one that leaves a process behind.
const leaveEnv = "IRONHOOK_LAB_TEST_LEAVE"

func TestMain(m *testing.M) {
	if os.Getenv(leaveEnv) != "" {
		os.Exit(Run(leaveBehind))
	}
	os.Exit(RunTests(m.Run))
}

func newLab(t *testing.T, name string) *Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("needs network namespaces")
	}
	l, err := New("lab-" + name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// TestLabsDoNotMeet gives two labs the same address and port.
func TestLabsDoNotMeet(t *testing.T) {
	a, b := newLab(t, "a"), newLab(t, "b")
	if _, err := a.Listen("tcp", Address+":6385"); err != nil {
		t.Fatal(err)
	}
	if conn, err := a.Dial(t.Context(), "tcp", Address+":6385"); err != nil {
		t.Errorf("from the same lab: %v", err)
	} else {
		conn.Close()
	}
	if _, err := b.Dial(t.Context(), "tcp", Address+":6385"); err == nil {
		t.Error("reached a listener of another lab")
	}
}

func TestProcess(t *testing.T) {
	l := newLab(t, "process")
	p, err := l.Start("shell", "sh", "-c", "echo one; echo two; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if line, err := p.Log.Wait(t.Context(), regexp.MustCompile("^t")); line.Text != "two" {
		t.Errorf("Wait(^t) = %q, %v, want two", line.Text, err)
	}
	if _, err := p.Log.Wait(t.Context(), regexp.MustCompile("three")); err == nil {
		t.Error("Wait for a line that never came = nil, want an error once the process ended")
	}
	if err := p.Wait(t.Context()); err == nil || err.Error() != "exit status 3" {
		t.Errorf("Wait = %v, want exit status 3", err)
	}
}

func TestStopKillsTheStubborn(t *testing.T) {
	l := newLab(t, "stubborn")
	p, err := l.Start("stubborn", "sh", "-c", "trap '' TERM; echo up; while :; do read x; done </dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Log.Wait(t.Context(), regexp.MustCompile("up")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Stop(ctx); err == nil {
		t.Error("Stop = nil for a process that ignores SIGTERM")
	}
	<-p.Done()
}

// TestBMC drives a machine's power with ipmitool: our BMC must be one that
// others understand.
func TestBMC(t *testing.T) {
	l := newLab(t, "bmc")
	m, err := l.Machine(t.Context(), Hardware{Name: "machine"})
	if err != nil {
		t.Fatal(err)
	}
	ipmi := func(args ...string) string {
		t.Helper()
		out, err := l.Output(t.Context(), nil, "ipmitool", append([]string{"-I", "lanplus", "-C", "3",
			"-H", m.BMC.Address.String(), "-U", m.BMC.Username, "-P", m.BMC.Password}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
	for _, step := range []struct {
		command, want string
		on            bool
	}{
		{"power status", "Chassis Power is off", false},
		{"power on", "Chassis Power Control: Up/On", true},
		{"power status", "Chassis Power is on", true},
		{"power reset", "Chassis Power Control: Reset", true},
		{"power off", "Chassis Power Control: Down/Off", false},
		{"power status", "Chassis Power is off", false},
	} {
		if got := ipmi(strings.Fields(step.command)...); got != step.want {
			t.Errorf("ipmitool %s = %q, want %q", step.command, got, step.want)
		}
		if m.On() != step.on {
			t.Errorf("after %s the machine is on: %v, want %v", step.command, m.On(), step.on)
		}
	}
	second, err := m.Boot(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.ExpectOff(t.Context()); err == nil {
		t.Error("the boot after the reset ended by itself, want killed")
	}
}

// TestNothingStays starts this test program once more to leave a process
// behind, kills it without warning, and looks for the process.
func TestNothingStays(t *testing.T) {
	if testing.Short() {
		t.Skip("needs namespaces")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), scratchEnv+"=", leaveEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := newLog(nil)
	go func() {
		buf := make([]byte, 1024)
		for {
			n, err := out.Read(buf)
			log.Write(buf[:n])
			if err != nil {
				log.end()
				return
			}
		}
	}()
	if _, err := log.Wait(t.Context(), regexp.MustCompile("left behind")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// The pipe's write end is with the process left behind too: its end is
	// the proof that no process is left.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = log.Wait(ctx, regexp.MustCompile("never printed"))
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("a process outlived the lab")
	}
	cmd.Wait()
}

// leaveBehind starts a process without waiting for it, reports, and hangs.
func leaveBehind() int {
	l, err := New("lab-left-behind")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	err = l.ns.do(func() error {
		cmd := exec.Command("sleep", "600")
		cmd.Stdout = os.Stdout
		return cmd.Start()
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("left behind")
	select {}
}
