package redfish

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/powertest"
	"ironhook/power/webclient"
)

func with(n *baremetal.Node, key string, value any) *baremetal.Node {
	c := *n
	c.DriverInfo = maps.Clone(n.DriverInfo)
	c.DriverInfo[key] = value
	return &c
}

// The suite for every way to log in.
func TestSuite(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*bmc)
		auth   string
	}{"auto": {nil, "auto"}, "session": {nil, "session"}, "basic": {nil, "basic"},
		"auto without sessions": {func(b *bmc) { b.noSessions = true }, "auto"}} {
		t.Run(name, func(t *testing.T) {
			powertest.Run(t, func(t *testing.T) (conductor.Power, *baremetal.Node) {
				_, n := startBMC(t, c.change)
				return New(hurried), with(n, "redfish_auth_type", c.auth)
			})
		})
	}
}

// What the BMC is ordered to do, with quirks of its own.
func TestOrders(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*bmc)
		action baremetal.PowerState
		want   string
	}{
		"reboot":        {func(b *bmc) { b.on = true }, baremetal.Reboot, "ForceOff On"},
		"soft reboot":   {func(b *bmc) { b.on = true }, baremetal.SoftReboot, "GracefulShutdown On"},
		"already on":    {func(b *bmc) { b.on = true }, baremetal.PowerOn, ""},
		"ForceOn only":  {func(b *bmc) { b.types = []string{"ForceOff", "ForceOn"} }, baremetal.PowerOn, "ForceOn"},
		"ignored twice": {func(b *bmc) { b.ignored = 2 }, baremetal.PowerOn, "On On On"},
		"busy at first": {func(b *bmc) { b.busy = 4 }, baremetal.PowerOn, "On"},
	} {
		t.Run(name, func(t *testing.T) {
			b, n := startBMC(t, c.change)
			if err := New(hurried).Set(t.Context(), n, c.action); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(b.log, " "); got != c.want {
				t.Errorf("orders = %q, want %q", got, c.want)
			}
		})
	}
}

// Orders that cannot be done.
func TestOrdersRefused(t *testing.T) {
	_, n := startBMC(t, func(b *bmc) { b.on, b.types = true, []string{"On", "ForceOff"} })
	for _, call := range []func() error{
		func() error { return New(hurried).Set(t.Context(), n, baremetal.SoftPowerOff) },
		func() error { return New(hurried).InjectNMI(t.Context(), n) },
	} {
		if err := call(); !errors.Is(err, baremetal.ErrUnsupported) || !strings.Contains(err.Error(), "only On, ForceOff") {
			t.Errorf("an order that is not offered = %v", err)
		}
	}
	_, n = startBMC(t, func(b *bmc) { b.ignored = 1 << 20 })
	if err := New(hurried).Set(t.Context(), n, baremetal.PowerOn); !errors.Is(err, baremetal.ErrBMC) ||
		!strings.Contains(err.Error(), "nothing has changed") {
		t.Errorf("Set on a BMC that does nothing = %v", err)
	}
}

