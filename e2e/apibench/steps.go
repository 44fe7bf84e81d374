package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// create makes a node and returns its UUID.
func create(ctx context.Context, c *client) (string, error) {
	body, err := c.send(ctx, postNode(c.server, 0))
	if err != nil {
		return "", err
	}
	var made struct{ UUID string }
	err = json.Unmarshal(body, &made)
	return made.UUID, err
}

func createAndDelete(ctx context.Context, c *client, _ int64) error {
	node, err := create(ctx, c)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, request{"DELETE", "/v1/nodes/" + node, ""})
	return err
}

// deploy takes a new node to active, as a client would.
func deploy(ctx context.Context, c *client, _ int64) error {
	node, err := create(ctx, c)
	if err != nil {
		return err
	}
	for _, step := range []struct{ verb, state string }{{"manage", "manageable"}, {"provide", "available"}, {"active", "active"}} {
		if err := provision(ctx, c, node, step.verb, step.state); err != nil {
			return err
		}
	}
	return nil
}

// provision asks for a provision verb and then for the node until it is in that state.
func provision(ctx context.Context, c *client, node, verb, state string) error {
	if _, err := c.send(ctx, request{"PUT", "/v1/nodes/" + node + "/states/provision", fmt.Sprintf(`{"target":%q}`, verb)}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		body, err := c.send(ctx, request{"GET", "/v1/nodes/" + node + "?fields=provision_state,last_error", ""})
		if err != nil {
			return err
		}
		var n struct {
			State string  `json:"provision_state"`
			Error *string `json:"last_error"`
		}
		if err := json.Unmarshal(body, &n); err != nil {
			return err
		}
		if n.Error != nil {
			return fmt.Errorf("%s node %s: %s", verb, node, *n.Error)
		}
		if n.State == state {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s node %s: still %s: %w", verb, node, n.State, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}
