package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"ironhook/e2e/lab"
)

// outcome is how another project's tests ended.
type outcome struct {
	passed  int
	failed  []string
	skipped map[string]string // the reason, by the name of the test
}

// hold reports an outcome and compares it with what it shall be.
func (o outcome) hold(t *testing.T, suite string, passed int, skipped map[string]string) {
	t.Helper()
	t.Logf("%s: %d passed, %d failed %v, %d skipped %v", suite, o.passed, len(o.failed), o.failed, len(o.skipped), o.skipped)
	if o.passed != passed || len(o.failed) > 0 || !maps.Equal(o.skipped, skipped) {
		t.Errorf("%s: want %d passed, none failed, %d skipped %v", suite, passed, len(skipped), skipped)
	}
}

// sdkTests is how many tests openstacksdk 0.101 has for bare metal, by file.
var sdkTests = map[string]int{
	"allocation": 7, "chassis": 5, "conductor": 1, "deploy_templates": 6, "driver": 5, "node": 18,
	"port": 7, "port_group": 7, "volume_connector": 7, "volume_target": 7,
}

// TestSDK runs the tests that openstacksdk has for a real Ironic, as Debian
// packages them: all files at once, for what they do most is wait. Each has a
// server of its own, as several of them give a node the name test-node.
func TestSDK(t *testing.T) {
	const folder = "/usr/lib/python3/dist-packages/openstack/tests/functional/baremetal"
	if files, err := filepath.Glob(folder + "/test_*.py"); err != nil || len(files) != len(sdkTests) {
		t.Fatalf("%d files of tests in %s, want %d: install python3-openstacksdk and python3-oslotest (%v)", len(files), folder, len(sdkTests),
			err)
	}
	type result struct {
		file, out string
		err       error
	}
	results := make(chan result, len(sdkTests))
	for file := range sdkTests {
		url := serveAlone(t, "none")
		go func() {
			out, err := unittest(t.Context(), url, "openstack.tests.functional.baremetal.test_baremetal_"+file, t.TempDir())
			results <- result{file, out, err}
		}()
	}
	total := 0
	for range sdkTests {
		r := <-results
		o := readUnittest(r.out)
		total += o.passed
		o.hold(t, "openstacksdk, "+r.file, sdkTests[r.file], nil)
		if r.err != nil || len(o.failed) > 0 {
			t.Errorf("%s: %v\n%s", r.file, r.err, r.out)
		}
	}
	t.Logf("openstacksdk: %d passed", total)
}

// unittest runs a module of openstacksdk's tests in dir against the API at url.
func unittest(ctx context.Context, url, module, dir string) (string, error) {
	clouds := fmt.Sprintf("clouds: {here: {auth_type: none, auth: {endpoint: %q}, baremetal_endpoint_override: %[1]q, has_compute: false, "+
		"has_image: false}}\n", url)
	if err := os.WriteFile(filepath.Join(dir, "clouds.yaml"), []byte(clouds), 0o600); err != nil {
		return "", err
	}
	return runUnittest(ctx, module, dir)
}

// runUnittest runs a module of openstacksdk's tests with the clouds.yaml in dir.
func runUnittest(ctx context.Context, module, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", "-W", "ignore", "-m", "unittest", module)
	cmd.Dir = dir
	// A test may wait several times two seconds, and gets five by default.
	cmd.Env = append(os.Environ(), "OS_TEST_TIMEOUT=120", "OPENSTACKSDK_IMAGE=small", "OS_CLOUD=here", "OPENSTACKSDK_DEMO_CLOUD=here",
		"OPENSTACKSDK_DEMO_CLOUD_ALT=here", "OPENSTACKSDK_OPERATOR_CLOUD=here")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// unittestEnd is what Python's unittest says in the end; there is something in
// brackets when a test was skipped or failed.
var unittestEnd = regexp.MustCompile(`(?m)^Ran (\d+) tests? in .*\n\n(?:OK|FAILED)(?: \((.*)\))?$`)

func readUnittest(text string) (o outcome) {
	m := unittestEnd.FindStringSubmatch(text)
	if m == nil {
		return outcome{failed: []string{"to run at all"}}
	}
	if m[2] != "" {
		o.failed = []string{m[2]}
	}
	o.passed, _ = strconv.Atoi(m[1])
	return o
}

// unittestFailures are the numbers in brackets of what did not pass.
var unittestFailures = regexp.MustCompile(`(?:failures|errors|skipped)=(\d+)`)

// countUnittest reads how many tests ran and how many of them did not pass.
func countUnittest(text string) (ran, failed int) {
	m := unittestEnd.FindStringSubmatch(text)
	if m == nil {
		return 0, 0
	}
	ran, _ = strconv.Atoi(m[1]) // the pattern is of digits
	for _, f := range unittestFailures.FindAllStringSubmatch(m[2], -1) {
		n, _ := strconv.Atoi(f[1])
		failed += n
	}
	return ran, failed
}

// TestGophercloud runs the tests that gophercloud has for a real Ironic: version 1,
// the library of Terraform's provider, and version 2, that of Metal³.
func TestGophercloud(t *testing.T) {
	for _, suite := range []struct {
		module, auth, tests string
		passed              int
	}{
		{"github.com/gophercloud/gophercloud@v1.14.1", "none", "noauth", 6},
		{"github.com/gophercloud/gophercloud/v2@v2.16.0", "none", "noauth", 7},
		{"github.com/gophercloud/gophercloud/v2@v2.16.0", "http_basic", "httpbasic", 8},
		{"github.com/gophercloud/gophercloud/v2@v2.16.0", "none", "v1", 21},
	} {
		name := suite.module + " " + suite.tests
		t.Run(name, func(t *testing.T) {
			url := serveAlone(t, suite.auth)
			keystone := startStandin(t, map[string]string{"baremetal": url})
			cmd := exec.CommandContext(t.Context(), "go", "test", "-tags=acceptance,baremetal", "-count=1", "-v",
				"./internal/acceptance/openstack/baremetal/"+suite.tests)
			cmd.Dir = download(t, suite.module)
			cmd.Env = append(withKeystone(keystone), "IRONIC_ENDPOINT="+url+"/v1")
			if suite.auth == "http_basic" {
				cmd.Env = append(cmd.Env, "OS_USERNAME="+user, "OS_PASSWORD="+password)
			}
			out, err := cmd.CombinedOutput()
			readGoTest(string(out)).hold(t, name, suite.passed, nil)
			if err != nil || t.Failed() {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		})
	}
}

// goTestLine is the end of a test in the words of go test -v, and for one that was
// skipped the reason on the next line.
var goTestLine = regexp.MustCompile(`(?m)^--- (PASS|FAIL|SKIP): (\S+) \(.*\)$|^ +\S+\.go:\d+: (.*)\n--- SKIP: (\S+) `)

func readGoTest(text string) outcome {
	o := outcome{skipped: map[string]string{}}
	for _, m := range goTestLine.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "PASS":
			o.passed++
		case "FAIL":
			o.failed = append(o.failed, m[2])
		case "SKIP":
			o.skipped[m[2]] = "no reason given"
		default:
			o.skipped[m[4]] = m[3]
		}
	}
	return o
}

// download brings a module's source here and returns its directory.
func download(t *testing.T, module string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("download %s: %v\n%s", module, err, out)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	return found.Dir
}

// serveAlone starts a program for one test, with more of its flags.
func serveAlone(t *testing.T, auth string, more ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs other projects' tests against the program")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, program, auth, more...)
}