// Boot devices as they are on the wire, and the quirks that are worked around.
func TestBootDevice(t *testing.T) {
	for name, c := range map[string]struct {
		refuse     func(boot map[string]string, ifMatch string) int
		device     string
		persistent bool
		mode       string
		want       string // "" is ErrBootDevice
	}{
		"uefi":      {nil, "pxe", true, "uefi", "Pxe Continuous UEFI"},
		"bios once": {nil, "disk", false, "bios", "Hdd Once Legacy"},
		"HTTP boot": {nil, "uefihttp", false, "uefi", "UefiHttp Once UEFI"},
		"strong ETags": {func(_ map[string]string, tag string) int { return map[bool]int{false: 412}[tag == `"0"`] }, "pxe", true, "uefi",
			"Pxe Continuous UEFI"},
		"no If-Match": {func(_ map[string]string, tag string) int { return map[bool]int{false: 412}[tag == ""] }, "pxe", true, "uefi",
			"Pxe Continuous UEFI"},
		"no mode": {func(b map[string]string, _ string) int {
			return map[bool]int{false: 400}[b["BootSourceOverrideMode"] == ""]
		}, "pxe", true, "uefi", "Pxe Continuous"},
		"once only": {func(b map[string]string, _ string) int {
			return map[bool]int{false: 400}[b["BootSourceOverrideEnabled"] == "Once"]
		}, "pxe", true, "uefi", "Pxe Once"},
		"refuses all": {func(map[string]string, string) int { return 400 }, "pxe", true, "uefi", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, n := startBMC(t, func(b *bmc) { b.refuse = c.refuse })
			n.BootMode = c.mode
			err := New(hurried).SetBootDevice(t.Context(), n, c.device, c.persistent)
			if c.want == "" {
				if !errors.Is(err, baremetal.ErrBootDevice) || !errors.Is(err, baremetal.ErrBMC) ||
					!strings.Contains(err.Error(), "Base.1.0.PropertyValueNotInList") {
					t.Errorf("SetBootDevice = %v, want ErrBootDevice", err)
				}
				return
			}
			if got := strings.Join(b.log, ", "); got != c.want || err != nil {
				t.Errorf("boot device = %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// A BMC that manages several machines needs redfish_system_id, and the error lists them.
func TestSystems(t *testing.T) {
	_, n := startBMC(t, func(b *bmc) { b.systems = 3 })
	_, err := New(hurried).State(t.Context(), n)
	if !errors.Is(err, baremetal.ErrBMC) || !strings.Contains(err.Error(), "/redfish/v1/Systems/3") ||
		!strings.Contains(err.Error(), "set redfish_system_id") {
		t.Errorf("State of one of three = %v", err)
	}
	if got, err := New(hurried).State(t.Context(), with(n, "redfish_system_id", "/redfish/v1/Systems/1")); got != baremetal.PowerOff ||
		err != nil {
		t.Errorf("State of a named system = %q, %v", got, err)
	}
	if _, err := New(hurried).State(t.Context(), with(n, "redfish_system_id", "/redfish/v1/Systems/9")); !errors.Is(err, errSystem) {
		t.Errorf("State of a system that is not there = %v", err)
	}
}

// Answers that no BMC should give, and logins that fail. No error tells a secret.
func TestHostileBMCs(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		change func(*baremetal.Node) *baremetal.Node
		want   string
		kind   error
	}{
		"no JSON": {answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>"+password) }, want: "restart the BMC",
			kind: errProtocol},
		"wrong JSON": {answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"PowerState": ["`+password+`"]}`) },
			kind: errProtocol},
		"no state": {answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{}`) }, want: "PowerState", kind: errProtocol},
		"huge": {answer: func(w http.ResponseWriter, _ *http.Request) {
			for range 2 * webclient.MaxBody / 1024 {
				io.WriteString(w, strings.Repeat("x", 1024))
			}
		}, kind: webclient.ErrTooLarge},
		"silent": {answer: func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}, want: "check redfish_address", kind: errNoAnswer},
		"redirect": {answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/"+password, http.StatusTemporaryRedirect)
		},
			want: "307"},
		"busy for hours": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3000")
			fault(w, 503, password)
		}, want: "503"},
		"wrong password": {change: func(n *baremetal.Node) *baremetal.Node { return with(n, "redfish_password", password+"x") },
			want: "check redfish_username", kind: errLogin},
		"strange CA": {change: func(n *baremetal.Node) *baremetal.Node { return with(n, "redfish_verify_ca", "true") },
			want: "redfish_verify_ca", kind: errNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			_, n := startBMC(t, func(b *bmc) { b.hostile = c.answer })
			if c.change != nil {
				n = c.change(n)
			}
			pace := hurried
			pace.Request = time.Second
			_, err := New(pace).State(t.Context(), n)
			if !errors.Is(err, baremetal.ErrBMC) || c.kind != nil && !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) ||
				!strings.Contains(err.Error(), "node pc-07: BMC https://127.0.0.1:") {
				t.Errorf("State = %v, want %q and %v", err, c.want, c.kind)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// A resource that the BMC names elsewhere is looked for on the BMC, or not at all.
func TestNoPathLeavesTheBMC(t *testing.T) {
	c := conversation{info: info{address: "https://192.0.2.7"}}
	for path, want := range map[string]string{
		"/redfish/v1/Systems/1": "https://192.0.2.7/redfish/v1/Systems/1", "https://evil.example/redfish/v1/x": "https://192.0.2.7/redfish/v1/x",
		"//evil.example/x": "https://192.0.2.7/x", "@evil.example/": "", ":8080/": "", "": "", "/a?b=c": "https://192.0.2.7/a?b=c",
	} {
		if got, err := c.address(path); got != want || (err == nil) != (want != "") {
			t.Errorf("address(%q) = %q, %v, want %q", path, got, err, want)
		}
	}
}

func TestContextEnds(t *testing.T) {
	_, n := startBMC(t, func(b *bmc) { b.ignored = 1 << 20 })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := New(hurried).Set(ctx, n, baremetal.PowerOn); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Set with a deadline = %v", err)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		info baremetal.Object
		want string
	}{
		{baremetal.Object{"redfish_address": "10.0.1.7"}, ""},
		{baremetal.Object{}, "Missing the following Redfish properties in node n1 driver_info: ['redfish_address']"},
		{baremetal.Object{"redfish_address": "ftp://10.0.1.7", "redfish_system_id": "1", "redfish_password": "a", "redfish_auth_type": "digest",
			"redfish_verify_ca": "/no/such/file"},
			"Invalid Redfish address ftp://10.0.1.7 set in driver_info/redfish_address on node n1 " +
				`Invalid value "digest" set in driver_info/redfish_auth_type on node n1. The value should be one of "basic", "session" or "auto". ` +
				`Invalid value "1" set in driver_info/redfish_system_id on node n1. The value should be a path (string) to the resource that the ` +
				`driver will interact with. ` +
				"For example: /redfish/v1/Systems/1 Invalid driver_info: redfish_verify_ca: stat /no/such/file: no such file or directory; " +
				"redfish_password goes with redfish_username."},
		{baremetal.Object{"redfish_address": "https://u:" + password + "@a/x"},
			"Invalid Redfish address ******@a/x set in driver_info/redfish_address on node n1"},
	} {
		err := New(hurried).Validate(&baremetal.Node{UUID: "n1", DriverInfo: c.info})
		if c.want == "" {
			if err != nil {
				t.Errorf("Validate(%v) = %v", c.info, err)
			}
			continue
		}
		if want := c.want; !errors.Is(err, baremetal.ErrInvalid) || err.Error() != want {
			t.Errorf("Validate(%v) =\n%v, want\n%s", c.info, err, want)
		}
	}
}
