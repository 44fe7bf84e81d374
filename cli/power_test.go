package cli_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/power/redfish/bmctest"
)

// askUntil asks for a path until the answer holds a text, for a minute.
func (h *house) askUntil(method, path, text string) (body string) {
	h.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if _, body = h.call(h.T, method, path, ""); strings.Contains(body, text) {
			return body
		}
		h.call(h.T, "GET", "/ironhook/v1/events?wait=1&after="+h.newest(), "")
	}
	h.Fatalf("%s %s = %s, want %s", method, path, body, text)
	return ""
}

// TestSensorMetrics: what the BMC of a machine measures is in the metrics where that was asked for, and only there.
func TestSensorMetrics(t *testing.T) {
	bmc := httptest.NewServer(bmctest.New())
	defer bmc.Close()
	data := t.TempDir()
	h := &house{T: t, running: start(t, data), data: data}
	pc := h.make("nodes", fmt.Sprintf(`{"name": "pc", "driver": "redfish", "driver_info": {"redfish_address": %q, "redfish_username": %q, `+
		`"redfish_password": %q}}`,
		bmc.URL, bmctest.User, bmctest.Password))
	h.provision("pc", "manage", "manageable")
	password := h.password
	stop(t, h.running)
	for _, c := range []struct{ every, line string }{
		{"1h", fmt.Sprintf("ironhook_sensor_value{node=%q,name=\"pc\",sensor=\"CPU\",unit=\"Cel\"} 41\n", pc)},
		{"off", "ironhook_sensors_left_out 0\n"},
	} {
		h.running = start(t, data, "--sensors-every", c.every)
		h.password = password
		body := h.askUntil(http.MethodGet, "/metrics", c.line)
		for _, line := range []string{
			fmt.Sprintf("ironhook_sensor_health{node=%q,name=\"pc\",sensor=\"Fan 1\",unit=\"RPM\"} 1\n", pc),
			fmt.Sprintf("ironhook_sensor_read_time_seconds{node=%q,name=\"pc\"} ", pc),
		} {
			if got := strings.Contains(body, line); got != (c.every != "off") {
				t.Errorf("with an interval of %s the metrics have %q: %v\n%s", c.every, line, got, body)
			}
		}
		stop(t, h.running)
	}
}

// TestStateFromTheSession: a machine without a BMC that has its volume open is on; before and after that nobody knows.
func TestStateFromTheSession(t *testing.T) {
	nic, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer nic.Close()
	data := t.TempDir()
	h := &house{T: t, running: start(t, data), data: data}
	defer stop(t, h.running)
	if err := os.WriteFile(filepath.Join(data, "volumes", "disk.raw"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	pc := h.make("nodes", fmt.Sprintf(`{"name": "pc", "driver": "wake-on-lan", "storage_interface": "iscsi", "properties": {"capabilities": "iscsi_boot:True"},
		"driver_info": {"wol_host": "127.0.0.1", "wol_port": %d, "wol_state": "session"}}`, nic.LocalAddr().(*net.UDPAddr).Port))
	h.make("ports", `{"node_uuid": "`+pc+`", "address": "52:54:00:00:00:03"}`)
	h.make("volume/targets", `{"node_uuid": "`+pc+`", "volume_type": "iscsi", "boot_index": 0, "volume_id": "disk"}`)
	h.put("nodes/pc/states/power", `{"target": "power on"}`)
	h.await("pc", func(n node) bool { return n.PowerState == "power on" })
	h.askUntil(http.MethodPost, "/ironhook/v1/nodes/pc/power-test", "not known")
	g, _ := grant(t, data)
	i := logIn(t, h.running, g)
	h.askUntil(http.MethodPost, "/ironhook/v1/nodes/pc/power-test", `"answer":"power on"`)
	i.Close()
	h.askUntil(http.MethodPost, "/ironhook/v1/nodes/pc/power-test", "not known")
}
