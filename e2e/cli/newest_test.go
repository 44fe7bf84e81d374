//go:build newest

package cli_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// newest is the Debian unstable that scripts/newest.sh makes.
const newest = "../../build/newest"

// noProjects is why nothing can be given to another.
const noProjects = "there are no projects"

// newestTests are the functional tests of openstacksdk 4.20 for what Ironhook serves, by module: how many pass,
// and why the others do not.
var newestTests = map[string]struct {
	passed, failed int
	why            string
}{
	"baremetal.v1.test_allocation": {passed: 7}, "baremetal.v1.test_chassis": {passed: 5}, "baremetal.v1.test_conductor": {passed: 1},
	"baremetal.v1.test_deploy_templates": {passed: 6}, "baremetal.v1.test_driver": {passed: 5},
	"baremetal.v1.test_inspection_rules": {passed: 6},
	"baremetal.v1.test_node":             {passed: 26}, "baremetal.v1.test_port": {passed: 7}, "baremetal.v1.test_port_group": {passed: 7},
	"baremetal.v1.test_runbooks": {passed: 12}, "baremetal.v1.test_volume_connector": {passed: 7},
	"baremetal.v1.test_volume_target":         {passed: 7},
	"block_storage.v3.test_availability_zone": {passed: 1}, "block_storage.v3.test_capabilities": {passed: 1},
	"block_storage.v3.test_extension": {passed: 1}, "block_storage.v3.test_limits": {passed: 1},
	"block_storage.v3.test_resource_filters": {passed: 1}, "block_storage.v3.test_snapshot": {passed: 1},
	"block_storage.v3.test_volume":  {passed: 1},
	"block_storage.v3.test_service": {passed: 3}, "block_storage.v3.test_block_storage_summary": {passed: 1},
	"block_storage.v3.test_attachment": {failed: 1, why: "it makes a server"}, "block_storage.v3.test_transfer": {failed: 1, why: noProjects},
	"image.v2.test_image": {passed: 2}, "image.v2.test_schema": {passed: 4}, "image.v2.test_member": {failed: 1, why: noProjects},
	"image.v2.test_task": {passed: 1},
}

// TestNewestSDK runs them with the clouds.yaml that the program prints.
func TestNewestSDK(t *testing.T) {
	url := serveAlone(t, "none")
	uploadImage(t, url)
	printed := call(t, "GET", url+"/ironhook/v1/clouds.yaml", "", "", http.StatusOK)
	_, settings, _ := strings.Cut(printed, "  ironhook:\n")
	for module, want := range newestTests {
		t.Run(module, func(t *testing.T) {
			dir, err := os.MkdirTemp(newest+"/tmp", "")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			absent := "    has_compute: false\n"
			if !strings.HasPrefix(module, "image") {
				absent += "    has_image: false\n"
			}
			clouds := "clouds:\n"
			for _, name := range []string{"here", "devstack-system-admin"} {
				clouds += fmt.Sprintf("  %s:\n%s%s", name, absent, settings)
			}
			for name, text := range map[string]string{"clouds.yaml": clouds, "CONTRIBUTING.rst": "what the tests upload\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out, err := inNewest(t, dir, "env", "OS_TEST_TIMEOUT=120", "OS_CLOUD=here", "OPENSTACKSDK_DEMO_CLOUD=here",
				"OPENSTACKSDK_DEMO_CLOUD_ALT=here",
				"OPENSTACKSDK_OPERATOR_CLOUD=here", "OPENSTACKSDK_IMAGE=small", "python3", "-W", "ignore", "-m", "unittest",
				"openstack.tests.functional."+module)
			ran, failed := countUnittest(out)
			t.Logf("openstacksdk 4.20, %s: %d passed, %d failed (%s)", module, ran-failed, failed, want.why)
			if ran-failed != want.passed || failed != want.failed {
				t.Errorf("%s: %d passed, %d did not (%v), want %d and %d\n%s", module, ran-failed, failed, err, want.passed, want.failed, out)
			}
		})
	}
}

// TestNewestClient runs commands of python-ironicclient 6.3 for what newer versions of the API
// brought, and for volumes. What a command prints is the whole of the last column.
func TestNewestClient(t *testing.T) {
	url := serveAlone(t, "none")
	const node = "00000000-0000-4000-8000-000000000001"
	for _, step := range []struct{ line, prints string }{
		{"node create --driver fake-hardware --name new --uuid " + node + " -f value -c name", "new"},
		{"port create 52:54:00:00:00:01 --node " + node +
			" --name p --description d --vendor v --category c -f value -c category -c name -c vendor", "c v p"},
		{"volume connector create --node " + node + " --type iqn --connector-id iqn.2026-01.test:x -f value -c type", "iqn"},
		{"volume target create --node " + node + " --type iscsi --boot-index 0 --volume-id v -f value -c boot_index", "0"},
		{"node manage new --wait", "Waiting for provision state manageable on node(s) new"},
		{"node provide new --wait", "Waiting for provision state available on node(s) new"},
		{"node show new -f value -c provision_state", "available"},
		{`runbook create --name CUSTOM_X --steps [{"interface":"bios","step":"apply_configuration","args":{},"order":1}] -f value -c name`,
			"CUSTOM_X"},
		{"runbook trait add CUSTOM_X CUSTOM_Y", "Added trait CUSTOM_Y"},
		{"runbook trait list CUSTOM_X -f value", "CUSTOM_Y"},
		{`inspection rule create --description r --conditions [] --actions [{"op":"fail","args":{"msg":"m"}}] -f value -c description`, "r"},
		{"node firmware list new", ""}, {"node history list new", ""}, {"node children list new", ""}, {"shard list -f value", "None 1"},
		{"node maintenance set new", ""}, {"node delete new", "Deleted node new"},
	} {
		args := append([]string{"baremetal", "--os-endpoint", url, "--os-auth-type", "none"}, strings.Fields(step.line)...)
		out, err := inNewest(t, newest+"/", args...)
		if got := strings.Join(strings.Fields(out), " "); err != nil || got != step.prints {
			t.Errorf("baremetal %s: %v, prints %q, want %q", step.line, err, got, step.prints)
		}
	}
}

// TestNewestAnsible plays the modules of the collection openstack.cloud for bare metal.
func TestNewestAnsible(t *testing.T) {
	url := serveAlone(t, "none")
	text, err := os.ReadFile("testdata/playbook.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(newest+"/tmp", "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "playbook.yml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := inNewest(t, dir, "env", "HOME="+strings.TrimPrefix(dir, newest), "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1",
		"ansible-playbook", "--inventory", "localhost,", "--connection", "local", "--extra-vars", "url="+url, "playbook.yml")
	t.Log(out[max(0, len(out)-400):])
	if err != nil || !strings.Contains(out, "failed=0") {
		t.Errorf("%v\n%s", err, out)
	}
}

// inNewest runs a program of that Debian in dir, a directory in it, with a /proc of its own.
func inNewest(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	const enter = `root=$1 dir=$2; shift 2; mount -t proc proc "$root/proc" && exec chroot "$root" env -C "$dir" "$@"`
	cmd := exec.CommandContext(t.Context(), "unshare", append([]string{"--mount", "--propagation", "private", "sh", "-c", enter, "sh", newest,
		strings.TrimPrefix(dir, newest)}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONWARNINGS=ignore")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
