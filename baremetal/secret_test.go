package baremetal_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
)

func value(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ given, shown string }{
		{`{"ipmi_password": "s", "ipmi_username": "root"}`, `{"ipmi_password": "******", "ipmi_username": "root"}`},
		{`{"ipmi_hex_kg_key": "0a", "SNMP_Community": "s", "snmp_priv_key": "s"}`,
			`{"ipmi_hex_kg_key": "******", "SNMP_Community": "******", "snmp_priv_key": "******"}`},
		{`{"password": ["s"], "secret": {"a": "s"}, "token": 5}`, `{"password": "******", "secret": "******", "token": "******"}`},
		{`{"list": [{"api_key": "s"}, "https://u:s@h/"]}`, `{"list": [{"api_key": "******"}, "https://u:******@h/"]}`},
		{`["https://u:s@s:s@h/a@b:c", "http://h:80/?a=b@c", "http://h:80?b@c", "http://a:s@h,http://b:s@h", "http://u@h:1"]`,
			`["https://u:******@h/a@b:c", "http://h:80/?a=b@c", "http://h:80?b@c", "http://a:******@h,http://b:******@h", "http://u@h:1"]`},
		{`["https://h/i?X-Amz-Date=1&X-Amz-Signature=s&a=1", "https://h/i?sv=1&sig=s%2B", "https://h/i?temp_url_sig=s", "https://h/?design=a"]`,
			`["https://h/i?X-Amz-Date=1&X-Amz-Signature=******&a=1", ` +
				`"https://h/i?sv=1&sig=******", "https://h/i?temp_url_sig=******", "https://h/?design=a"]`},
		{`{"note": "login with password=s now", "community": "open"}`, `{"note": "login with password=****** now", "community": "open"}`},
	} {
		if got, want := baremetal.Secrets.MaskValue(value(t, c.given)), value(t, c.shown); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is shown as %v, want %v", c.given, got, want)
		}
	}
}

