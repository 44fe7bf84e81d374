package cli_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Why tests of others that concern Block Storage do not pass.
const (
	noTypes   = "there is one volume type, and none can be made"
	noBackups = "there are no backups"
	noGroups  = "there are no groups"
	noQoS     = "there are no QoS specs"
	noQuota   = "the limits are the machine's and cannot be set"
	noTasks   = "tasks are not made by clients, as in Glance for all but administrators"
	noTenants = "there is one backend, and nothing to choose from or to take over"
)

// TestStorageGophercloud runs the tests that gophercloud has for a real Cinder and a real
// Glance, with a stand-in for Keystone, Nova and Neutron. Those that fail are known, with
// their reason.
func TestStorageGophercloud(t *testing.T) {
	for _, suite := range []struct {
		folder  string
		passed  int
		failed  map[string]string
		skipped map[string]string
	}{
		{"image/v2", 10, map[string]string{"TestTaskCreate": noTasks}, map[string]string{}},
		{"blockstorage/noauth", 4, nil, nil},
		{"blockstorage/v3", 22, map[string]string{
			"TestBackupsCRUD": noBackups, "TestBackupsResetStatus": noBackups, "TestBackupsForceDelete": noBackups,
			"TestQoS": noQoS, "TestQoSAssociations": noQoS, "TestQuotasetUpdate": noQuota, "TestQuotasetDelete": noQuota,
			"TestManageableVolumes": noTenants, "TestSchedulerHints": noTenants,
			"TestVolumesMultiAttach": noTypes, "TestVolumeActionsChangeType": noTypes, "TestVolumeTypesCRUD": noTypes,
			"TestVolumeTypesExtraSpecs": noTypes, "TestVolumeTypesAccess": noTypes, "TestEncryptionVolumeTypes": noTypes,
		}, map[string]string{}},
	} {
		t.Run(suite.folder, func(t *testing.T) {
			url := serveAlone(t, "none")
			image, internet := uploadImage(t, url), startInternet(t)
			keystone := startStandin(t, map[string]string{"volumev3": url + "/volume/v3/standalone", "block-storage": url + "/volume/v3/standalone",
				"image": url + "/image"})
			cmd := exec.CommandContext(t.Context(), "go", "test", "-tags=acceptance", "-count=1", "-v",
				"./internal/acceptance/openstack/"+suite.folder)
			cmd.Dir = download(t, "github.com/gophercloud/gophercloud/v2@v2.16.0")
			cmd.Env = append(withKeystone(keystone), "CINDER_ENDPOINT="+url+"/volume/v3",
				"OS_IMAGE_ID="+image, "OS_FLAVOR_ID=1", "OS_FLAVOR_ID_RESIZE=2", "OS_POOL_NAME=none", "OS_EXTGW_ID=none", "OS_NETWORK_NAME=private",
				"HTTP_PROXY="+internet)
			out, err := cmd.CombinedOutput()
			o := readGoTest(string(out))
			holdKnown(t, "gophercloud 2.16.0, "+suite.folder, o, suite.passed, suite.failed, suite.skipped)
			if t.Failed() {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// startInternet is a proxy that has a small qcow2 image at every address: the tests fetch one
// of CirrOS.
func startInternet(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.qcow2")
	if out, err := exec.CommandContext(t.Context(), "qemu-img", "create", "-f", "qcow2", path, "1M").CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v: %s", err, out)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }))
	t.Cleanup(server.Close)
	return server.URL
}

// holdKnown is outcome.hold with tests that are known to fail, each with its reason.
func holdKnown(t *testing.T, suite string, o outcome, passed int, failed, skipped map[string]string) {
	t.Helper()
	slices.Sort(o.failed)
	t.Logf("%s: %d passed, %d failed %v, %d skipped %v", suite, o.passed, len(o.failed), o.failed, len(o.skipped), o.skipped)
	if o.passed != passed || !slices.Equal(o.failed, slices.Sorted(maps.Keys(failed))) || !maps.Equal(o.skipped, skipped) {
		t.Errorf("%s: want %d passed, failed %v, skipped %v", suite, passed, failed, skipped)
	}
}

// uploadImage puts a small raw image into the appliance and returns its id.
func uploadImage(t *testing.T, url string) string {
	t.Helper()
	var image struct{ ID string }
	body := call(t, "POST", url+"/image/v2/images", "application/json", `{"name": "small", "disk_format": "raw", "container_format": "bare"}`,
		http.StatusCreated)
	if err := json.Unmarshal([]byte(body), &image); err != nil {
		t.Fatal(err)
	}
	call(t, "PUT", url+"/image/v2/images/"+image.ID+"/file", "application/octet-stream", strings.Repeat("x", 1<<20), http.StatusNoContent)
	return image.ID
}

func call(t *testing.T, method, url, kind, body string, want int) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		t.Fatalf("%s %s = %d %s (%v), want %d", method, url, resp.StatusCode, raw, err, want)
	}
	return string(raw)
}

// sdkVolumeTests are openstacksdk 0.101's functional tests for Block Storage and Image, by
// module: how many pass, and why the others do not.
var sdkVolumeTests = map[string]struct {
	passed, failed int
	why            string
}{
	"block_storage.v3.test_availability_zone": {passed: 1}, "block_storage.v3.test_capabilities": {passed: 1},
	"block_storage.v3.test_extension": {passed: 1}, "block_storage.v3.test_limits": {passed: 1},
	"block_storage.v3.test_resource_filters": {passed: 1}, "block_storage.v3.test_snapshot": {passed: 1},
	"block_storage.v3.test_volume": {passed: 1},
	"block_storage.v3.test_backup": {failed: 2, why: noBackups}, "block_storage.v3.test_group": {failed: 3, why: noGroups},
	"block_storage.v3.test_type": {failed: 1, why: noTypes},
	"image.v2.test_image":        {passed: 7},
}

// TestBlockStorageSDK runs them with the clouds.yaml that the program prints, and the two
// words that keep the tests from looking for a compute and an image service of DevStack.
func TestBlockStorageSDK(t *testing.T) {
	url := serveAlone(t, "none")
	clouds := call(t, "GET", url+"/ironhook/v1/clouds.yaml", "", "", http.StatusOK)
	uploadImage(t, url)
	clouds = strings.Replace(clouds, "  ironhook:\n", "  here:\n    has_compute: false\n    has_image: false\n", 1)
	for module, want := range sdkVolumeTests {
		t.Run(module, func(t *testing.T) {
			dir, clouds := t.TempDir(), clouds
			if strings.HasPrefix(module, "image") {
				clouds = strings.Replace(clouds, "    has_image: false\n", "", 1)
			}
			for name, text := range map[string]string{"clouds.yaml": clouds, "CONTRIBUTING.rst": "what the tests upload\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out, err := runUnittest(t.Context(), "openstack.tests.functional."+module, dir)
			ran, failed := countUnittest(out)
			t.Logf("openstacksdk, %s: %d passed, %d failed (%s)", module, ran-failed, failed, want.why)
			if ran-failed != want.passed || failed != want.failed {
				t.Errorf("%s: %d passed, %d failed (%v), want %d and %d\n%s", module, ran-failed, failed, err, want.passed, want.failed, out)
			}
		})
	}
}

// discover asks for each service as openstacksdk does, by the clouds.yaml that the program
// prints, and prints what it found.
const discover = `
import openstack
c = openstack.connect(cloud='ironhook')
print(type(c.identity).__module__, type(c.block_storage).__module__, type(c.image).__module__, type(c.baremetal).__module__)
print(c.identity.get_endpoint_data().api_version)
print(list(c.block_storage.volumes()), list(c.block_storage.snapshots()))
`

// TestClouds: with the printed file openstacksdk finds version 3 of the identity service,
// which openstackclient of 2026 must find before it lists volumes, and the others.
func TestClouds(t *testing.T) {
	url := serveAlone(t, "none")
	dir := t.TempDir()
	clouds := call(t, "GET", url+"/ironhook/v1/clouds.yaml", "", "", http.StatusOK)
	if err := os.WriteFile(filepath.Join(dir, "clouds.yaml"), []byte(clouds), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-W", "ignore", "-c", discover)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	want := "openstack.identity.v3._proxy openstack.block_storage.v3._proxy openstack.image.v2._proxy openstack.baremetal.v1._proxy\n(3, " +
		"14)\n[] []\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\n%swant\n%s", err, out, want)
	}
}
