package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// doorstep is a link of the first start that keeps the password.
type doorstep struct {
	key, password string
	broken        error
}

func (d *doorstep) Opens(key string) bool { return d.key != "" && key == d.key }

func (d *doorstep) Set(key, password string) (string, error) {
	if len(password) < 8 {
		return "", baremetal.Errorf(baremetal.ErrInvalid, "A password has 8 to 72 bytes.")
	}
	if d.broken != nil || !d.Opens(key) {
		return "", d.broken
	}
	d.key, d.password = "", password
	return "admin", nil
}

func (d *doorstep) Over() error {
	d.key = ""
	return nil
}

func TestWelcome(t *testing.T) {
	link := &doorstep{key: "the-key"}
	r := newRoom(t, func(w *Web) { w.Welcome = link })
	for _, path := range []string{"/ui/welcome", "/ui/welcome?key=", "/ui/welcome?key=the-Key"} {
		if a := r.get(path); a.status != http.StatusNotFound || strings.Contains(a.body, "name=\"again\"") {
			t.Errorf("%s = %d with a form %t", path, a.status, strings.Contains(a.body, "name=\"again\""))
		}
	}
	if a := r.get("/ui/welcome?key=the-key"); a.status != http.StatusOK || !strings.Contains(a.body, `value="the-key"`) {
		t.Fatalf("the link = %d\n%s", a.status, a.body)
	}
	send := func(password, again, key string, headers ...string) answer {
		return r.do("POST", "/ui/welcome", url.Values{"password": {password}, "again": {again}, "key": {key}}.Encode(), headers...)
	}
	for _, c := range []struct {
		name   string
		got    answer
		status int
		says   string
	}{
		{"two passwords", send("long enough", "long enouhg", "the-key"), 400, "The two passwords differ"},
		{"short", send("short", "short", "the-key"), 400, "8 to 72 bytes"},
		{"another key", send("long enough", "long enough", "a-key"), 404, "This link was used"},
		{"another site", send("long enough", "long enough", "the-key", "Sec-Fetch-Site", "cross-site"), 403, "another site"},
	} {
		if c.got.status != c.status || !strings.Contains(c.got.body, c.says) || c.got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s = %d, want %d and %q", c.name, c.got.status, c.status, c.says)
		}
	}
	link.broken = errors.New("disk full")
	if a := send("long enough", "long enough", "the-key"); a.status != 400 || !strings.Contains(a.body, "the log says why") ||
		strings.Contains(a.body, "disk full") {
		t.Errorf("a failure = %d\n%s", a.status, a.body)
	}
	link.broken = nil
	if a := send("long enough", "long enough", "the-key"); a.status != http.StatusSeeOther || a.header.Get("Location") != "/ui/start" ||
		link.password != "long enough" {
		t.Errorf("setting it = %d to %s, password %q", a.status, a.header.Get("Location"), link.password)
	}
	if a := r.get("/ui/start"); a.status != http.StatusOK || !strings.Contains(a.body, "First steps") {
		t.Errorf("then = %d", a.status)
	}
	if a := send("another one", "another one", "the-key"); a.status != http.StatusNotFound || link.password != "long enough" {
		t.Errorf("the link, again = %d", a.status)
	}
}

// Who signs in with the printed password ends the link.
func TestSigningInEndsTheWelcome(t *testing.T) {
	link := &doorstep{key: "the-key"}
	r := newRoom(t, func(w *Web) { w.Welcome = link })
	r.login("admin", "wrong")
	if link.key == "" {
		t.Fatal("a wrong password ended the link")
	}
	if r.enter(); link.key != "" {
		t.Error("the link lives on")
	}
}
