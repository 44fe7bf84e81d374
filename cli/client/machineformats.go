package client

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

func machinesOfJSON(b []byte) (chassis, nodes []map[string]any, err error) {
	var file machineFile
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, nil, fmt.Errorf("want {\"nodes\": [...]}: %w", err)
	}
	return file.Chassis, file.Nodes, nil
}

// isYAML reports whether a file that is not JSON is YAML: the key of the machines begins a
// line, as it never does in CSV.
var isYAML = regexp.MustCompile(`(?m)^(---|nodes:)[ \t]*(#.*)?\r?$`).Match

// machinesOfYAML reads YAML as the JSON that it stands for. A value like 0x1f or yes is what
// YAML 1.2 says, and a MAC address is text.
func machinesOfYAML(b []byte) (chassis, nodes []map[string]any, err error) {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var file map[string]any
	if err := d.Decode(&file); err != nil {
		return nil, nil, fmt.Errorf("YAML: %w", err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("YAML: one document is wanted, and there are several")
	}
	text, err := json.Marshal(file)
	if err != nil {
		return nil, nil, fmt.Errorf("YAML: %w", err)
	}
	return machinesOfJSON(text)
}

// machinesOfCSV reads the short form. Its machines boot over iSCSI from volumes of ours.
func machinesOfCSV(b []byte) (list []map[string]any, err error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.TrimLeadingSpace, r.Comment = true, '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Contains(rows[0], "name") || !slices.Contains(rows[0], "mac") {
		return nil, errors.New("the first line must name the columns, name and mac among them")
	}
	for _, row := range rows[1:] {
		n := map[string]any{"driver": "manual-management", "storage_interface": "iscsi",
			"properties": map[string]any{"capabilities": "iscsi_boot:True"}}
		info := map[string]any{}
		for i, cell := range row {
			switch column := rows[0][i]; {
			case cell == "":
			case column == "mac":
				var ports []any
				for _, mac := range strings.Fields(cell) {
					ports = append(ports, map[string]any{"address": strings.ToLower(strings.ReplaceAll(mac, "-", ":"))})
				}
				n["ports"] = ports
			case column == "image":
				n["instance_info"] = map[string]any{"image_source": cell}
			case column == "volume":
				n["volume_targets"] = []any{map[string]any{"volume_type": "iscsi", "boot_index": json.Number("0"), "volume_id": cell}}
			case slices.Contains([]string{"name", "driver", "description", "resource_class", "owner"}, column):
				n[column] = cell
			default:
				info[column] = cell
			}
		}
		if len(info) > 0 {
			n["driver_info"] = info
		}
		list = append(list, n)
	}
	return list, nil
}
