package client

import (
	"fmt"
	"net/http"
	"net/url"
)

var selOptions = []option{
	{name: "clear", kind: yes, field: "-", usage: "empty it, after it is read: what is shown is no longer in it"},
}

// showSEL shows the event log of a node's BMC.
func showSEL(c *call) error {
	method := http.MethodGet
	if c.has("clear") {
		method = http.MethodDelete
	}
	answer, err := c.do(c.ctx, method, "/ironhook/v1/nodes/"+url.PathEscape(c.args[0])+"/sel", nil)
	if err != nil {
		return err
	}
	body, _ := answer.(map[string]any)
	f := findings{columns: []string{"ID", "Time", "Severity", "Sensor", "Event"}}
	list, _ := body["entries"].([]any)
	for _, one := range list {
		e, _ := one.(map[string]any)
		at := plainOr(e["at"], "")
		if e["uptime"] != nil {
			at = plain(e["uptime"]) + " s after the start of the BMC"
		}
		f.rows = append(f.rows, []any{e["id"], at, plainOr(e["severity"], ""), plainOr(e["sensor"], ""), e["message"]})
	}
	if body["lost"] == true && !c.has("clear") {
		fmt.Fprintln(c.errs, "The log is full, and newer events are not in it: with --clear it takes them again.") //nolint:errcheck // a remark
	}
	return c.show(f)
}
