package client

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ironhook/internal/python"
)

// A file of machines says what shall be registered. It is JSON, in the form of "openstack
// baremetal create" with what each node has below it:
//
//	{"nodes": [{"name": "pc-01", "driver": "manual-management", "ports": [{"address": "52:54:00:00:00:01"}],
//	  "volume_connectors": [], "volume_targets": [{"volume_type": "iscsi", "boot_index": 0, "volume_id": "root"}]}]}
//
// YAML of the same form, or CSV with a first line that names the columns: name and mac, and as needed driver, image
// or volume, and keys of driver_info.

// fileVerbs are the commands that take such a file.
var fileVerbs = []verb{
	{"create <file>", "Register the machines of a file (JSON, YAML or CSV, - for the standard input) that are all new", nothing, nil,
		func(c *call) error { return applyFile(c, true, false) }},
	{"apply <file>", "Bring the machines of a file (JSON, YAML or CSV, - for the standard input) to what it says, and leave all others alone",
		nothing,
		[]option{{name: "dry-run", kind: yes, field: "-", usage: "print what would be changed and which images and volumes are missing, and change nothing"},
			{name: "secrets", field: "-",
				usage: "file with the values that stand as ****** in the other (JSON: {NODE: {KEY: VALUE}}; the node * is every node)"}},
		func(c *call) error { return applyFile(c, false, c.has("dry-run")) }},
	{"export [<node>...]", "Print machines as a file for apply: all, or those named; of an appliance or another Ironic (--url)", nothing,
		[]option{{name: "external", kind: yes, field: "-", usage: "for an Ironic that has the storage interface external, and not iscsi"},
			{name: "default-interfaces", kind: yes, field: "-",
				usage: "leave the interfaces of the hardware out, so that the other side takes its own"}}, doExport},
}

// below are what a node has: the key in the file, the collection, and what tells two of them
// apart.
var below = []struct {
	key, words, path, list string
	names                  []string
}{
	{"portgroups", "port group", "/v1/portgroups", "portgroups", []string{"name", "address"}}, // before the ports in it
	{"ports", "port", "/v1/ports", "ports", []string{"address"}},
	{"volume_connectors", "volume connector", "/v1/volume/connectors", "connectors", []string{"type", "connector_id"}},
	{"volume_targets", "volume target", "/v1/volume/targets", "targets", []string{"boot_index"}},
}

// applyFile makes and changes what the file says, and prints a line for each change. What is
// as it says already is left alone, so that a second time changes nothing.
func applyFile(c *call, onlyNew, dry bool) error {
	chassis, nodes, short, err := readMachines(c.args[0], c.in)
	if err != nil {
		return err
	}
	if short {
		if err := c.checkColumns(nodes); err != nil {
			return misuse("%s: %w", c.args[0], err)
		}
	}
	secrets, err := readSecrets(c)
	if err != nil {
		return err
	}
	if err := (&applying{call: c, dry: dry}).chassis(chassis); err != nil {
		return err
	}
	named := references{c, map[string][]map[string]any{}}
	return c.each(slices.SortedFunc(maps.Keys(nodes), natural), func(name string) error {
		a := &applying{c, name, onlyNew, dry, secrets}
		if err := a.node(nodes[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !dry {
			return nil
		}
		return named.check(name, nodes[name])
	})
}

// readMachines reads a file of machines, by name, and of their chassis. short is its short
// form, CSV.
func readMachines(path string, in io.Reader) (chassis []map[string]any, nodes map[string]map[string]any, short bool, err error) {
	b, err := readFile(path, in)
	if err != nil {
		return nil, nil, false, misuse("%w", err)
	}
	var list []map[string]any
	b = unmarked(b)
	switch trimmed := bytes.TrimSpace(b); {
	case len(trimmed) > 0 && trimmed[0] == '{':
		chassis, list, err = machinesOfJSON(trimmed)
	case isYAML(b):
		chassis, list, err = machinesOfYAML(b)
	default:
		short = true
		list, err = machinesOfCSV(b)
	}
	if err != nil {
		return nil, nil, false, misuse("%s: %w", path, err)
	}
	nodes = map[string]map[string]any{}
	for i, n := range list {
		name := plainOr(n["name"], plainOr(n["uuid"], ""))
		switch {
		case name == "":
			return nil, nil, false, misuse("%s: machine %d has no name", path, i+1)
		case nodes[name] != nil:
			return nil, nil, false, misuse("%s: %s stands twice", path, name)
		}
		if err := checkAddresses(n); err != nil {
			return nil, nil, false, misuse("%s: %s: %w", path, name, err)
		}
		nodes[name] = n
	}
	if len(nodes) == 0 {
		return nil, nil, false, misuse("%s: there are no machines in it", path)
	}
	return chassis, nodes, short, nil
}

// checkAddresses refuses a machine with a MAC address that is none, before a part of it is made.
func checkAddresses(node map[string]any) error {
	ports, _ := node["ports"].([]any)
	for _, p := range ports {
		port, _ := p.(map[string]any)
		address := plainOr(port["address"], "")
		if mac, err := net.ParseMAC(address); err != nil || len(mac) != 6 {
			return fmt.Errorf("%q is no MAC address; want one like 52:54:00:12:34:56", address)
		}
	}
	return nil
}

// checkColumns refuses keys that the driver does not read: in the short form they are columns that
// were misspelled. What a driver that the server does not have reads is not known.
func (c *call) checkColumns(nodes map[string]map[string]any) error {
	reads := map[string]map[string]any{}
	for _, name := range slices.SortedFunc(maps.Keys(nodes), natural) {
		driver := plainOr(nodes[name]["driver"], "")
		info, _ := nodes[name]["driver_info"].(map[string]any)
		if driver == "" || len(info) == 0 {
			continue
		}
		if _, asked := reads[driver]; !asked {
			answer, err := c.get(c.ctx, "/v1/drivers/"+url.PathEscape(driver)+"/properties")
			if refused := (*refusal)(nil); err != nil && !errors.As(err, &refused) {
				return err
			}
			reads[driver] = answer
		}
		for key := range info {
			if _, known := reads[driver][key]; !known && len(reads[driver]) > 0 {
				return fmt.Errorf("%s: the driver %s reads no %s; it reads %s", name, driver, key,
					strings.Join(slices.Sorted(maps.Keys(reads[driver])), ", "))
			}
		}
	}
	return nil
}

// readFile reads a file, or the standard input for -.
func readFile(path string, in io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(in, maxAnswer))
	}
	return os.ReadFile(path)
}

