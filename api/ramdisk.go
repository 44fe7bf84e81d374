package api

import (
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/fleet"
)

// What a ramdisk that runs on a machine calls, without a password: it asks which
// node it is, and says that it lives.

var heartbeatArgs = []argument{nodeArg, mandatory("callback_url", aString), optional("agent_version", aString), optional("agent_token", aString),
	optional("agent_verify_ca", aString), optional("agent_status", aString), optional("agent_status_message", aString)}

var ramdiskRoutes = []route{
	{method: "GET", path: "/lookup", since: 22, args: []argument{optional("addresses", aList), optional("node_uuid", aUUID)}, handle: lookup, doc: "Find the node a ramdisk runs on"},
	{method: "POST", path: "/heartbeat/{node_ident}", since: 22, args: heartbeatArgs, body: "*", status: http.StatusAccepted, handle: heartbeat, doc: "Hear that a ramdisk lives"},
}

func lookup(c *call) ([]byte, error) {
	addresses := slices.DeleteFunc(c.args.list("addresses"), func(a string) bool { return !macForm.MatchString(a) })
	uuid := c.args.text("node_uuid")
	if len(addresses) == 0 && uuid == "" {
		return nil, invalid("At least one of 'addresses' and 'node_uuid' parameters is required")
	}
	n, token, err := c.fleet.LookUp(c.ctx, c.rules(), uuid, addresses)
	if err != nil {
		return nil, err
	}
	shown, err := nodes.shown(c, 0, []string{"uuid", "properties", "instance_info", "driver_internal_info"})
	if err != nil {
		return nil, err
	}
	b := appendRow(appendKey([]byte{'{'}, "node"), c, shown, n)
	b = append(b, `,"config":{"metrics":{"backend":"noop","prepend_host":false,"prepend_uuid":false,"prepend_host_reverse":true,"global_prefix":null},`+
		`"metrics_statsd":{"statsd_host":"localhost","statsd_port":8125},"heartbeat_timeout":300,"agent_token":`...)
	return append(appendText(b, token), `,"agent_token_required":true}}`...), nil
}

func heartbeat(c *call) ([]byte, error) {
	if err := c.checkHeartbeat(); err != nil {
		return nil, err
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	h := fleet.Heartbeat{CallbackURL: c.args.text("callback_url"), Facts: baremetal.Object{}}
	if c.args.given("agent_token") {
		token := c.args.text("agent_token")
		h.Token = &token
	}
	for _, key := range []string{"agent_version", "agent_verify_ca", "agent_status", "agent_status_message"} {
		if c.args.given(key) {
			h.Facts[key] = c.args.text(key)
		}
	}
	return nil, c.fleet.Beat(c.ctx, n, h)
}

// checkHeartbeat refuses arguments that are newer than the microversion.
func (c *call) checkHeartbeat() error {
	switch {
	case c.args.given("agent_version") && c.minor < 36:
		return invalid(`Field "agent_version" not recognised`)
	case (c.args.given("agent_status") || c.args.given("agent_status_message")) && c.minor < 72:
		return invalid(`Fields "agent_status" and "agent_status_message" not recognised.`)
	case c.args.given("agent_verify_ca") && c.minor < 68:
		return invalid(`Field "agent_verify_ca" not recognised in this version`)
	}
	return nil
}
