package fleet

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// agentSecret is the key of the token in driver_internal_info. The masks recognise it.
const agentSecret = "agent_secret_token"

// agentLooked is the key of the time at which the token was given.
const agentLooked = "agent_looked_up_at"

// ForgetAgent drops the reports and the token of a ramdisk, which has ended with the
// machine's power.
func ForgetAgent(n *baremetal.Node) {
	for _, key := range []string{"agent_url", baremetal.AgentFrom, agentSecret, agentLooked, "agent_verify_ca"} {
		delete(n.DriverInternalInfo, key)
	}
}

// LookUp returns the node that a ramdisk runs on, by UUID or by the addresses of its ports,
// and the token that its heartbeats must carry, "" if the rules have none. The error is
// ErrNotFound also for a node that waits for no ramdisk.
func (f *Fleet) LookUp(ctx context.Context, r Rules, uuid string, addresses []string) (n *baremetal.Node, token string, err error) {
	err = f.store.View(ctx, func(tx *store.Tx) error {
		n, err = findMachine(tx, uuid, addresses)
		return err
	})
	if err != nil && !errors.Is(err, baremetal.ErrNotFound) {
		return nil, "", err
	}
	if err != nil || !waiting.has(n.ProvisionState) {
		return nil, "", baremetal.Errorf(baremetal.ErrNotFound, "Resource could not be found.")
	}
	if r.AgentToken {
		token, err = f.agentToken(ctx, n.UUID)
	}
	return n, token, err
}

func findMachine(tx *store.Tx, uuid string, addresses []string) (*baremetal.Node, error) {
	if uuid != "" {
		return tx.Nodes().Get(uuid)
	}
	found, err := tx.Ports().List(store.Query{Filters: []store.Filter{{Column: "address", Match: store.In, Value: addresses}}})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || slices.ContainsFunc(found, func(p *baremetal.Port) bool { return p.NodeUUID != found[0].NodeUUID }) {
		return nil, baremetal.Errorf(baremetal.ErrNotFound, "Node with port addresses %s was not found.", strings.Join(addresses, ", "))
	}
	return tx.Nodes().Get(found[0].NodeUUID)
}

// Inspected returns the node that waits for the report of a ramdisk: by its UUID, the addresses of
// its ports, or those of its BMC. Others are not found, whatever they are.
func (f *Fleet) Inspected(ctx context.Context, uuid string, macs, bmcs []string) (n *baremetal.Node, err error) {
	err = f.store.View(ctx, func(tx *store.Tx) error {
		if n, err = findMachine(tx, uuid, macs); err == nil || uuid != "" || !errors.Is(err, baremetal.ErrNotFound) {
			return err
		}
		waiting, err := tx.Nodes().List(store.Where("provision_state", string(baremetal.InspectWait)))
		waiting = slices.DeleteFunc(waiting, func(n *baremetal.Node) bool {
			return !slices.ContainsFunc(bmcs, func(a string) bool { return a != "" && managedAt(n, a) })
		})
		if err == nil && len(waiting) == 1 {
			n = waiting[0]
		}
		return err
	})
	if err != nil && !errors.Is(err, baremetal.ErrNotFound) {
		return nil, err
	}
	if err != nil || n == nil || n.ProvisionState != baremetal.InspectWait {
		return nil, baremetal.Errorf(baremetal.ErrNotFound, "Resource could not be found.")
	}
	return n, nil
}

// managedAt reports whether the address is that of the node's BMC.
func managedAt(n *baremetal.Node, address string) bool {
	if n.DriverInfo.Text("ipmi_address") == address {
		return true
	}
	at := n.DriverInfo.Text("redfish_address")
	if !strings.Contains(at, "://") {
		at = "https://" + at
	}
	u, err := url.Parse(at)
	return err == nil && u.Hostname() == address
}

// agentToken makes the token that the ramdisk's heartbeats must carry. It is returned once,
// to the first request; later ones get a mask until the machine is switched off or starts anew.
func (f *Fleet) agentToken(ctx context.Context, node string) (token string, err error) {
	err = f.edit(ctx, node, func(tx *store.Tx, n *baremetal.Node) error {
		given, err := holdsToken(tx, n)
		if err != nil || given {
			token = baremetal.Mask
			return err
		}
		token = rand.Text()
		note(n, baremetal.Object{agentSecret: token, agentLooked: tx.Now().UTC().Format(time.RFC3339Nano)})
		return save(tx, n, "a ramdisk has looked the node up")
	})
	return token, err
}

// holdsToken reports whether a ramdisk that runs may have the node's token. A ramdisk that has not
// reported is gone once the machine has asked for its script: it looked the node up while the machine
// was being switched off, and would leave the next one without a token.
func holdsToken(tx *store.Tx, n *baremetal.Node) (bool, error) {
	if n.DriverInternalInfo.Text(agentSecret) == "" {
		return false, nil
	}
	at, err := time.Parse(time.RFC3339Nano, n.DriverInternalInfo.Text(agentLooked))
	if err != nil || n.DriverInternalInfo.Text("agent_url") != "" { // no time: a version before this one gave it
		return true, nil
	}
	since, err := tx.Events(store.EventQuery{Node: n.UUID, Kinds: []baremetal.EventKind{baremetal.EventScript}, Since: at, Limit: 1})
	return len(since) == 0, err
}

func note(n *baremetal.Node, facts baremetal.Object) {
	if n.DriverInternalInfo == nil {
		n.DriverInternalInfo = baremetal.Object{}
	}
	maps.Copy(n.DriverInternalInfo, facts)
}

// Heartbeat is a heartbeat of a ramdisk.
type Heartbeat struct {
	CallbackURL string
	From        string           // address of its sender
	Token       *string          // nil if absent
	Facts       baremetal.Object // those that it reports of agent_version, agent_verify_ca, agent_status, agent_status_message
}

// Beat records the heartbeat of the ramdisk on a node; n is the node as the caller has read
// it. Ironhook has no work for a ramdisk: a machine that boots from a volume needs none.
func (f *Fleet) Beat(ctx context.Context, n *baremetal.Node, h Heartbeat) error {
	if err := mayBeat(n, h); err != nil || !waiting.has(n.ProvisionState) {
		return err
	}
	return f.store.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(n.UUID)
		if err != nil || n.Reservation != "" { // the next heartbeat comes soon
			return err
		}
		note(n, h.Facts)
		note(n, baremetal.Object{"agent_url": h.CallbackURL, baremetal.AgentFrom: h.From,
			"agent_last_heartbeat": tx.Now().UTC().Format("2006-01-02T15:04:05.000000")})
		return tx.Nodes().Update(n)
	})
}

// mayBeat checks that the heartbeat carries the node's token.
func mayBeat(n *baremetal.Node, h Heartbeat) error {
	url, token := n.DriverInternalInfo.Text("agent_url"), n.DriverInternalInfo.Text(agentSecret)
	switch status := h.Facts.Text("agent_status"); {
	case url != "" && url != h.CallbackURL:
		return invalid(`Detected change in ramdisk provided "callback_url"`)
	case h.Token == nil:
		return invalid("Agent token is required for heartbeat processing.")
	case status != "" && !slices.Contains([]string{"start", "end", "error"}, status):
		return invalid("Agent status is invalid. Valid states are start,end,error.")
	case h.Facts["agent_version"] == nil && status == "":
		return invalid("Agent did not transmit a version, and a version is required. Please update the agent being used.")
	case token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(*h.Token)) != 1:
		return invalid("Invalid or missing agent token received.")
	}
	return nil
}