func machinesOfJSON(b []byte) (chassis, nodes []map[string]any, err error) {
	var file machineFile
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, nil, fmt.Errorf("want {\"nodes\": [...]}: %w", err)
	}
	return file.Chassis, file.Nodes, nil
}

// isYAML reports whether a file that is not JSON is YAML: the key of the machines begins a
// line, as it never does in CSV.
var isYAML = regexp.MustCompile(`(?m)^(---|nodes:)[ \t]*(#.*)?\r?$`).Match

// machinesOfYAML reads YAML as the JSON that it stands for. A value like 0x1f or yes is what
// YAML 1.2 says, and a MAC address is text.
func machinesOfYAML(b []byte) (chassis, nodes []map[string]any, err error) {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var file map[string]any
	if err := d.Decode(&file); err != nil {
		return nil, nil, fmt.Errorf("YAML: %w", err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("YAML: one document is wanted, and there are several")
	}
	text, err := json.Marshal(file)
	if err != nil {
		return nil, nil, fmt.Errorf("YAML: %w", err)
	}
	return machinesOfJSON(text)
}

// machinesOfCSV reads the short form. Its machines boot over iSCSI from volumes of ours.
func machinesOfCSV(b []byte) (list []map[string]any, err error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.TrimLeadingSpace, r.Comment = true, '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Contains(rows[0], "name") || !slices.Contains(rows[0], "mac") {
		return nil, errors.New("the first line must name the columns, name and mac among them")
	}
	for _, row := range rows[1:] {
		n := map[string]any{"driver": "manual-management", "storage_interface": "iscsi",
			"properties": map[string]any{"capabilities": "iscsi_boot:True"}}
		info := map[string]any{}
		for i, cell := range row {
			switch column := rows[0][i]; {
			case cell == "":
			case column == "mac":
				var ports []any
				for _, mac := range strings.Fields(cell) {
					ports = append(ports, map[string]any{"address": strings.ToLower(strings.ReplaceAll(mac, "-", ":"))})
				}
				n["ports"] = ports
			case column == "image":
				n["instance_info"] = map[string]any{"image_source": cell}
			case column == "volume":
				n["volume_targets"] = []any{map[string]any{"volume_type": "iscsi", "boot_index": json.Number("0"), "volume_id": cell}}
			case slices.Contains([]string{"name", "driver", "description", "resource_class", "owner"}, column):
				n[column] = cell
			default:
				info[column] = cell
			}
		}
		if len(info) > 0 {
			n["driver_info"] = info
		}
		list = append(list, n)
	}
	return list, nil
}

