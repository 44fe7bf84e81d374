package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// powerTest shows what the BMC of a node says, with the time of each answer. It fails if the
// BMC does.
func powerTest(c *call) error {
	answer, err := c.do(c.ctx, http.MethodPost, "/ironhook/v1/nodes/"+url.PathEscape(c.args[0])+"/power-test", nil)
	if err != nil {
		return err
	}
	body, _ := answer.(map[string]any)
	f := findings{columns: []string{"Question", "Answer", "Seconds"}}
	list, _ := body["probes"].([]any)
	var failed error
	for _, one := range list {
		p, _ := one.(map[string]any)
		said := p["answer"]
		switch {
		case p["skipped"] == true:
			said = "not asked"
		case p["error"] != nil:
			said = "failed"
			failed = errors.New(plain(p["what"]) + ": " + plain(p["error"]))
		}
		f.rows = append(f.rows, []any{p["what"], said, seconds(p["seconds"])})
	}
	return errors.Join(c.show(f), failed)
}

// confirmNodes says of each node that a person has done what its plan waits for.
func confirmNodes(c *call) error {
	return c.each(c.args, func(node string) error {
		_, err := c.do(c.ctx, http.MethodPost, "/ironhook/v1/nodes/"+url.PathEscape(node)+"/confirm", nil)
		return err
	})
}

// showSensors shows what the BMC of a node measures.
func showSensors(c *call) error {
	answer, err := c.get(c.ctx, "/ironhook/v1/nodes/"+url.PathEscape(c.args[0])+"/sensors")
	if err != nil {
		return err
	}
	f := findings{columns: []string{"Sensor", "Value", "Unit", "Health"}}
	list, _ := answer["sensors"].([]any)
	for _, one := range list {
		s, _ := one.(map[string]any)
		f.rows = append(f.rows, []any{s["name"], s["value"], plainOr(s["unit"], ""), plainOr(s["health"], "unknown")})
	}
	return c.show(f)
}

// seconds writes a time to the millisecond.
func seconds(v any) string {
	var s float64
	if _, err := fmt.Sscan(plain(v), &s); err != nil {
		return plain(v)
	}
	return fmt.Sprintf("%.3f", s)
}
