package client

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The commands that look at machines: how their boots stand, what happened, which addresses
// they have. The appliance has one answer to each; these print it.

// statusVerb is the first thing to type in the morning.
var statusVerb = verb{"status", "Show how all machines stand, those in trouble first", many, nil, showStatus}

// eventOptions choose events.
var eventOptions = []option{
	{name: "node", field: "-", usage: "only what happened to this node, by name or UUID"},
	{name: "after", kind: number, field: "-", usage: "only what came after the event with this number"},
	{name: "limit", kind: number, field: "-", usage: "show the first so many after that"},
	{name: "follow", kind: yes, field: "-", usage: "go on with what happens from now on, one line an event, until interrupted"},
	{name: "kind", kind: words, field: "-", usage: "only events of this kind (repeatable)"},
}

// looks are the others.
func looks() []verb {
	return []verb{
		{"event list", "List what happened, the newest last", many, eventOptions, listEvents},
		{"lease list", "List the addresses of machines", many, nil, listLeases},
		{"boot explain <node>", "Say how the boot of a machine stands, and what to do", one, nil, explainBoot},
		{"boot watch <node>", "Follow the boot of a machine step by step until it is up, over or failed", nothing, []option{waiting}, watchBoot},
		{"boot log <node>", "Print what the agent on a machine has said: of its inspection, its deployment, its cleaning",
			nothing, nil, printAgentLog},
		{"boot script <node>", "Print the boot script that a machine would get now, its secrets masked", nothing, nil, printScript},
	}
}

// bootOf is the present boot of a node.
func (c *call) bootOf(node string) (map[string]any, error) {
	return c.get(c.ctx, "/ironhook/v1/boots/"+url.PathEscape(node))
}

// rows are the elements of an answer that is a list.
func (c *call) rows(path string) (rows []map[string]any, err error) {
	answer, err := c.do(c.ctx, http.MethodGet, path, nil)
	list, _ := answer.([]any)
	for _, e := range list {
		if row, ok := e.(map[string]any); ok {
			rows = append(rows, row)
		}
	}
	return rows, err
}

func showStatus(c *call) error {
	boots, err := c.rows("/ironhook/v1/boots")
	if err != nil {
		return err
	}
	nodes, err := c.pages("/v1/nodes", "nodes", url.Values{"fields": {"uuid,name,power_state,provision_state,maintenance,last_error"}})
	if err != nil {
		return err
	}
	byUUID := map[string]map[string]any{}
	for _, n := range nodes {
		byUUID[plain(n["uuid"])] = n
	}
	f := findings{columns: []string{"Name", "Power", "State", "Boot", "Remark"}}
	for _, b := range boots {
		n := byUUID[plain(b["node"])]
		if n == nil {
			continue // it came or went between the two questions
		}
		f.rows = append(f.rows, []any{plainOr(b["name"], plain(b["node"])), plainOr(n["power_state"], "unknown"),
			n["provision_state"], b["state"], remarkOf(b, n)})
	}
	trouble := func(row []any) bool {
		return row[3] == "failed" || row[3] == "stuck" || strings.HasSuffix(plain(row[2]), "failed")
	}
	slices.SortStableFunc(f.rows, func(a, b []any) int {
		if trouble(a) != trouble(b) {
			return map[bool]int{true: -1, false: 1}[trouble(a)]
		}
		return natural(plain(a[0]), plain(b[0]))
	})
	if len(f.rows) == 0 {
		fmt.Fprintln(c.errs, "There are no machines yet. Enrol them from a list: ironhook apply FILE, or on the page.")
	}
	return c.show(f)
}

// remarkOf is what a person has to know about a machine now.
func remarkOf(boot, node map[string]any) string {
	for _, text := range []any{boot["problem"], boot["chore"], node["last_error"]} {
		if s, ok := text.(string); ok && s != "" {
			return s
		}
	}
	if node["maintenance"] == true {
		return "in maintenance"
	}
	return ""
}

