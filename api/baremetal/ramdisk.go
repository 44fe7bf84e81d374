package baremetalapi

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"slices"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/fleet"
)

// The calls of a ramdisk that runs on a machine, without a password: it looks its node
// up, and sends heartbeats.

var heartbeatArgs = args{nodeArg, rest.Mandatory("callback_url", rest.String), rest.Optional("agent_version", rest.String),
	rest.Optional("agent_token", rest.String), rest.Optional("agent_verify_ca", rest.String), rest.Optional("agent_status", rest.String),
	rest.Optional("agent_status_message", rest.String)}

// maxInventory is the limit of what a ramdisk reports, in bytes. Its logs are the most of it.
const maxInventory = 16 << 20

var ramdiskRoutes = []route{
	{Method: "GET", Path: "/lookup", Since: 22,
		Args:   args{rest.Optional("addresses", rest.Words), rest.Optional("node_uuid", rest.UUID)},
		Handle: lookup, Doc: "Find the node a ramdisk runs on"},
	{Method: "POST", Path: "/heartbeat/{node_ident}", Since: 22, Args: heartbeatArgs, Body: rest.Members, Status: http.StatusAccepted,
		Handle: heartbeat, Doc: "Hear that a ramdisk lives"},
	{Method: "POST", Path: "/continue_inspection", Body: "data", MaxBody: maxInventory, Status: http.StatusAccepted,
		Args:   args{rest.Mandatory("data", anInspection), rest.Optional("node_uuid", rest.UUID)},
		Handle: continueInspection, Doc: "Hear what a ramdisk has found"},
}

// report is the least that a ramdisk must have found.
var (
	report = &rest.Schema{Types: []string{"object"}, Required: []string{"inventory"}, Props: map[string]*rest.Schema{
		"inventory": {Types: []string{"object"}, Required: []string{"interfaces"}, Props: map[string]*rest.Schema{
			"bmc_address": {Types: []string{"string", "null"}}, "bmc_v6address": {Types: []string{"string", "null"}},
			"interfaces": {Types: []string{"array"}, MinItems: 1, Items: &rest.Schema{Types: []string{"object"}, Required: []string{"mac_address"},
				Props: map[string]*rest.Schema{"mac_address": {Types: []string{"string"}}}}}}}}}
	anInspection = rest.Kind{Parse: func(name string, v any) (any, error) { return v, report.Check(name, v) }, Doc: "object"}
)

// continueInspection hears what a ramdisk has found on the machine of a node that waits for it.
func continueInspection(c *call) ([]byte, error) {
	if c.Minor < 84 && (c.Minor != 1 || c.Args.Given("node_uuid")) {
		return nil, rest.Refuse(http.StatusNotFound, "API version 1.84 or newer is required")
	}
	data := rest.AsObject(c.Args["data"])
	found := baremetal.Object(rest.AsObject(data["inventory"]))
	delete(data, "inventory")
	bmcs := []string{found.Text("bmc_address"), found.Text("bmc_v6address")}
	n, err := c.fleet.Inspected(c.Context(), c.Args.Text("node_uuid"), conductor.Addresses(found), bmcs)
	if errors.Is(err, baremetal.ErrNotFound) && c.Args.Text("node_uuid") == "" {
		return c.discovered(found, data)
	}
	if err != nil {
		return nil, err
	}
	if err := c.conductor.Inspected(c.Context(), n.UUID, found, data); err != nil {
		return nil, err
	}
	if c.Minor < 84 {
		return append(rest.AppendString(rest.AppendKey([]byte{'{'}, "uuid"), n.UUID), '}'), nil
	}
	return c.ramdiskView(n, baremetal.Mask)
}

// discovered answers a machine that is no node's that waits.
func (c *call) discovered(found, data baremetal.Object) ([]byte, error) {
	d, err := c.conductor.Discover(c.Context(), found, data, c.sender())
	if err != nil {
		return nil, err
	}
	return append(rest.AppendString(rest.AppendKey([]byte{'{'}, "discovery"), d.UUID), '}'), nil
}

// sender is the address that the request came from.
func (c *call) sender() string {
	from, _, _ := net.SplitHostPort(c.Request.RemoteAddr)
	return from
}

func lookup(c *call) ([]byte, error) {
	addresses := slices.DeleteFunc(c.Args.List("addresses"), func(a string) bool { return !rest.IsMAC(a) })
	uuid := c.Args.Text("node_uuid")
	if len(addresses) == 0 && uuid == "" {
		return nil, rest.Invalid("At least one of 'addresses' and 'node_uuid' parameters is required")
	}
	n, token, err := c.fleet.LookUp(c.Context(), c.rules(), uuid, addresses)
	if err != nil {
		return nil, err
	}
	return c.ramdiskView(n, token)
}

// ramdiskView is the node as its ramdisk sees it.
func (c *call) ramdiskView(n *node, token string) ([]byte, error) {
	shown, err := c.nodes.Shown(c.Call, 0, []string{"uuid", "properties", "instance_info", "driver_internal_info"})
	if err != nil {
		return nil, err
	}
	b := rest.AppendRow(rest.AppendKey([]byte{'{'}, "node"), c.Call, shown, n)
	b = append(b, `,"config":{"metrics":{"backend":"noop","prepend_host":false,"prepend_uuid":false,"prepend_host_reverse":true,`+
		`"global_prefix":null},`+
		`"metrics_statsd":{"statsd_host":"localhost","statsd_port":8125},"heartbeat_timeout":300,"agent_token":`...)
	return append(rest.AppendText(b, token), `,"agent_token_required":true}}`...), nil
}

func heartbeat(c *call) ([]byte, error) {
	if err := c.checkHeartbeat(); err != nil {
		return nil, err
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	h := fleet.Heartbeat{CallbackURL: c.Args.Text("callback_url"), From: c.sender(), Facts: baremetal.Object{}}
	if c.Args.Given("agent_token") {
		token := c.Args.Text("agent_token")
		h.Token = &token
	}
	for _, key := range []string{"agent_version", "agent_verify_ca", "agent_status", "agent_status_message"} {
		if c.Args.Given(key) {
			h.Facts[key] = c.Args.Text(key)
		}
	}
	if err := c.fleet.Beat(c.Context(), n, h); err != nil {
		return nil, err
	}
	if _, waits := n.ProvisionState.Next(baremetal.Resume); !waits {
		return nil, nil
	}
	if h.Facts.Text("agent_status") == "error" {
		words := cmp.Or(h.Facts.Text("agent_status_message"), "The ramdisk has failed and does not say why.")
		return nil, c.conductor.AgentFailed(c.Context(), n.UUID, words)
	}
	return nil, c.conductor.Continue(c.Context(), n.UUID)
}

// checkHeartbeat refuses arguments that are newer than the microversion.
func (c *call) checkHeartbeat() error {
	switch {
	case c.Args.Given("agent_version") && c.Minor < 36:
		return rest.Invalid(`Field "agent_version" not recognised`)
	case (c.Args.Given("agent_status") || c.Args.Given("agent_status_message")) && c.Minor < 72:
		return rest.Invalid(`Fields "agent_status" and "agent_status_message" not recognised.`)
	case c.Args.Given("agent_verify_ca") && c.Minor < 68:
		return rest.Invalid(`Field "agent_verify_ca" not recognised in this version`)
	}
	return nil
}
