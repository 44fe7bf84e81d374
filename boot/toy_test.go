package boot

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// chain is all that a toy boot method adds, by the file that it changes: the machine goes
// on with the URL in instance_info.chain_url.
var chain = []struct{ file, after, lines string }{
	{"boot/method.go", "const (\n", `
	Chain Method = "chain" // iPXE goes on with a URL
`},
	{"boot/plan.go", "\tswitch {\n", `
	case n.InstanceInfo.Text("chain_url") != "":
		return Plan{Method: Chain}
`},
	{"bootsrv/decide.go", "var methods = map[boot.Method]method{\n", `
	boot.Chain: {
		script: func(_ question, m Machine) (ipxe.Script, error) { return ipxe.Chain(m.Node.InstanceInfo.Text("chain_url")) },
		remedy: "Correct it with: openstack baremetal node set --instance-info chain_url=URL",
		detail: func(m Machine) string { return "goes on with " + m.Node.InstanceInfo.Text("chain_url") },
	},
`},
}

// A new boot method is one case here, one script in ipxe and one row in bootsrv. The
// compiler is shown the sources with a toy method in them (go build -overlay), and a test
// that asks for the script of a machine which boots by it. The tests of the other methods
// pass beside it.
func TestANewMethodIsOneCaseOneScriptAndOneRow(t *testing.T) {
	test := exec.CommandContext(t.Context(), "go", "test", "-v", "-short", "-vet=off", "-overlay", overlay(t),
		"-run", "TestDecide|TestReady|TestToyChain", "./boot", "./bootsrv")
	test.Dir = ".."
	out, err := test.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range []string{"TestReady", "TestToyChain"} {
		if !strings.Contains(string(out), "--- PASS: "+name) {
			t.Errorf("%s has not run", name)
		}
	}
}

// overlay writes what the compiler sees in place of the sources, and returns its name.
func overlay(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{
		filepath.Join(root, "ipxe/chain.go"):            filepath.Join(root, "boot/testdata/toy/chain.go"),
		filepath.Join(root, "bootsrv/toychain_test.go"): filepath.Join(root, "boot/testdata/toy/toychain_test.go"),
	}
	for _, add := range chain {
		path, changed := filepath.Join(root, add.file), filepath.Join(dir, filepath.Base(add.file))
		source, err := os.ReadFile(path)
		if err != nil || strings.Count(string(source), add.after) != 1 {
			t.Fatalf("%s: %v; %q must be there once", add.file, err, add.after)
		}
		write(t, changed, strings.Replace(string(source), add.after, add.after+add.lines[1:], 1))
		replace[path] = changed
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	write(t, name, string(text))
	return name
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The cost of a boot method is what cannot be shared: it grows when its rooms do.
func TestAToyMethodIsShort(t *testing.T) {
	script, err := os.ReadFile("testdata/toy/chain.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(string(script), "\n")
	for _, add := range chain {
		lines += strings.Count(add.lines, "\n") - 1
	}
	if lines > 28 {
		t.Errorf("the toy method has %d lines, want 28 at most: what does every method have to repeat?", lines)
	}
}
