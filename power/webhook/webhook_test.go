package webhook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/powertest"
	"ironhook/power/webclient"
)

var hurried = Config{Off: time.Millisecond, Poll: time.Millisecond, Settle: 200 * time.Millisecond}

func TestSuite(t *testing.T) {
	for name := range plug(t).nodes() {
		t.Run(name, func(t *testing.T) {
			powertest.Run(t, func(t *testing.T) (conductor.Power, *baremetal.Node) {
				return New(hurried), node(plug(t).nodes()[name])
			})
		})
	}
}

// What reaches the device, and that a reboot is off and on.
func TestRequests(t *testing.T) {
	d := plug(t)
	if err := New(hurried).Set(t.Context(), node(d.nodes()["generic"]), baremetal.Reboot); err != nil {
		t.Fatal(err)
	}
	want := []string{"PUT /hook/" + secret + "/off " + secret + " ", "PUT /hook/" + secret + "/on " + secret + " go"}
	if !slices.Equal(d.log, want) {
		t.Errorf("requests = %q, want %q", d.log, want)
	}
}

// Devices that answer with anything but what they should. No error tells a secret.
func TestHostileDevices(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
		kind    error
	}{
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/"+secret, http.StatusFound)
		}, "redirects (302)", baremetal.ErrBMC},
		"login": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, secret, http.StatusUnauthorized)
		}, "check webhook_username", baremetal.ErrBMC},
		"not found": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, secret, 404) }, "answers 404 Not Found", baremetal.ErrBMC},
		"busy": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, secret, http.StatusServiceUnavailable)
		}, "answers 503", baremetal.ErrBMC},
		"huge": {func(w http.ResponseWriter, _ *http.Request) {
			for range 2 * webclient.MaxBody / 1024 {
				io.WriteString(w, strings.Repeat("x", 1024))
			}
		}, "more than 1048576 bytes", webclient.ErrTooLarge},
		"no HTTP": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				c.Write([]byte("SSH-2.0-" + secret + "\r\n"))
				c.Close()
			}
		}, "malformed HTTP", baremetal.ErrBMC},
		"text":  {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>"+secret) }, "not JSON", baremetal.ErrBMC},
		"list":  {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `["`+secret+`"]`) }, "nothing at /a/0", baremetal.ErrBMC},
		"other": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"a": ["`+secret+`"]}`) }, "neither on nor off", errNoState},
		"silent": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}, "", baremetal.ErrBMC},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			defer s.Close()
			address := strings.Replace(s.URL, "://", "://u:"+secret+"@", 1) + "/" + secret + "?key=" + secret
			n := node(baremetal.Object{"webhook_on_url": address, "webhook_off_url": address, "webhook_state_url": address, "webhook_timeout": "1",
				"webhook_state_on": "1", "webhook_state_off": "0", "webhook_state_pointer": "/a/0"})
			_, err := New(hurried).State(t.Context(), n)
			if !errors.Is(err, c.kind) || !errors.Is(err, baremetal.ErrBMC) || !strings.Contains(err.Error(), c.want) ||
				!strings.Contains(err.Error(), "node pc-07: "+s.URL+": ") {
				t.Errorf("State = %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(strings.ReplaceAll(err.Error(), `"SSH-2.0-`+secret, ""), secret) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// A device that takes the order and does nothing is an error, and so is one whose wrong
// password is answered with 200.
func TestOrderWithoutEffect(t *testing.T) {
	d := plug(t)
	d.deaf = true
	err := New(hurried).Set(t.Context(), node(d.nodes()["shelly"]), baremetal.PowerOn)
	if !errors.Is(err, baremetal.ErrBMC) || !strings.Contains(err.Error(), `took the order for "power on"`) {
		t.Errorf("Set = %v", err)
	}
	info := d.nodes()["tasmota"]
	info["webhook_password"] = "wrong"
	if err := New(hurried).Set(t.Context(), node(info), baremetal.PowerOn); !errors.Is(err, errNoState) {
		t.Errorf("Set with a wrong password = %v, want %v", err, errNoState)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := New(Config{}).Set(ctx, node(d.nodes()["shelly"]), baremetal.PowerOn); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Set with a deadline = %v", err)
	}
}

func TestValidate(t *testing.T) {
	const both = "webhook_on_url must be an http:// or https:// URL; webhook_off_url must be an http:// or https:// URL"
	for _, c := range []struct {
		info baremetal.Object
		want string
	}{
		{baremetal.Object{}, both},
		{baremetal.Object{"webhook_on_url": "ftp://" + secret, "webhook_off_url": "http:///" +
			secret, "webhook_state_url": "http://a/", "webhook_method": "DELETE",
			"webhook_state_pointer": "x", "webhook_timeout": "0", "webhook_verify_ca": "ca.pem", "webhook_headers": map[string]any{"a b": secret}},
			`webhook_headers has a name or a value that no header can have; webhook_verify_ca is "ca.pem", want true, false or the absolute path ` +
				`of a file or directory with certificates; ` +
				`webhook_timeout is "0", want a number from 1 to 600; webhook_method is "DELETE", want one of POST, GET, PUT; ` + both +
				"; webhook_state_url needs webhook_state_on and webhook_state_off, which differ; webhook_state_pointer must begin with /"},
		{baremetal.Object{"webhook_template": "sonoff", "webhook_on_url": "http://a/", "webhook_off_url": "http://a/"},
			`webhook_template is "sonoff", want one of generic, home-assistant, shelly, shelly-gen2, tasmota`},
		{baremetal.Object{"webhook_template": "shelly-gen2", "webhook_address": "http://a/", "webhook_username": "admin",
			"webhook_on_url": "http://a/", "webhook_channel": "x"},
			`webhook_on_url goes with the template generic alone, and webhook_template is shelly-gen2; webhook_channel is "x", want a number from ` +
				`0 to 99; ` +
				`webhook_username and webhook_password do not go with the template shelly-gen2, which takes no login`},
		{baremetal.Object{"webhook_template": "home-assistant", "webhook_address": "http://u:p@a/", "webhook_entity": "../x"},
			`webhook_address must have no user, password or query: set webhook_username and webhook_password; webhook_entity is "../x", want the ` +
				`name of an entity such as switch.pc_07; ` +
				`webhook_token is missing: the template home-assistant logs in with it`},
		{baremetal.Object{"webhook_template": "tasmota", "webhook_address": "http://a", "webhook_verify_ca": "/dev/zero",
			"webhook_token": secret},
			`webhook_verify_ca: /dev/zero is no file of certificates; webhook_token does not go with the template tasmota, which takes a user and ` +
				`password`},
		{baremetal.Object{"webhook_on_url": "http://a", "webhook_off_url": "http://a", "webhook_on_body": strings.Repeat("x", maxOrder),
			"webhook_off_body": strings.Repeat("x", maxOrder+1)},
			"webhook_off_body has more than 65536 bytes"},
	} {
		err := New(hurried).Validate(node(c.info))
		want := "Invalid driver_info: " + c.want + "."
		if !errors.Is(err, baremetal.ErrInvalid) || err.Error() != want {
			t.Errorf("Validate(%v) =\n%v, want\n%s", c.info, err, want)
		}
	}
}
