package api

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// What a ramdisk that runs on a machine calls, without a password: it asks which
// node it is, and says that it lives.

var heartbeatArgs = []argument{nodeArg, mandatory("callback_url", aString), optional("agent_version", aString), optional("agent_token", aString),
	optional("agent_verify_ca", aString), optional("agent_status", aString), optional("agent_status_message", aString)}

var ramdiskRoutes = []route{
	{method: "GET", path: "/lookup", since: 22, args: []argument{optional("addresses", aList), optional("node_uuid", aUUID)}, handle: lookup, doc: "Find the node a ramdisk runs on"},
	{method: "POST", path: "/heartbeat/{node_ident}", since: 22, args: heartbeatArgs, body: "*", status: http.StatusAccepted, handle: heartbeat, doc: "Hear that a ramdisk lives"},
}

// waiting are the states in which a machine may run a ramdisk of ours.
var waiting = []baremetal.ProvisionState{baremetal.Deploying, baremetal.DeployWait, baremetal.Cleaning, baremetal.CleanWait,
	baremetal.Inspecting, baremetal.InspectWait, baremetal.Rescuing, baremetal.RescueWait}

func lookup(c *call) ([]byte, error) {
	addresses := slices.DeleteFunc(c.args.list("addresses"), func(a string) bool { return !macForm.MatchString(a) })
	uuid := c.args.text("node_uuid")
	if len(addresses) == 0 && uuid == "" {
		return nil, invalid("At least one of 'addresses' and 'node_uuid' parameters is required")
	}
	var n *node
	err := c.store.View(c.ctx, func(tx *store.Tx) (err error) {
		n, err = findMachine(tx, uuid, addresses)
		return err
	})
	if err != nil && !isKind(err, baremetal.ErrNotFound) {
		return nil, err
	}
	// Nobody learns whether a node exists that waits for no ramdisk.
	if err != nil || !slices.Contains(waiting, n.ProvisionState) {
		return nil, notFound()
	}
	shown, err := nodes.shown(c, 0, []string{"uuid", "properties", "instance_info", "driver_internal_info"})
	if err != nil {
		return nil, err
	}
	b := appendRow(appendKey([]byte{'{'}, "node"), c, shown, n)
	return append(b, `,"config":{"metrics":{"backend":"noop","prepend_host":false,"prepend_uuid":false,"prepend_host_reverse":true,"global_prefix":null},`+
		`"metrics_statsd":{"statsd_host":"localhost","statsd_port":8125},"heartbeat_timeout":300,"agent_token":null,"agent_token_required":true}}`...), nil
}

func findMachine(tx *store.Tx, uuid string, addresses []string) (*node, error) {
	if uuid != "" {
		return tx.Nodes().Get(uuid)
	}
	found, err := tx.Ports().List(store.Query{Filters: []store.Filter{{Column: "address", Match: store.In, Value: addresses}}})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || slices.ContainsFunc(found, func(p *port) bool { return p.NodeUUID != found[0].NodeUUID }) {
		return nil, baremetal.Errorf(baremetal.ErrNotFound, "Node with port addresses %s was not found.", strings.Join(addresses, ", "))
	}
	return tx.Nodes().Get(found[0].NodeUUID)
}

// heartbeat accepts nothing without the token that a ramdisk was started with.
// Ironhook starts none, so no node has one, and no call ever passes.
func heartbeat(c *call) ([]byte, error) {
	switch {
	case c.args.given("agent_version") && c.minor < 36:
		return nil, invalid(`Field "agent_version" not recognised`)
	case (c.args.given("agent_status") || c.args.given("agent_status_message")) && c.minor < 72:
		return nil, invalid(`Fields "agent_status" and "agent_status_message" not recognised.`)
	case c.args.given("agent_verify_ca") && c.minor < 68:
		return nil, invalid(`Field "agent_verify_ca" not recognised in this version`)
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if !c.args.given("agent_token") {
		return nil, invalid("Agent token is required for heartbeat processing.")
	}
	if s := c.args.text("agent_status"); s != "" && !slices.Contains([]string{"start", "end", "error"}, s) {
		return nil, invalid("Agent status is invalid. Valid states are start,end,error.")
	}
	token := n.DriverInternalInfo.Text("agent_secret_token")
	if token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(c.args.text("agent_token"))) != 1 {
		return nil, invalid("Invalid or missing agent token received.")
	}
	return nil, nil
}
