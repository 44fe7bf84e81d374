package cli_test

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

// A command joins the serial console of a BMC: the machine hears what is typed, and what it
// answers is shown, and kept when the BMC is gone.
func TestConsole(t *testing.T) {
	if testing.Short() {
		t.Skip("needs openipmi")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bmc, err := lab.NewSerialBMC(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bmc.Close)
	url := serve(t, program, "none")
	ironhook := func(stdin io.Reader, args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, append(args, "--url", url)...)
		cmd.Stdin = stdin
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("ironhook %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	ironhook(nil, append([]string{"node", "create", "--name", "pc", "--console-interface", "ipmitool-socat"}, bmc.Options()...)...)
	ironhook(nil, "node", "console", "enable", "pc")
	typed, done := io.Pipe()
	joined := make(chan string)
	go func() { joined <- ironhook(typed, "node", "console", "pc") }()
	fmt.Fprint(done, "root\r") //nolint:errcheck // the answer is looked for
	until(t, "the machine answers", func() bool { return strings.Contains(ironhook(nil, "node", "console", "pc", "--log"), "[root]") })
	done.Close() //nolint:errcheck // a pipe
	if got := <-joined; !strings.Contains(got, "[root]") {
		t.Errorf("the command shows %q", got)
	}
	bmc.Cut()
	if got := ironhook(nil, "node", "console", "pc", "--log"); !strings.Contains(got, "[root]") {
		t.Errorf("kept: %q", got)
	}
}

// until waits for a fact for a minute.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}
