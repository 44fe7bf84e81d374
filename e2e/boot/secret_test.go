package boot_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestSecrets asks for a machine's boot script as another machine would, and
// logs in to its volume with the wrong secret. So that a refusal proves
// something, the right address and the right secret must do.
func TestSecrets(t *testing.T) {
	needsLab(t)
	t.Parallel()
	r := newRoom(t, "secrets")
	m := r.machine(t, lab.Hardware{Name: "owner"}, image.Options{Stay: true})
	op := httpOperator{r.client}
	node := op.enroll(t, m, m.Name)
	op.deploy(t, node)
	_, lines := expect(t, m, 1, `net0: 10\.77\.0\.\d+/`, `SAN device 0x80`)
	own := field(t, lines[0].Text, `net0: (10\.77\.0\.\d+)/`)

	const other = "10.77.0.222"
	must(t, "take addresses", r.IP("address add "+own+"/32 dev lo\naddress add "+other+"/32 dev lo\n"))
	for _, from := range []string{other, lab.Address} {
		if got := r.script(t, m.MAC, from); strings.Contains(got, "password ") || strings.Contains(got, "sanhook") {
			t.Errorf("script of %s asked for from %s (its address is %s) holds a secret:\n%s", m.MAC, from, own, got)
		}
	}
	awaitEvents(t, r.client, node, []string{"script", "refused", "refused"})
	script := r.script(t, m.MAC, own)
	a := access{
		initiator: field(t, script, `set initiator-iqn (\S+)`),
		target:    field(t, script, `sanhook .*iscsi:\S*:(iqn\.\S+)`),
		user:      field(t, script, `set username (\S+)`),
		password:  field(t, script, `set password (\S+)`),
	}
	must(t, "log in with the right secret", a.login(t, r))
	for _, test := range []struct {
		name  string
		wrong func(access) access
	}{
		{"wrong secret", func(a access) access { a.password = "wrong" + a.password[5:]; return a }},
		{"wrong user", func(a access) access { a.user = "somebody"; return a }},
		{"wrong initiator", func(a access) access { a.initiator = "iqn.2026-01.test.lab:other"; return a }},
		{"no CHAP", func(a access) access { a.user, a.password = "", ""; return a }},
	} {
		if err := test.wrong(a).login(t, r); err == nil {
			t.Errorf("%s: logged in, want a refusal", test.name)
		}
	}
	r.keepsQuiet(t, a.password, m.BMC.Password, r.app.Password[:8])
}

// keepsQuiet holds what the appliance has logged and noted against secrets. Its own
// password it has shown once, in the line for that.
func (r *room) keepsQuiet(t *testing.T, secrets ...string) {
	t.Helper()
	said := map[string]string{}
	for _, line := range r.app.Process().Log.Lines() {
		if !strings.HasPrefix(line.Text, "first start: ") {
			said["the log"] += line.Text + "\n"
		}
	}
	events, err := r.client.Events(t.Context(), "", 0)
	must(t, "read the events", err)
	for _, e := range events {
		said["the events"] += e.Detail + "\n"
	}
	for place, text := range said {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds a secret:\n%s", place, text)
			}
		}
	}
}

// script fetches the boot script of the machine with this MAC from an address.
func (r *room) script(t *testing.T, mac, from string) string {
	t.Helper()
	local := &net.TCPAddr{IP: net.ParseIP(from)}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return r.DialFrom(ctx, local, network, address)
		},
	}}
	resp, err := client.Get("http://" + lab.Address + ":8080/boot/" + strings.ReplaceAll(mac, ":", "-"))
	must(t, "ask for the script", err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, "read the script", err)
	return string(body)
}

// field returns what the pattern captures in the text, which is never shown: it
// may hold secrets.
func field(t *testing.T, text, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("nothing matches %q", pattern)
	}
	return m[1]
}

// access is what one needs to reach a volume.
type access struct{ initiator, target, user, password string }

// login reads the volume's identity with libiscsi, a second initiator.
func (a access) login(t *testing.T, r *room) error {
	credentials := ""
	if a.user != "" {
		credentials = a.user + "%" + a.password + "@"
	}
	out, err := r.Output(t.Context(), nil, "iscsi-inq", "--initiator", a.initiator,
		fmt.Sprintf("iscsi://%s%s:3260/%s/0", credentials, lab.Address, a.target))
	if err == nil && !strings.Contains(out, "Vendor") {
		return fmt.Errorf("iscsi-inq printed %q", out)
	}
	return err
}