// applying is the work on one node.
type applying struct {
	*call
	name    string
	onlyNew bool
	dry     bool
	secrets secrets
}

func (a *applying) node(want map[string]any) error {
	fields := maps.Clone(want)
	delete(fields, "traits")
	for _, part := range below {
		delete(fields, part.key)
	}
	path := "/v1/nodes/" + url.PathEscape(a.name)
	now, err := a.get(a.ctx, path)
	var r *refusal
	switch {
	case errors.As(err, &r) && r.status == http.StatusNotFound:
		if now, err = a.make("node "+a.name, "/v1/nodes", fields); err != nil {
			return err
		}
	case err != nil:
		return err
	case a.onlyNew:
		return errors.New("it is there already; apply brings it to what the file says")
	default:
		if err := a.change("node "+a.name, path, now, fields); err != nil {
			return err
		}
	}
	if err := a.traits(path, now, want["traits"]); err != nil {
		return err
	}
	uuid := plainOr(now["uuid"], "")
	for _, part := range below {
		list, _ := want[part.key].([]any)
		if err := a.parts(part.words, part.path, part.list, part.names, uuid, list); err != nil {
			return err
		}
	}
	return nil
}

// parts makes and changes what the node has of one kind. What the file does not name stays.
func (a *applying) parts(words, path, list string, names []string, uuid string, want []any) error {
	if len(want) == 0 {
		return nil
	}
	var there []map[string]any
	if uuid != "" { // of a node that a dry run would make there is none
		var err error
		rest := *a.call
		rest.given = nil
		if there, err = rest.pages(path, list, url.Values{"node": {uuid}, "detail": {"True"}}); err != nil {
			return err
		}
	}
	for _, e := range want {
		one, ok := e.(map[string]any)
		if !ok {
			return fmt.Errorf("a %s must be an object, not %s", words, python.Repr(e))
		}
		called := words
		for _, name := range names {
			called += " " + plain(one[name])
		}
		i := slices.IndexFunc(there, func(t map[string]any) bool {
			return !slices.ContainsFunc(names, func(name string) bool { return !strings.EqualFold(plain(t[name]), plain(one[name])) })
		})
		var err error
		if i < 0 {
			fields := maps.Clone(one)
			fields["node_uuid"] = uuid
			_, err = a.make(called+" of "+a.name, path, fields)
		} else {
			err = a.change(called+" of "+a.name, path+"/"+plain(there[i]["uuid"]), there[i], one)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) make(what, path string, fields map[string]any) (map[string]any, error) {
	if _, err := fmt.Fprintln(a.out, "+", what); err != nil || a.dry {
		return nil, err
	}
	fields, err := a.disclosed(what, fields)
	if err != nil {
		return nil, err
	}
	return object(a.do(a.ctx, http.MethodPost, path, fields))
}

// change patches what differs from the file. A secret cannot be compared, for the appliance
// does not disclose it: one that is set counts as right.
func (a *applying) change(what, path string, now, want map[string]any) error {
	var patch []operation
	want = a.secrets.into(a.name, want)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		fields, ok := want[key].(map[string]any)
		if !ok {
			patch = append(patch, difference("/"+key, now[key], want[key])...)
			continue
		}
		inner, _ := now[key].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			patch = append(patch, difference("/"+key+"/"+pointer(name), inner[name], fields[name])...)
		}
	}
	for _, op := range patch {
		if op["value"] == masked {
			return a.unknown(what, strings.TrimPrefix(plain(op["path"]), "/"))
		}
		if _, err := fmt.Fprintf(a.out, "~ %s: %s: %s\n", what, strings.TrimPrefix(plain(op["path"]), "/"), op["shown"]); err != nil {
			return err
		}
		delete(op, "shown")
	}
	if len(patch) == 0 || a.dry {
		return nil
	}
	_, err := a.do(a.ctx, http.MethodPatch, path, patch)
	return err
}

// masked is what the appliance shows of a secret.
const masked = "******"

func difference(path string, now, want any) []operation {
	if now == masked || want == masked && now != nil || reflect.DeepEqual(now, want) || now != nil && want != nil && plain(now) == plain(want) || strings.EqualFold(path, "/address") {
		return nil
	}
	op := add(path, want)
	op["shown"] = cmp.Or(plainOr(now, "nothing"), "nothing") + " -> " + plainOr(want, "nothing")
	if strings.HasPrefix(path, "/driver_info/") || strings.HasPrefix(path, "/properties/auth") {
		op["shown"] = "changed" // it may be a secret
	}
	return []operation{op}
}
