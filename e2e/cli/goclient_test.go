package cli_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/power/redfish/bmctest"
)

// TestGoClient runs the tests that the module in client/ has for a real server.
func TestGoClient(t *testing.T) {
	for _, auth := range []string{"none", "http_basic"} {
		t.Run(auth, func(t *testing.T) {
			cmd := goClient(t, serveAlone(t, auth), auth, "test", "-tags=acceptance", "-count=1", "-v", "./acceptance")
			out, err := cmd.CombinedOutput()
			readGoTest(string(out)).hold(t, "client, "+auth, 6, nil)
			if err != nil || t.Failed() {
				t.Errorf("client, %s: %v\n%s", auth, err, out)
			}
		})
	}
}

// TestMetal3 takes a host with a Redfish BMC through its life as Metal³'s operator does. An image becomes a volume, for the
// storage interface iscsi is the default.
func TestMetal3(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a client against the program")
	}
	bmc := httptest.NewServer(bmctest.New())
	defer bmc.Close()
	const auth = "http_basic"
	cmd := goClient(t, serveAlone(t, auth, "--hardware-types", "redfish", "--storage-interfaces", "iscsi", "--import-from", "loopback"), auth,
		"test", "-count=1", "-v", ".")
	cmd.Dir = "testdata/metal3"
	cmd.Env = append(cmd.Env, "REDFISH_ADDRESS="+bmc.URL, "REDFISH_USERNAME="+bmctest.User, "REDFISH_PASSWORD="+bmctest.Password)
	out, err := cmd.CombinedOutput()
	readGoTest(string(out)).hold(t, "metal3", 1, nil)
	if err != nil || t.Failed() {
		t.Errorf("metal3: %v\n%s", err, out)
	}
}

// TestGoClientBoots runs the module's example on a volume of the appliance and on one
// elsewhere, and asks other clients what became of it.
func TestGoClientBoots(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a client against the program")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, program, "none")
	run := func(name, line string) string {
		cmd := exec.CommandContext(t.Context(), name, strings.Fields(line)...)
		cmd.Env = append(os.Environ(), "OS_AUTH_TYPE=none", "OS_ENDPOINT="+url)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %s: %v", name, line, err)
		}
		return strings.Join(strings.Fields(string(out)), " ")
	}
	run(program, "volume create system --size 1")
	for node, from := range map[string]string{
		"managed -mac 52:54:00:00:00:01":   "-storage iscsi -volume system",
		"elsewhere -mac 52:54:00:00:00:02": "-storage external -volume v -portal 192.0.2.7:3260 -iqn iqn.2017-08.org.example:v -lun 1",
	} {
		line := "run ./example -driver fake-hardware " + from + " -node " + node
		if out, err := goClient(t, url, "none", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", line, err, out)
		}
		name, _, _ := strings.Cut(node, " ")
		if got := run("openstack", "baremetal node show -f value -c power_state -c provision_state "+name); got != "power on active" {
			t.Errorf("%s is %s, want power on active", name, got)
		}
	}
	if got := run(program, "volume show -f value -c status system"); got != "in-use" {
		t.Errorf("the volume is %s, want in-use", got)
	}
}

// goClient is the go command in the directory of the module client/, with the
// environment of a client of the API at url.
func goClient(t *testing.T, url, auth string, arguments ...string) *exec.Cmd {
	t.Helper()
	root, err := lab.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", arguments...)
	cmd.Dir = filepath.Join(root, "client")
	cmd.Env = append(os.Environ(), "OS_AUTH_TYPE="+auth, "OS_ENDPOINT="+url, "OS_USERNAME="+user, "OS_PASSWORD="+password)
	return cmd
}
