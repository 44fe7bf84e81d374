package api

import (
	"crypto/rand"
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
	token, err := c.agentToken(n)
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

// agentToken gives the ramdisk the secret that its heartbeats must show. It is given
// once, to the first who asks: from then on nobody learns it, here as little as in
// any other reply. When the machine is switched off it is forgotten.
func (c *call) agentToken(n *node) (token string, err error) {
	if c.minor < 62 {
		return "", nil
	}
	err = c.conductor.Edit(c.ctx, n.UUID, func(tx *store.Tx, n *node) error {
		if n.DriverInternalInfo.Text(agentSecret) != "" {
			token = baremetal.Mask
			return nil
		}
		token = rand.Text()
		note(n, agentSecret, token)
		if err := tx.Nodes().Update(n); err != nil {
			return err
		}
		return tell(tx, n, "a ramdisk has looked the node up")
	})
	return token, err
}

// agentSecret is the key of the token in driver_internal_info; it contains a word
// that is masked.
const agentSecret = "agent_secret_token"

func note(n *node, key string, value any) {
	if n.DriverInternalInfo == nil {
		n.DriverInternalInfo = baremetal.Object{}
	}
	n.DriverInternalInfo[key] = value
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

// heartbeat notes that a ramdisk lives, and where. Ironhook has no work for it to do:
// what boots from a volume needs no ramdisk.
func heartbeat(c *call) ([]byte, error) {
	if err := c.checkHeartbeat(); err != nil {
		return nil, err
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if err := c.mayBeat(n); err != nil || !slices.Contains(waiting, n.ProvisionState) {
		return nil, err
	}
	return nil, c.store.Update(c.ctx, func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(n.UUID)
		if err != nil || n.Reservation != "" { // the next one comes soon
			return err
		}
		note(n, "agent_url", c.args.text("callback_url"))
		note(n, "agent_last_heartbeat", tx.Now().UTC().Format("2006-01-02T15:04:05.000000"))
		for _, key := range []string{"agent_version", "agent_verify_ca", "agent_status", "agent_status_message"} {
			if c.args.given(key) {
				note(n, key, c.args.text(key))
			}
		}
		return tx.Nodes().Update(n)
	})
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

// mayBeat proves that it is the ramdisk to which the node's token was given.
func (c *call) mayBeat(n *node) error {
	url, token := n.DriverInternalInfo.Text("agent_url"), n.DriverInternalInfo.Text(agentSecret)
	switch status := c.args.text("agent_status"); {
	case url != "" && url != c.args.text("callback_url"):
		return invalid(`Detected change in ramdisk provided "callback_url"`)
	case !c.args.given("agent_token"):
		return invalid("Agent token is required for heartbeat processing.")
	case status != "" && !slices.Contains([]string{"start", "end", "error"}, status):
		return invalid("Agent status is invalid. Valid states are start,end,error.")
	case !c.args.given("agent_version") && status == "":
		return invalid("Agent did not transmit a version, and a version is required. Please update the agent being used.")
	case token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(c.args.text("agent_token"))) != 1:
		return invalid("Invalid or missing agent token received.")
	}
	return nil
}