// natural compares names so that runs of digits count as numbers.
func natural(a, b string) int {
	number := func(s string) (n int, rest string, ok bool) {
		end := len(s) - len(strings.TrimLeft(s, "0123456789"))
		n, err := strconv.Atoi(s[:end])
		return n, s[end:], err == nil
	}
	for a != "" && b != "" {
		x, restA, okA := number(a)
		y, restB, okB := number(b)
		switch {
		case okA && okB && x != y:
			return x - y
		case okA && okB:
			a, b = restA, restB
		case a[0] != b[0]:
			return int(a[0]) - int(b[0])
		default:
			a, b = a[1:], b[1:]
		}
	}
	return len(a) - len(b)
}

func eventPath(c *call, after int, wait int) string {
	q := url.Values{"after": {strconv.Itoa(after)}}
	if node, ok := c.value("node").(string); ok {
		q.Set("node", node)
	}
	if kinds, ok := c.value("kind").([]string); ok && len(kinds) > 0 {
		q.Set("kind", strings.Join(kinds, ","))
	}
	if n, ok := c.value("limit").(int); ok && wait == 0 {
		q.Set("limit", strconv.Itoa(n))
	}
	if wait > 0 {
		q.Set("wait", strconv.Itoa(wait))
	}
	return "/ironhook/v1/events?" + q.Encode()
}

func listEvents(c *call) error {
	after, _ := c.value("after").(int)
	limit, _ := c.value("limit").(int)
	f := findings{columns: []string{"Number", "Time", "Machine", "Event", "Detail", "User"}}
	names, err := c.nodeNames()
	if err != nil {
		return err
	}
	for {
		page, err := c.rows(eventPath(c, after, 0))
		if err != nil {
			return err
		}
		for _, e := range page {
			after, _ = strconv.Atoi(plain(e["seq"]))
			f.rows = append(f.rows, eventRow(e, names))
		}
		if len(page) == 0 || limit > 0 {
			break
		}
	}
	if !c.has("follow") {
		return c.show(f)
	}
	for _, row := range f.rows {
		if err := printEvent(c.out, row); err != nil {
			return err
		}
	}
	for {
		page, err := c.rows(eventPath(c, after, 30))
		if c.ctx.Err() != nil {
			return nil // interrupted, as it has to end
		}
		if err != nil {
			return err
		}
		for _, e := range page {
			after, _ = strconv.Atoi(plain(e["seq"]))
			if err := printEvent(c.out, eventRow(e, names)); err != nil {
				return err
			}
		}
	}
}

// nodeNames are the names of the nodes, by UUID.
func (c *call) nodeNames() (map[string]string, error) {
	nodes, err := c.pages("/v1/nodes", "nodes", url.Values{"fields": {"uuid,name"}})
	names := map[string]string{}
	for _, n := range nodes {
		names[plain(n["uuid"])] = plainOr(n["name"], plain(n["uuid"]))
	}
	return names, err
}

func eventRow(e map[string]any, names map[string]string) []any {
	machine := plainOr(e["node"], plainOr(e["mac"], ""))
	if name := names[machine]; name != "" {
		machine = name
	}
	return []any{e["seq"], e["at"], machine, e["kind"], e["detail"], plainOr(e["user"], "")}
}

func printEvent(w io.Writer, row []any) error {
	_, err := fmt.Fprintln(w, oneLine(strings.Join(texts(row[1:5]), "  ")))
	return err
}

func listLeases(c *call) error {
	leases, err := c.rows("/ironhook/v1/leases")
	if err != nil {
		return err
	}
	f := findings{columns: []string{"Address", "MAC", "Machine", "Interface", "Given By", "Expires"}}
	for _, l := range leases {
		by := "Ironhook"
		if l["foreign"] == true {
			by = "another DHCP server"
		}
		f.rows = append(f.rows, []any{l["address"], l["mac"], plainOr(l["node"], "not enrolled"), l["interface"], by, l["expires"]})
	}
	return c.show(f)
}

