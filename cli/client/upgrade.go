package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

// upgradeVerb sends an upgrade to an appliance that runs from a stick.
var upgradeVerb = verb{"upgrade <file>", "Upgrade an appliance that runs from a stick; it starts again with the new version", nothing, nil,
	func(c *call) error {
		f, err := os.Open(c.args[0])
		if err != nil {
			return misuse("%w", err)
		}
		defer f.Close() //nolint:errcheck // only read
		answer, err := c.send(c.ctx, http.MethodPost, "/ironhook/v1/stick/upgrade", http.Header{"Content-Type": {"application/octet-stream"}}, f)
		if err != nil {
			return err
		}
		defer answer.Body.Close() //nolint:errcheck // only read
		var made struct{ Version, Status string }
		if err := json.NewDecoder(answer.Body).Decode(&made); err != nil {
			return fmt.Errorf("answer of the stick: %w", err)
		}
		_, err = fmt.Fprintf(c.out, "%s: %s\n", made.Version, made.Status)
		return err
	}}
