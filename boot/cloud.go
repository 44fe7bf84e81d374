package boot

import (
	"encoding/json"
	"fmt"
	"slices"

	"ironhook/baremetal"
)

// Cloud is the files of a NoCloud data source by their names (cloud-init, "NoCloud"):
// meta-data, user-data and vendor-data. They may have secrets in them.
type Cloud map[string]string

// cloudKeys are the keys of the object form of instance_info.configdrive, by what they
// become. network_data has another format than NoCloud's network-config.
var cloudKeys = map[string]string{"user_data": "user-data", "vendor_data": "vendor-data", "meta_data": ""}

// parseCloud makes the files of the object form of instance_info.configdrive: the keys
// meta_data, user_data and vendor_data, the last two a text or an object. The meta-data
// are those of the object with what cloud-init asks for: the instance's id, its host name
// and its keys under the names that NoCloud has for them.
func parseCloud(n *baremetal.Node) (Cloud, error) {
	drive, ok := n.InstanceInfo["configdrive"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("is no object with meta_data, user_data and vendor_data, the form that can be served to a machine over HTTP")
	}
	meta := baremetal.Object{"instance-id": n.UUID, "local-hostname": n.Label()}
	if n.InstanceUUID != "" {
		meta["instance-id"] = n.InstanceUUID
	}
	files := Cloud{"user-data": "", "vendor-data": ""}
	for key, v := range drive {
		name, known := cloudKeys[key]
		switch {
		case !given(v):
		case !known:
			return nil, fmt.Errorf("has %.40s, which NoCloud cannot express", key)
		case name != "":
			files[name] = text(v)
		default:
			of, isObject := v.(map[string]any)
			if !isObject {
				return nil, fmt.Errorf("has meta_data that are no object")
			}
			addMeta(meta, of)
		}
	}
	files["meta-data"] = text(map[string]any(meta))
	return files, nil
}

// addMeta adds OpenStack's meta_data.json to NoCloud's meta-data: its keys as they are, and
// those that cloud-init reads under other names.
func addMeta(meta, of baremetal.Object) {
	for key, v := range of {
		meta[key] = v
	}
	for from, to := range map[string]string{"uuid": "instance-id", "name": "local-hostname", "hostname": "local-hostname"} {
		if v := of.Text(from); v != "" && (from != "name" || of.Text("hostname") == "") {
			meta[to] = v
		}
	}
	if keys, ok := of["public_keys"].(map[string]any); ok {
		var list []string
		for _, key := range keys {
			list = append(list, fmt.Sprint(key))
		}
		slices.Sort(list)
		meta["public-keys"] = list
	}
}

// text is a text as it is, and anything else as JSON, which is YAML too.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, _ := json.Marshal(v) // a value out of JSON
	return string(b)
}

// seed is the kernel's argument by which cloud-init finds its files under a URL.
// Releases before 23 fetch nothing over HTTP for the newer name nocloud.
func seed(url string) string { return "ds=nocloud-net;s=" + url }

// Line is the kernel's arguments, with the one that makes cloud-init fetch its files under
// the URL, if there are any.
func (l *Load) Line(url string) string {
	if l.Cloud == nil {
		return l.Args
	}
	return l.Args + " " + seed(url)
}
