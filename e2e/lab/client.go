package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Client speaks the Bare Metal API over HTTP, as any client would.
type Client struct {
	http     *http.Client
	base     string
	user     string
	password string
	version  string
}

// apiVersion is the microversion that a new client asks for: Debian 12's own.
const apiVersion = "1.78"

// NewClient returns a client inside the lab for the API at base.
func NewClient(l *Lab, base, user, password string) *Client {
	transport := &http.Transport{DialContext: l.Dial}
	return &Client{&http.Client{Transport: transport, Timeout: 30 * time.Second}, base, user, password, apiVersion}
}

// At returns the client that asks for another microversion.
func (c *Client) At(version string) *Client {
	other := *c
	other.version = version
	return &other
}

// Do sends a request with in as its JSON body, when not nil, and decodes the
// answer into out, when not nil. An answer of 400 or more is an error with the
// server's words.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	body := new(bytes.Buffer)
	if in != nil {
		if err := json.NewEncoder(body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	req.SetBasicAuth(c.user, c.password)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-OpenStack-Ironic-API-Version", c.version)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(answer))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// Node is what the lab reads of a node.
type Node struct {
	UUID           string  `json:"uuid"`
	Name           string  `json:"name"`
	PowerState     string  `json:"power_state"`
	ProvisionState string  `json:"provision_state"`
	LastError      *string `json:"last_error"`
}

// Node returns the node of that name or UUID.
func (c *Client) Node(ctx context.Context, name string) (Node, error) {
	var n Node
	err := c.Do(ctx, "GET", "/v1/nodes/"+url.PathEscape(name), nil, &n)
	return n, err
}

// object is a JSON object in a request.
type object = map[string]any

// Enroll registers a machine the way an operator would: a node with its BMC, its
// port, and the volume to boot from. It returns the node's UUID; the node is
// then in state "enroll".
func (c *Client) Enroll(ctx context.Context, m *Machine, volume string) (string, error) {
	var n Node
	err := c.Do(ctx, "POST", "/v1/nodes", object{
		"name": m.Name, "driver": "ipmi", "storage_interface": "iscsi",
		"driver_info": m.BMC.DriverInfo(),
		"properties":  object{"capabilities": m.capabilities("iscsi_boot")},
	}, &n)
	if err != nil {
		return "", err
	}
	if err := c.Do(ctx, "POST", "/v1/ports", object{"node_uuid": n.UUID, "address": m.MAC}, nil); err != nil {
		return "", err
	}
	return n.UUID, c.Do(ctx, "POST", "/v1/volume/targets", object{
		"node_uuid": n.UUID, "volume_type": "iscsi", "boot_index": 0, "volume_id": volume,
	}, nil)
}

// capabilities are those that the machine's node declares.
func (m *Machine) capabilities(one string) string {
	if m.SecureBoot != nil {
		return one + ":True,secure_boot:True"
	}
	return one + ":True"
}

// EnrollLoaded registers a machine that has no volume and boots what its instance_info
// names. It returns the node's UUID.
func (c *Client) EnrollLoaded(ctx context.Context, m *Machine, deploy string, info map[string]any) (string, error) {
	var n Node
	err := c.Do(ctx, "POST", "/v1/nodes", object{
		"name": m.Name, "driver": "ipmi", "storage_interface": "noop", "deploy_interface": deploy,
		"driver_info": m.BMC.DriverInfo(), "instance_info": info,
		"properties": object{"capabilities": m.capabilities("nfs_boot")},
	}, &n)
	if err != nil {
		return "", err
	}
	return n.UUID, c.Do(ctx, "POST", "/v1/ports", object{"node_uuid": n.UUID, "address": m.MAC}, nil)
}

// EnrollExternal registers a machine with volumes of another storage, by their properties in
// the order of their boot index. It returns the node's UUID.
func (c *Client) EnrollExternal(ctx context.Context, m *Machine, capability, initiator string, volumes ...map[string]any) (string, error) {
	var n Node
	err := c.Do(ctx, "POST", "/v1/nodes", object{
		"name": m.Name, "driver": "ipmi", "storage_interface": "external", "driver_info": m.BMC.DriverInfo(),
		"properties": object{"capabilities": m.capabilities(capability)},
	}, &n)
	if err == nil {
		err = c.Do(ctx, "POST", "/v1/ports", object{"node_uuid": n.UUID, "address": m.MAC}, nil)
	}
	if err == nil {
		err = c.Do(ctx, "POST", "/v1/volume/connectors", object{"node_uuid": n.UUID, "type": "iqn", "connector_id": initiator}, nil)
	}
	for i, properties := range volumes {
		if err == nil {
			err = c.Do(ctx, "POST", "/v1/volume/targets", object{"node_uuid": n.UUID, "volume_type": "iscsi", "boot_index": i,
				"volume_id": fmt.Sprintf("external-%d", i), "properties": properties}, nil)
		}
	}
	return n.UUID, err
}

// DriverInfo returns what a node of type ipmi needs to know about the BMC.
func (b BMC) DriverInfo() map[string]any {
	return object{
		"ipmi_address": b.Address.String(), "ipmi_username": b.Username,
		"ipmi_password": b.Password, "ipmi_cipher_suite": "3",
	}
}

// Provision asks for a provision verb and waits until the node is in state want.
func (c *Client) Provision(ctx context.Context, node, verb, want string) error {
	if err := c.Do(ctx, "PUT", "/v1/nodes/"+node+"/states/provision", object{"target": verb}, nil); err != nil {
		return err
	}
	return c.await(ctx, node, func(n Node) bool { return n.ProvisionState == want })
}

// Deploy takes a node from "enroll" to "active": its BMC is checked, its volume
// attached, its power switched on.
func (c *Client) Deploy(ctx context.Context, node string) error {
	for _, step := range []struct{ verb, state string }{
		{"manage", "manageable"}, {"provide", "available"}, {"active", "active"},
	} {
		if err := c.Provision(ctx, node, step.verb, step.state); err != nil {
			return err
		}
	}
	return nil
}

// Power asks for a power state ("power on", "power off") and waits until it is so.
func (c *Client) Power(ctx context.Context, node, state string) error {
	if err := c.Do(ctx, "PUT", "/v1/nodes/"+node+"/states/power", object{"target": state}, nil); err != nil {
		return err
	}
	return c.AwaitPower(ctx, node, state)
}

// AwaitPower waits until the node is in the power state that another client requested.
func (c *Client) AwaitPower(ctx context.Context, node, state string) error {
	return c.await(ctx, node, func(n Node) bool { return n.PowerState == state })
}

// await asks for the node until it is as wanted. An error in the node
// ends the wait.
func (c *Client) await(ctx context.Context, node string, wanted func(Node) bool) error {
	for {
		n, err := c.Node(ctx, node)
		switch {
		case err != nil:
			return err
		case n.LastError != nil:
			return fmt.Errorf("node %s (%s, %s): %s", n.Name, n.ProvisionState, n.PowerState, *n.LastError)
		case wanted(n):
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("waiting for node %s (%s, %s): %w", n.Name, n.ProvisionState, n.PowerState, context.Cause(ctx))
		}
	}
}

// Event is one entry of a machine's timeline.
type Event struct {
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	MAC    string    `json:"mac"`
	Kind   string    `json:"kind"`
	Detail string    `json:"detail"`
}

// Events returns a node's events after the one numbered after; without a node,
// everybody's. While there are none it waits for one, for some seconds, and may
// then return none.
func (c *Client) Events(ctx context.Context, node string, after int64) ([]Event, error) {
	query := url.Values{"after": {strconv.FormatInt(after, 10)}, "wait": {"5"}}
	if node != "" {
		query.Set("node", node)
	}
	var events []Event
	err := c.Do(ctx, "GET", "/ironhook/v1/events?"+query.Encode(), nil, &events)
	return events, err
}
