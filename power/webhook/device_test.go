package webhook

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"ironhook/baremetal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// device is a plug with the HTTP interfaces of the makers, as their documentation shows
// them.
type device struct {
	*httptest.Server
	mu   sync.Mutex
	on   bool
	deaf bool     // it takes orders and does nothing
	log  []string // method, path and body of what switches
}

const secret = "marker-hunter2"

func plug(t *testing.T) *device {
	t.Helper()
	d := &device{}
	m := http.NewServeMux()
	m.HandleFunc("GET /cm", d.tasmota)
	m.HandleFunc("GET /relay/2", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "admin" || password != secret {
			http.Error(w, "401", http.StatusUnauthorized)
			return
		}
		d.turn(r, r.FormValue("turn"))
		fmt.Fprintf(w, `{"ison": %v, "has_timer": false}`, d.isOn())
	})
	m.HandleFunc("GET /rpc/Switch.Set", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"was_on":%v}`, d.isOn())
		d.turn(r, map[string]string{"true": "on", "false": "off"}[r.FormValue("on")])
	})
	m.HandleFunc("GET /rpc/Switch.GetStatus", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id":%s,"source":"HTTP_in","output":%v,"apower":8.9}`, r.FormValue("id"), d.isOn())
	})
	for _, way := range []string{"on", "off"} {
		m.HandleFunc("POST /api/services/homeassistant/turn_"+way, d.assistant(way))
		m.HandleFunc("PUT /hook/"+secret+"/"+way, func(_ http.ResponseWriter, r *http.Request) { d.turn(r, way) })
	}
	m.HandleFunc("GET /api/states/switch.pc_07", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"entity_id":"switch.pc_07","state":%q}`, map[bool]string{true: "on", false: "off"}[d.isOn()])
	})
	m.HandleFunc("GET /plain", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "outlet 7 is on=%v\n", d.isOn()) })
	d.Server = httptest.NewServer(m)
	t.Cleanup(d.Close)
	return d
}

// turn switches, and notes what the request was.
func (d *device) turn(r *http.Request, way string) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	if way == "" {
		return
	}
	d.log = append(d.log, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("X-Key"), body))
	d.on = way == "on" != d.deaf
}

func (d *device) isOn() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.on
}

func (d *device) tasmota(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("user") != "admin" || r.FormValue("password") != secret {
		io.WriteString(w, `{"WARNING":"Need user=<username>&password=<password>"}`) // with status 200
		return
	}
	switch r.FormValue("cmnd") {
	case "Power2 On":
		d.turn(r, "on")
	case "Power2 Off":
		d.turn(r, "off")
	case "Power2":
	default:
		io.WriteString(w, `{"Command":"Unknown"}`)
		return
	}
	fmt.Fprintf(w, `{"POWER2":%q}`, map[bool]string{true: "ON", false: "OFF"}[d.isOn()])
}

func (d *device) assistant(way string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Entity string `json:"entity_id"`
		}
		if r.Header.Get("Authorization") != "Bearer "+secret || r.Header.Get("Content-Type") != "application/json" ||
			json.NewDecoder(r.Body).Decode(&body) != nil || body.Entity != "switch.pc_07" {
			http.Error(w, "401: Unauthorized", http.StatusUnauthorized)
			return
		}
		d.turn(r, way)
		io.WriteString(w, "[]")
	}
}

// nodes are driver_info for every kind of device, by name.
func (d *device) nodes() map[string]baremetal.Object {
	return map[string]baremetal.Object{
		"tasmota": {"webhook_template": "tasmota", "webhook_channel": float64(2), "webhook_username": "admin", "webhook_password": secret,
			"webhook_address": d.URL},
		"shelly": {"webhook_template": "shelly", "webhook_channel": "2", "webhook_username": "admin", "webhook_password": secret,
			"webhook_address": d.URL + "/"},
		"shelly-gen2": {"webhook_template": "shelly-gen2", "webhook_address": d.URL},
		"home-assistant": {"webhook_template": "home-assistant", "webhook_entity": "switch.pc_07", "webhook_token": secret,
			"webhook_address": d.URL},
		"generic": {
			"webhook_on_url": d.URL + "/hook/" + secret + "/on?token=" + secret, "webhook_off_url": d.URL + "/hook/" + secret +
				"/off", "webhook_method": "PUT",
			"webhook_on_body": "go", "webhook_headers": map[string]any{"X-Key": secret},
			"webhook_state_url": d.URL + "/plain", "webhook_state_on": "on=true", "webhook_state_off": "on=false",
		},
		"generic without state": {"webhook_on_url": d.URL + "/hook/" + secret + "/on", "webhook_off_url": d.URL + "/hook/" + secret +
			"/off", "webhook_method": "PUT"},
	}
}

func node(info baremetal.Object) *baremetal.Node {
	return &baremetal.Node{Name: "pc-07", Driver: HardwareType, DriverInfo: info}
}