func TestUnmask(t *testing.T) {
	for _, c := range []struct{ name, kept, given, want string }{ // want "" is a refusal
		{"one key", `{"password": "s", "a": 1}`, `{"password": "******", "a": 2}`, `{"password": "s", "a": 2}`},
		{"new secret", `{"password": "s"}`, `{"password": "t"}`, `{"password": "t"}`},
		{"seven stars", `{"password": "s"}`, `{"password": "*******"}`, `{"password": "*******"}`},
		{"nothing kept", `{}`, `{"password": "******"}`, ``},
		{"another key", `{"password": "s"}`, `{"ipmi_password": "******"}`, ``},
		{"a key that is no secret", `{"password": "s"}`, `{"password": "******", "note": "******"}`, ``},
		{"null", `{"password": null}`, `{"password": "******"}`, `{"password": null}`},
		{"a list", `{"password": ["s", "t"]}`, `{"password": "******"}`, `{"password": ["s", "t"]}`},
		{"an item of a secret list", `{"password": ["s", "t"]}`, `{"password": ["s", "******"]}`, `{"password": ["s", "t"]}`},
		{"deeper", `{"a": {"b": {"token": "s"}}}`, `{"a": {"b": {"token": "******"}}}`, `{"a": {"b": {"token": "s"}}}`},
		{"deeper, elsewhere", `{"a": {"b": {"token": "s"}}}`, `{"a": {"c": {"token": "******"}}}`, ``},
		{"an object under a secret key", `{"secret": {"x": "s"}}`, `{"secret": {"x": "******", "y": "t"}}`, `{"secret": {"x": "s", "y": "t"}}`},
		{"a URL", `{"u": "https://u:s@h/"}`, `{"u": "https://u:******@h/"}`, `{"u": "https://u:s@h/"}`},
		{"a URL of another host", `{"u": "https://u:s@h/"}`, `{"u": "https://u:******@evil/"}`, ``},
		{"a signature", `{"u": "https://h/?sig=s&a=1"}`, `{"u": "https://h/?sig=******&a=1"}`, `{"u": "https://h/?sig=s&a=1"}`},
		{"a signature of another host", `{"u": "https://h/?sig=s"}`, `{"u": "https://evil/?sig=******"}`, ``},
		{"a text", `{"n": "password=s here"}`, `{"n": "password=****** here"}`, `{"n": "password=s here"}`},
		{"a mask that was stored before", `{"password": "******"}`, `{"password": "******", "a": 1}`, `{"password": "******", "a": 1}`},
		{"items in order", `[{"token": "s"}, {"token": "t"}]`, `[{"token": "******"}, {"token": "******"}]`, `[{"token": "s"}, {"token": "t"}]`},
		{"the first item removed, the rest alike", `[{"token": "s"}, {"token": "t"}]`, `[{"token": "******"}]`, ``},
		{"items told apart", `[{"u": 1, "token": "s"}, {"u": 2, "token": "t"}]`, `[{"u": 2, "token": "******"}]`, `[{"u": 2, "token": "t"}]`},
		{"items swapped", `[{"u": 1, "token": "s"}, {"u": 2, "token": "t"}]`, `[{"u": 2, "token": "******"}, {"u": 1, "token": "******"}]`,
			`[{"u": 2, "token": "t"}, {"u": 1, "token": "s"}]`},
		{"a named item changed and moved", `[{"step": "a", "token": "s"}, {"step": "b", "token": "t"}]`,
			`[{"step": "b", "token": "******", "p": 1}]`,
			`[{"step": "b", "token": "t", "p": 1}]`},
		{"an item in place of another", `[{"step": "a", "token": "s"}]`, `[{"step": "b", "token": "******"}]`, ``},
		{"an item changed in its place", `[{"u": 1, "token": "s"}]`, `[{"u": 2, "token": "******"}]`, `[{"u": 2, "token": "s"}]`},
	} {
		kept, given := value(t, c.kept), value(t, c.given)
		got, err := baremetal.Secrets.Unmask("driver_info", given, kept)
		switch {
		case c.want == "" && (!errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), "is not one")):
			t.Errorf("%s: %v, %v, want a refusal that says that the mask is no secret", c.name, got, err)
		case c.want != "" && (err != nil || !reflect.DeepEqual(got, value(t, c.want))):
			t.Errorf("%s: %v, %v, want %s", c.name, got, err, c.want)
		}
		if !reflect.DeepEqual(kept, value(t, c.kept)) || !reflect.DeepEqual(given, value(t, c.given)) {
			t.Errorf("%s: the arguments have changed", c.name)
		}
	}
}

// TestUnmaskInTime: a body within the API's limits, 25 lists deep or 100,000 items
// long, takes no longer for its masks.
func TestUnmaskInTime(t *testing.T) {
	long := func(n int, item string) any {
		return value(t, "["+strings.Repeat(item+",", n)+item+"]")
	}
	deep := func(leaf string) any {
		return value(t, strings.Repeat("[1,", 24)+leaf+strings.Repeat("]", 24))
	}
	for _, c := range []struct{ given, kept any }{
		{long(100_000, `"******"`), long(90_000, `"https://u:p@h/"`)},
		{deep(`{"password": "******", "a": 1}`), deep(`{"password": "s", "a": 2}`)},
	} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = baremetal.Secrets.Unmask("x", c.given, c.kept) // either answer will do
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatal("it takes more than 20 s")
		}
	}
}

// FuzzUnmask: what is shown and sent back unchanged is what was kept.
func FuzzUnmask(f *testing.F) {
	for _, seed := range []string{`{"password": "s", "a": [{"token": "t"}, 1]}`, `{"u": "https://u:p@h/", "secret": {"a": [null]}}`,
		`["password=x", "******"]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var kept any
		if json.Unmarshal([]byte(text), &kept) != nil {
			return
		}
		shown := baremetal.Secrets.MaskValue(kept)
		got, err := baremetal.Secrets.Unmask("x", shown, kept)
		if kept != nil && (err != nil || !reflect.DeepEqual(got, kept)) {
			t.Errorf("%s is shown as %v and comes back as %v, %v", text, shown, got, err)
		}
	})
}
