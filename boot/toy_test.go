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
	dir, replace := t.TempDir(), map[string]string{}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for i, add := range chain {
		source, err := os.ReadFile(filepath.Join(root, add.file))
		if err != nil || strings.Count(string(source), add.after) != 1 {
			t.Fatalf("%s: %v; %q must be there once", add.file, err, add.after)
		}
		changed := strings.Replace(string(source), add.after, add.after+add.lines[1:], 1)
		replace[filepath.Join(root, add.file)] = filepath.Join(dir, string(rune('a'+i))+".go")
		if err := os.WriteFile(replace[filepath.Join(root, add.file)], []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, from := range map[string]string{"ipxe/chain.go": "chain.go", "bootsrv/toychain_test.go": "toychain_test.go"} {
		replace[filepath.Join(root, file)] = filepath.Join(root, "boot/testdata/toy", from)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	test := exec.CommandContext(t.Context(), "go", "test", "-v", "-short", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-run", "TestDecide|TestReady|TestToyChain",
		"./boot", "./bootsrv")
	test.Dir = root
	out, err := test.CombinedOutput()
	if text := string(out); err != nil || !strings.Contains(text, "--- PASS: TestToyChain") || !strings.Contains(text, "--- PASS: TestReady") {
		t.Errorf("%v\n%s", err, out)
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
