package client

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const discoveries = "/ironhook/v1/discoveries"

// discoveryVerbs are the commands on machines that the agent has described and that are not
// enrolled.
func discoveryVerbs() []verb {
	return []verb{
		{"list", "List machines that wait to be approved", many, nil, listDiscoveries},
		{"approve <machine>", "Enrol a machine that waits, by its UUID or MAC, and make it available", nothing, []option{
			{name: "name", usage: "name of its node"},
			{name: "driver", usage: "its driver; without one somebody presses its button (manual-management)"},
			{name: "driver-info", field: "driver_info", kind: pairs, usage: "KEY=VALUE for the driver (repeatable)"},
			{name: "storage-interface", field: "storage_interface", usage: "its storage interface"},
		}, approveDiscovery},
		{"delete <machine>...", "Forget machines that wait; they are back when they boot again", nothing, nil, func(c *call) error {
			return c.each(c.args, func(name string) error {
				if _, err := c.do(c.ctx, http.MethodDelete, discoveries+"/"+url.PathEscape(name), nil); err != nil {
					return fmt.Errorf("failed to forget machine %s: %w", name, err)
				}
				return nil
			})
		}},
	}
}

func listDiscoveries(c *call) error {
	answer, err := c.get(c.ctx, discoveries)
	if err != nil {
		return err
	}
	f := findings{columns: []string{"UUID", "MAC", "Machine", "Memory MiB", "Disks", "BMC", "From", "Found"}}
	list, _ := answer["discoveries"].([]any)
	for _, d := range list {
		d, _ := d.(map[string]any)
		inventory, _ := d["inventory"].(map[string]any)
		part := func(key string) map[string]any { o, _ := inventory[key].(map[string]any); return o }
		disks, _ := inventory["disks"].([]any)
		vendor := part("system_vendor")
		f.rows = append(f.rows, []any{d["uuid"], d["mac"],
			strings.TrimSpace(plainOr(vendor["manufacturer"], "") + " " + plainOr(vendor["product_name"], "")),
			part("memory")["physical_mb"], len(disks), plainOr(inventory["bmc_address"], ""), d["from"], d["found"]})
	}
	return c.show(f)
}

func approveDiscovery(c *call) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	answer, err := c.do(c.ctx, http.MethodPost, discoveries+"/"+url.PathEscape(c.args[0])+"/approve", body)
	if err != nil {
		return err
	}
	node, _ := answer.(map[string]any)
	_, err = fmt.Fprintln(c.out, plain(node["node"]))
	return err
}

// printAgentLog prints what the agent on a machine has said.
func printAgentLog(c *call) error {
	return c.printText("/ironhook/v1/nodes/" + url.PathEscape(c.args[0]) + "/agent-log")
}
