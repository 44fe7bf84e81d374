package client_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"ironhook/cli"
	"ironhook/power/ipmi/bmctest"

	"github.com/bougou/go-ipmi/pkg/types"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary the program itself where a script runs ironhook.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ironhook": func() {
			schema, err := os.ReadFile(os.Getenv("SCHEMA"))
			if err != nil {
				panic(err)
			}
			os.Exit(cli.Main(context.Background(), "test", cli.Embedded{Schema: string(schema)}, os.Args[1:]))
		},
	})
}

// TestScripts runs the stories in testdata: what a person types and reads, against
// a real appliance on the loopback.
func TestScripts(t *testing.T) {
	schema, err := filepath.Abs("../../schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SCHEMA", schema)
			e.Setenv("IRONHOOK_DATA", filepath.Join(e.WorkDir, "d"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"appliance": appliance, "bmc": badBMC, "keep": keep, "exits": exits,
		},
	})
}

// appliance starts one on free ports with the data directory $IRONHOOK_DATA and more
// options, waits until it is ready and sets $API, its $PORT and $PASSWORD.
func appliance(ts *testscript.TestScript, _ bool, more []string) {
	args := append([]string{"serve", "--api", "127.0.0.1:0", "--iscsi", "127.0.0.1:0", "--http", "127.0.0.1:0"}, more...)
	cmd := exec.Command("ironhook", args...)
	cmd.Env = append(os.Environ(), "SCHEMA="+ts.Getenv("SCHEMA"), "IRONHOOK_DATA="+ts.Getenv("IRONHOOK_DATA"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
		ts.Check(cmd.Wait())
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), "password "); ok {
			password, _, _ := strings.Cut(rest, " ")
			ts.Setenv("PASSWORD", password)
		}
		if _, places, ok := strings.Cut(lines.Text(), "ready: "); ok {
			_, url, _ := strings.Cut(places, "api ")
			url, _, _ = strings.Cut(url, ",")
			ts.Setenv("API", url)
			ts.Setenv("PORT", url[strings.LastIndex(url, ":")+1:])
			go io.Copy(io.Discard, out) //nolint:errcheck // ends with the process
			return
		}
	}
	ts.Fatalf("the appliance ended before it was ready")
}

// badBMC starts a BMC with bad manners and sets $BMC, its port, $BMC_USER and
// $BMC_PASSWORD: bmc [on] [ignored=ORDER:TIMES] [log=RECORD] [COMMAND=CODE].
func badBMC(ts *testscript.TestScript, _ bool, args []string) {
	q := bmctest.Quirks{Codes: map[string][]byte{}, Ignored: map[string]int{}}
	on := false
	var log [][]byte
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "on":
			on = true
		case "ignored":
			order, times, _ := strings.Cut(value, ":")
			n, err := strconv.Atoi(times)
			ts.Check(err)
			q.Ignored[order] = n
		case "log":
			record, err := hex.DecodeString(value)
			ts.Check(err)
			log = append(log, record)
		default:
			code, err := hex.DecodeString(value)
			ts.Check(err)
			q.Codes[name] = code
		}
	}
	m, err := bmctest.Start(q, []types.CipherSuiteID{types.CipherSuiteID17})
	ts.Check(err)
	ts.Defer(m.Close)
	for _, record := range log {
		m.Log.Add(record...)
	}
	ts.Check(m.Chassis.SetPower(context.Background(), on))
	ts.Setenv("BMC", strconv.Itoa(m.Port))
	ts.Setenv("BMC_USER", bmctest.User)
	ts.Setenv("BMC_PASSWORD", bmctest.Password)
}

// keep puts what the last command printed into an environment variable.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// exits runs ironhook and wants an exit status: exits STATUS ARG...
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("ironhook", args[1:]...)
	got := "0"
	if failed, ok := err.(*exec.ExitError); ok {
		got = failed.Error()[len("exit status "):]
	}
	if got != args[0] {
		ts.Fatalf("ironhook %v: exit status %s, want %s", args[1:], got, args[0])
	}
}
