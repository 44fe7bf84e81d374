package webhook

import (
	"cmp"
	"crypto/tls"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
	"ironhook/power/webclient"
)

// info is what driver_info says.
type info struct {
	on, off, state request // state has no url if there is none
	match          match
	header         http.Header
	trust          *tls.Config
	timeout        time.Duration
}

// maxOrder bounds the body of a request, in bytes.
const maxOrder = 64 << 10

var entityName = regexp.MustCompile(`^[a-z0-9_]+\.[a-z0-9_]+$`)

func parse(n *baremetal.Node) (info, error) {
	r := driverinfo.Read(baremetal.DriverKeys[HardwareType], n.DriverInfo)
	name := r.OneOf("webhook_template", slices.Sorted(maps.Keys(templates))...) // generic is the first
	t := templates[name]
	i := info{header: headers(r), trust: webclient.Trust(r, "webhook_verify_ca"), timeout: r.Seconds("webhook_timeout", 10*time.Second)}
	if name == "generic" {
		i.custom(r)
	} else {
		i.fill(r, name, t)
	}
	i.login(r, name, t.login)
	for _, key := range []string{"webhook_on_body", "webhook_off_body"} {
		if len(r.Text(key, "")) > maxOrder {
			r.Wrong("%s has more than %d bytes", key, maxOrder)
		}
	}
	return i, r.Err()
}

// custom takes everything from driver_info.
func (i *info) custom(r *driverinfo.Reader) {
	method := r.OneOf("webhook_method", http.MethodPost, http.MethodGet, http.MethodPut)
	i.on = request{method, r.Text("webhook_on_url", ""), r.Text("webhook_on_body", "")}
	i.off = request{method, r.Text("webhook_off_url", ""), r.Text("webhook_off_body", "")}
	i.state = get(r.Text("webhook_state_url", ""))
	i.match = match{r.Text("webhook_state_pointer", ""), r.Text("webhook_state_on", ""), r.Text("webhook_state_off", "")}
	webclient.CheckURL(r, "webhook_on_url", i.on.url)
	webclient.CheckURL(r, "webhook_off_url", i.off.url)
	if i.state.url == "" {
		return
	}
	webclient.CheckURL(r, "webhook_state_url", i.state.url)
	if i.match.on == "" || i.match.off == "" || i.match.on == i.match.off {
		r.Wrong("webhook_state_url needs webhook_state_on and webhook_state_off, which differ")
	}
	if p := i.match.pointer; p != "" && p[0] != '/' {
		r.Wrong("webhook_state_pointer must begin with /")
	}
}

// onlyGeneric are the keys that a template has its own values for.
var onlyGeneric = []string{
	"webhook_on_url", "webhook_off_url", "webhook_state_url", "webhook_method", "webhook_on_body", "webhook_off_body",
	"webhook_state_pointer", "webhook_state_on", "webhook_state_off",
}

// fill takes the requests from a template.
func (i *info) fill(r *driverinfo.Reader, name string, t template) {
	for _, key := range onlyGeneric {
		if r.Value(key) != nil {
			r.Wrong("%s goes with the template generic alone, and webhook_template is %s", key, name)
		}
	}
	base := strings.TrimSuffix(r.Text("webhook_address", ""), "/")
	webclient.CheckURL(r, "webhook_address", base)
	if strings.ContainsAny(base, "?@") {
		r.Wrong("webhook_address must have no user, password or query: set webhook_username and webhook_password")
	}
	channel := t.channel
	if name != "home-assistant" && r.Value("webhook_channel") != nil {
		r.Int("webhook_channel", 0, 0, 99)
		channel = r.Text("webhook_channel", "")
	}
	entity := r.Text("webhook_entity", "")
	if name == "home-assistant" && !entityName.MatchString(entity) {
		r.Wrong("webhook_entity is %q, want the name of an entity such as switch.pc_07", entity)
	}
	values := strings.NewReplacer("{channel}", channel, "{entity}", entity)
	for _, q := range []struct{ to, from *request }{{&i.on, &t.on}, {&i.off, &t.off}, {&i.state, &t.state}} {
		*q.to = request{q.from.method, base + values.Replace(q.from.url), values.Replace(q.from.body)}
	}
	i.match = t.match
}

// headers reads webhook_headers.
func headers(r *driverinfo.Reader) http.Header {
	h := http.Header{"User-Agent": {"ironhook"}}
	given, ok := r.Value("webhook_headers").(map[string]any)
	if !ok && r.Value("webhook_headers") != nil {
		r.Wrong("webhook_headers must be an object of names and values")
	}
	for name, v := range given {
		value, ok := v.(string)
		if !headerName.MatchString(name) || !ok || strings.ContainsAny(value, "\r\n\x00") {
			r.Wrong("webhook_headers has a name or a value that no header can have")
			continue
		}
		h.Set(name, value)
	}
	return h
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// login adds the credentials in the way of the device.
func (i *info) login(r *driverinfo.Reader, name, way string) {
	user, password, token := r.Text("webhook_username", ""), r.Text("webhook_password", ""), r.Text("webhook_token", "")
	if cmp.Or(i.on.body, i.off.body) != "" && i.header.Get("Content-Type") == "" {
		i.header.Set("Content-Type", "application/json")
	}
	pair := user != "" || password != ""
	switch {
	case pair && token != "":
		r.Wrong("webhook_token and webhook_username exclude each other")
	case pair && (way == loginNone || way == loginBearer):
		r.Wrong("webhook_username and webhook_password do not go with the template %s, which takes %s", name, way)
	case token != "" && way != loginBearer && way != loginAny:
		r.Wrong("webhook_token does not go with the template %s, which takes %s", name, way)
	case way == loginBearer && token == "":
		r.Wrong("webhook_token is missing: the template %s logs in with it", name)
	case strings.ContainsAny(token, "\r\n\x00"):
		r.Wrong("webhook_token has a line break")
	case token != "":
		i.header.Set("Authorization", "Bearer "+token)
	case pair && way == loginQuery:
		query := "&" + url.Values{"user": {user}, "password": {password}}.Encode()
		i.on.url, i.off.url, i.state.url = i.on.url+query, i.off.url+query, i.state.url+query
	case pair:
		q := http.Request{Header: i.header}
		q.SetBasicAuth(user, password)
	}
}
