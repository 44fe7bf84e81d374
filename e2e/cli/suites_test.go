package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ironhook/e2e/lab"
)

// TestSDK runs the tests that openstacksdk has for a real Ironic, as Debian
// packages them.
func TestSDK(t *testing.T) {
	url := serveAlone(t, "none")
	dir := t.TempDir()
	clouds := fmt.Sprintf("clouds: {here: {auth_type: none, auth: {endpoint: %q}, baremetal_endpoint_override: %[1]q, has_compute: false, has_image: false}}\n", url)
	if err := os.WriteFile(filepath.Join(dir, "clouds.yaml"), []byte(clouds), 0o600); err != nil {
		t.Fatal(err)
	}
	const folder = "/usr/lib/python3/dist-packages/openstack/tests/functional/baremetal"
	files, err := filepath.Glob(folder + "/test_*.py")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of openstacksdk in %s: install python3-openstacksdk and python3-oslotest (%v)", folder, err)
	}
	args := []string{"-W", "ignore", "-m", "unittest"}
	for _, file := range files {
		args = append(args, "openstack.tests.functional.baremetal."+strings.TrimSuffix(filepath.Base(file), ".py"))
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", args...)
	cmd.Dir = dir
	// A test may wait several times two seconds, and gets five if nobody says more.
	cmd.Env = append(os.Environ(), "OS_TEST_TIMEOUT=120", "OS_CLOUD=here", "OPENSTACKSDK_DEMO_CLOUD=here", "OPENSTACKSDK_DEMO_CLOUD_ALT=here", "OPENSTACKSDK_OPERATOR_CLOUD=here")
	out, err := cmd.CombinedOutput()
	if err != nil || !regexp.MustCompile(`Ran [1-9]\d+ tests in .*\n\nOK\n`).Match(out) {
		t.Errorf("openstacksdk's tests: %v\n%s", err, out)
	}
}

// TestGophercloud runs the tests that gophercloud, the library of Terraform's
// provider and of Metal³, has for a real Ironic.
func TestGophercloud(t *testing.T) {
	for _, auth := range []struct{ name, tests string }{{"none", "noauth"}, {"http_basic", "httpbasic"}} {
		t.Run(auth.name, func(t *testing.T) {
			url := serveAlone(t, auth.name)
			cmd := exec.CommandContext(t.Context(), "go", "test", "-tags=acceptance,baremetal", "-count=1", "-v", "./internal/acceptance/openstack/baremetal/"+auth.tests)
			cmd.Dir = gophercloud(t)
			cmd.Env = append(os.Environ(), "IRONIC_ENDPOINT="+url+"/v1", "OS_BRANCH=master", "OS_USERNAME="+user, "OS_PASSWORD="+password)
			out, err := cmd.CombinedOutput()
			if passed := strings.Count(string(out), "--- PASS"); err != nil || passed != 6 || strings.Contains(string(out), "--- SKIP") {
				t.Errorf("gophercloud's tests: %d passed, want 6: %v\n%s", passed, err, out)
			}
		})
	}
}

// gophercloud brings its source here and returns the directory.
func gophercloud(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/gophercloud/gophercloud@v1.14.1")
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("download gophercloud: %v\n%s", err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	return module.Dir
}

// serveAlone starts a program for one test.
func serveAlone(t *testing.T, auth string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs other projects' tests against the program")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, program, auth)
}