func explainBoot(c *call) error {
	b, err := c.bootOf(c.args[0])
	if err != nil {
		return err
	}
	node, err := c.get(c.ctx, "/v1/nodes/"+url.PathEscape(c.args[0])+"?fields=name,power_state,provision_state,last_error,maintenance")
	if err != nil {
		return err
	}
	f := findings{single: true, rows: [][]any{nil}}
	put := func(name string, value any) {
		if s := plainOr(value, ""); s != "" {
			f.columns, f.rows[0] = append(f.columns, name), append(f.rows[0], value)
		}
	}
	put("machine", plainOr(b["name"], plain(b["node"])))
	put("power", plainOr(node["power_state"], "unknown"))
	put("state", node["provision_state"])
	put("boot", b["state"])
	put("failed", b["failed"])
	put("last step", lastStep(b))
	put("remark", remarkOf(b, node))
	if validity, err := c.get(c.ctx, "/v1/nodes/"+url.PathEscape(c.args[0])+"/validate"); err == nil {
		said := ""
		for _, kind := range []string{"power", "boot", "deploy", "storage"} {
			report, _ := validity[kind].(map[string]any)
			reason := plainOr(report["reason"], "")
			if report["result"] == false && (said == "" || !strings.Contains(reason, said)) { // they often have one cause
				put(kind+" is not ready", reason)
				said = reason
			}
		}
	}
	return c.show(f)
}

// lastStep is the last step that a boot has done, with the time.
func lastStep(boot map[string]any) (text string) {
	steps, _ := boot["steps"].([]any)
	for _, e := range steps {
		if s, ok := e.(map[string]any); ok && s["state"] == "done" {
			text = plain(s["step"]) + " at " + plain(s["at"])
		}
	}
	return text
}

// watchBoot prints each step when it is done. A failure is an error, and so is a boot that
// ended before the machine was up. A boot that was over already is not watched: the next is.
func watchBoot(c *call) error {
	seconds, _ := c.value("wait").(int)
	deadline := time.Now().Add(time.Duration(seconds) * time.Second)
	printed, began := map[string]bool{}, false
	for after := -1; ; {
		b, err := c.bootOf(c.args[0])
		if err != nil {
			return err
		}
		if err := c.printSteps(b, printed); err != nil {
			return err
		}
		switch b["state"] {
		case "up":
			return nil
		case "failed":
			return fmt.Errorf("%s failed: %s", plainOr(b["failed"], "the boot"), plainOr(b["problem"], "no reason is known"))
		case "running", "stuck":
			began = true
		case "over":
			if !began {
				break
			}
			return fmt.Errorf("the boot of %s ended before it was up", c.args[0])
		}
		if seconds > 0 && time.Now().After(deadline) {
			return fmt.Errorf("%s is not up yet; %s", c.args[0], plainOr(b["problem"], "its boot goes on"))
		}
		if after, err = c.nextEvent(after); err != nil {
			return err
		}
	}
}

func (c *call) printSteps(b map[string]any, printed map[string]bool) error {
	steps, _ := b["steps"].([]any)
	for _, e := range steps {
		s, ok := e.(map[string]any)
		key := plain(s["step"]) + plain(s["at"])
		if !ok || s["state"] != "done" || printed[key] {
			continue
		}
		printed[key] = true
		if _, err := fmt.Fprintln(c.out, plain(s["at"]), "", plain(s["step"]), "", plain(s["detail"])); err != nil {
			return err
		}
	}
	if chore, ok := b["chore"].(string); ok && !printed[chore] {
		printed[chore] = true
		_, err := fmt.Fprintln(c.errs, Harmless(chore))
		return err
	}
	return nil
}

// nextEvent waits for the next event of the node, some seconds at most. It returns the number
// to go on after.
func (c *call) nextEvent(after int) (int, error) {
	q := url.Values{"node": {c.args[0]}}
	if after >= 0 {
		q.Set("after", strconv.Itoa(after))
		q.Set("wait", "5")
	}
	events, err := c.rows("/ironhook/v1/events?" + q.Encode())
	if err != nil {
		return after, err
	}
	for _, e := range events {
		after, _ = strconv.Atoi(plain(e["seq"]))
	}
	return max(after, 0), nil
}

func printScript(c *call) error {
	return c.printText("/ironhook/v1/boots/" + url.PathEscape(c.args[0]) + "/script")
}

// printText prints an answer that is text, without what a terminal would obey.
func (c *call) printText(path string) error {
	response, err := c.send(c.ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(&screen{to: c.out}, response.Body)
	return err
}
