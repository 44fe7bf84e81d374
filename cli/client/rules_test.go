package client

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// parsed runs the line through the options, as a command does.
func parsed(t *testing.T, takes []option, in, line string) ([]given, error) {
	t.Helper()
	var all []given
	cmd := &cobra.Command{Use: "do", SilenceErrors: true, SilenceUsage: true, RunE: func(cmd *cobra.Command, _ []string) (err error) {
		all, err = read(cmd, takes, strings.NewReader(in))
		return err
	}}
	for _, o := range takes {
		o.flag(cmd)
	}
	cmd.SetOut(io.Discard)
	cmd.SetArgs(Args(strings.Fields(line)))
	return all, cmd.Execute()
}

// TestOptions: each kind of option makes one kind of value, and a wrong one is a mistake
// that names the option.
func TestOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "steps.json")
	if err := os.WriteFile(file, []byte(`[{"step": "x"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	steps := []any{map[string]any{"step": "x"}}
	takes := []option{
		{name: "name"}, {name: "mode", choices: []string{"a", "b"}}, {name: "count", kind: number}, {name: "on", kind: yes},
		{name: "off", kind: no},
		{name: "set", kind: pairs}, {name: "note", kind: remarks}, {name: "tag", kind: words}, {name: "steps", kind: document}, waiting,
	}
	for _, c := range []struct {
		line, in string
		want     any // the value of the one option, or the text of the mistake
		mistake  bool
	}{
		{line: "--name x", want: "x"},
		{line: "--mode b", want: "b"},
		{line: "--mode c", want: `--mode: "c" is none of a, b`, mistake: true},
		{line: "--count 0", want: 0},
		{line: "--count -1", want: "--count: want a number that is not negative, got -1", mistake: true},
		{line: "--on", want: true},
		{line: "--off", want: false},
		{line: "--set a=1 --set b=x=y --set c=true --set d=\"1\" --set e=",
			want: map[string]any{"a": json.Number("1"), "b": "x=y", "c": true, "d": "1", "e": ""}},
		{line: "--set a=1 --set a=2", want: map[string]any{"a": json.Number("2")}},
		{line: "--set =1", want: `--set: "=1": want KEY=VALUE`, mistake: true},
		{line: "--note a=1", want: map[string]any{"a": "1"}},
		{line: "--tag a --tag b", want: []string{"a", "b"}},
		{line: "--steps " + file, want: steps},
		{line: "--steps -", in: `[{"step": "x"}]`, want: steps},
		{line: `--steps [{"step":"x"}]`, want: steps},
		{line: "--steps []x", want: "want JSON, a readable file of it, or -", mistake: true},
		{line: "--wait", want: 0},
		{line: "--wait 60", want: 60},
		{line: "--wait=-1", want: "--wait: want a number that is not negative", mistake: true},
	} {
		got, err := parsed(t, takes, c.in, c.line)
		if c.mistake {
			if !errors.As(err, new(UsageError)) || !strings.Contains(err.Error(), c.want.(string)) {
				t.Errorf("%s: %v, want the mistake %q", c.line, err, c.want)
			}
			continue
		}
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0].value, c.want) {
			t.Errorf("%s = %v, %v; want %#v", c.line, got, err, c.want)
		}
	}
	if _, err := parsed(t, []option{{name: "driver", must: true}}, "", ""); !errors.As(err, new(UsageError)) ||
		!strings.Contains(err.Error(), "do needs --driver") {
		t.Errorf("without a required option: %v, want a mistake", err)
	}
	if got, err := parsed(t, takes, "", ""); err != nil || len(got) > 0 {
		t.Errorf("nothing typed = %v, %v; want nothing sent", got, err)
	}
}

// TestReached: what --wait takes for the end, for better or worse, and what it goes on
// waiting through.
func TestReached(t *testing.T) {
	for _, c := range []struct {
		node string
		look func(map[string]any) (bool, error)
		done bool
		text string // of the error
	}{
		{`{"provision_state": "active", "target_provision_state": null}`, provisioned("active"), true, ""},
		{`{"provision_state": "deploying", "target_provision_state": "active"}`, provisioned("active"), false, ""},
		{`{"provision_state": "active", "target_provision_state": "available"}`, provisioned("active"), false, ""},
		{`{"name": "pc", "provision_state": "deploy failed", "target_provision_state": "active", "last_error": "no disk"}`, provisioned("active"),
			false,
			"node pc failed to reach provision state active; it is in deploy failed: no disk"},
		{`{"name": "pc", "provision_state": "error", "target_provision_state": "available"}`, provisioned("available"), false,
			"node pc failed to reach provision state available; it is in error"},
		{`{"uuid": "1", "name": null, "provision_state": "enroll", "target_provision_state": null}`, provisioned("manageable"), false,
			"node 1 failed to reach provision state manageable; it is in enroll"},
		{`{"power_state": "power on", "target_power_state": null, "last_error": null}`, powered("power on"), true, ""},
		{`{"power_state": "power off", "target_power_state": "power on", "last_error": null}`, powered("power on"), false, ""},
		{`{"power_state": "power on", "target_power_state": "power on", "last_error": null}`, powered("power on"), false, ""},
		{`{"name": "pc", "power_state": "power off", "target_power_state": null, "last_error": "no answer"}`, powered("power on"), false,
			"node pc failed to reach power on; it is in power off: no answer"},
		{`{"name": "pc", "power_state": "power on", "target_power_state": null, "last_error": "no answer"}`, powered("power on"), false,
			"node pc failed to reach power on; it is in power on: no answer"},
	} {
		node, err := parse([]byte(c.node))
		if err != nil {
			t.Fatal(err)
		}
		done, err := c.look(node.(map[string]any))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if done != c.done || text != c.text {
			t.Errorf("%s: %v, %q; want %v, %q", c.node, done, text, c.done, c.text)
		}
	}
}

// TestRefusal: an answer of 400 or more is reported in the server's words, with what to do
// where the client knows it.
func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		status     int
		body, want string
	}{
		{404, `{"error_message": "{\"faultstring\": \"Node x could not be found.\"}"}`, "Node x could not be found. (HTTP 404)"},
		{401, `{"error": {"message": "Authorization required", "code": 401}}`,
			"Authorization required (HTTP 401); set OS_USERNAME and OS_PASSWORD"},
		{503, `{"error_message": "Busy \n"}`, "Busy (HTTP 503); the server's log has more under req-1"},
		{502, "", "Bad Gateway (HTTP 502); the server's log has more under req-1"},
		{409, "", "Conflict (HTTP 409)"},
	} {
		r := &http.Response{StatusCode: c.status, Header: http.Header{"X-Openstack-Request-Id": {"req-1"}}}
		if got := refused(r, []byte(c.body)).Error(); got != c.want {
			t.Errorf("%d %s = %q, want %q", c.status, c.body, got, c.want)
		}
	}
}

// TestReadDrive: a configuration drive is typed, or is in a file; an object goes as one.
func TestReadDrive(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "drive")
	if err := os.WriteFile(file, []byte("H4sIAAAA\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]any{
		"H4sI":            "H4sI",
		file:              "H4sIAAAA",
		`{"user_data":1}`: map[string]any{"user_data": json.Number("1")},
		`[1]`:             `[1]`,
	} {
		if got, err := readDrive(typed); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("readDrive(%s) = %#v, %v; want %#v", typed, got, err, want)
		}
	}
	if _, err := readDrive(dir); !errors.As(err, new(UsageError)) {
		t.Errorf("readDrive(a directory) = %v, want a mistake", err)
	}
}
