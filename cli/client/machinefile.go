package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"ironhook/internal/python"
)

// readMachines reads a file of machines, by name, and of their chassis. short is its short
// form, CSV.
func readMachines(path string, in io.Reader) (chassis []map[string]any, nodes map[string]map[string]any, short bool, err error) {
	b, err := readFile(path, in)
	if err != nil {
		return nil, nil, false, misuse("%w", err)
	}
	var list []map[string]any
	b = unmarked(b)
	switch trimmed := bytes.TrimSpace(b); {
	case len(trimmed) > 0 && trimmed[0] == '{':
		chassis, list, err = machinesOfJSON(trimmed)
	case isYAML(b):
		chassis, list, err = machinesOfYAML(b)
	default:
		short = true
		list, err = machinesOfCSV(b)
	}
	if err != nil {
		return nil, nil, false, misuse("%s: %w", path, err)
	}
	nodes = map[string]map[string]any{}
	for i, n := range list {
		name := plainOr(n["name"], plainOr(n["uuid"], ""))
		switch {
		case name == "":
			return nil, nil, false, misuse("%s: machine %d has no name", path, i+1)
		case nodes[name] != nil:
			return nil, nil, false, misuse("%s: %s stands twice", path, name)
		}
		if err := errors.Join(checkLists(n), checkAddresses(n)); err != nil {
			return nil, nil, false, misuse("%s: %s: %w", path, name, err)
		}
		nodes[name] = n
	}
	if len(nodes) == 0 {
		return nil, nil, false, misuse("%s: there are no machines in it", path)
	}
	return chassis, nodes, short, nil
}

// checkLists refuses a machine whose parts are no lists: they would be passed over.
func checkLists(node map[string]any) error {
	keys := []string{"traits"}
	for _, part := range below {
		keys = append(keys, part.key)
	}
	for _, key := range keys {
		if _, ok := node[key].([]any); !ok && node[key] != nil {
			return fmt.Errorf("%s must be a list, not %s", key, python.Repr(node[key]))
		}
	}
	return nil
}

// checkAddresses refuses a machine with a MAC address that is none, before a part of it is made.
func checkAddresses(node map[string]any) error {
	ports, _ := node["ports"].([]any)
	for _, p := range ports {
		port, _ := p.(map[string]any)
		address := plainOr(port["address"], "")
		if mac, err := net.ParseMAC(address); err != nil || len(mac) != 6 {
			return fmt.Errorf("%q is no MAC address; want one like 52:54:00:12:34:56", address)
		}
	}
	return nil
}

// checkColumns refuses keys that the driver does not read: in the short form they are columns that
// were misspelled. What a driver that the server does not have reads is not known.
func (c *call) checkColumns(nodes map[string]map[string]any) error {
	reads := map[string]map[string]any{}
	for _, name := range slices.SortedFunc(maps.Keys(nodes), natural) {
		driver := plainOr(nodes[name]["driver"], "")
		info, _ := nodes[name]["driver_info"].(map[string]any)
		if driver == "" || len(info) == 0 {
			continue
		}
		if _, asked := reads[driver]; !asked {
			answer, err := c.get(c.ctx, "/v1/drivers/"+url.PathEscape(driver)+"/properties")
			if refused := (*refusal)(nil); err != nil && !errors.As(err, &refused) {
				return err
			}
			reads[driver] = answer
		}
		for key := range info {
			if _, known := reads[driver][key]; !known && len(reads[driver]) > 0 {
				return fmt.Errorf("%s: the driver %s reads no %s; it reads %s", name, driver, key,
					strings.Join(slices.Sorted(maps.Keys(reads[driver])), ", "))
			}
		}
	}
	return nil
}

// readFile reads a file, or the standard input for -.
func readFile(path string, in io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(in, maxAnswer))
	}
	return os.ReadFile(path)
}
