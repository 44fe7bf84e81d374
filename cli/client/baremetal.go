package client

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
)

var isUUID = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString
var isMAC = regexp.MustCompile(`(?i)^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$`).MatchString

var (
	extra      = option{name: "extra", kind: pairs, usage: "metadata, as KEY=VALUE (repeatable)"}
	extraKey   = option{name: "extra", kind: words, usage: "remove this key of the metadata (repeatable)"}
	ownUUID    = option{name: "uuid", usage: "its UUID; without one it gets a random one"}
	ofNode     = option{name: "node", kind: aNode, field: "node_uuid", usage: "name or UUID of the node", must: true}
	toNode     = option{name: "node", kind: aNode, field: "node_uuid", usage: "name or UUID of another node"}
	onNode     = option{name: "node", usage: "only those of this node, by name or UUID"}
	properties = option{name: "property", kind: pairs, field: "properties", usage: "a property, as KEY=VALUE (repeatable)"}
	property   = option{name: "property", kind: words, field: "properties", usage: "remove this property (repeatable)"}

	connectorTypes = []string{"iqn", "ip", "mac", "wwnn", "wwpn", "port", "portgroup"}
)

// baremetal is every command of the Bare Metal API.
func baremetal() []verb {
	var all []verb
	for _, r := range append([]resource{nodes()}, others()...) {
		all = append(all, r.verbs()...)
	}
	return slices.Concat(all, nodeStates(), nodeParts(), driverParts())
}

// others are the resources besides nodes.
func others() []resource {
	return []resource{{
		words: "port", path: "/v1/ports", list: "ports", short: "network ports of machines", id: portUUID,
		columns: []string{"uuid", "address"},
		detail: []string{"uuid", "address", "created_at", "extra", "node_uuid", "local_link_connection", "portgroup_uuid",
			"pxe_enabled", "physical_network", "updated_at", "internal_info", "is_smartnic"},
		argument: "address",
		create: []option{ofNode, ownUUID, extra, linkConnection,
			{name: "pxe-enabled", usage: "whether the machine may boot from it", choices: truths},
			portGroup, physicalNetwork, {name: "is-smartnic", kind: yes, usage: "it is a Smart NIC's"},
			portName, portDescription, portVendor, portCategory},
		filter: []option{onNode, {name: "address", usage: "only the one with this MAC address"},
			{name: "port-group", field: "portgroup", usage: "only those of this port group"},
			{name: "description-contains", usage: "only those with these words in the description"}},
		set: []option{toNode, {name: "address", usage: "the MAC address"}, extra, linkConnection, portGroup, physicalNetwork,
			{name: "pxe-enabled", kind: yes, usage: "the machine may boot from it"},
			{name: "pxe-disabled", kind: no, field: "pxe_enabled", usage: "the machine may not boot from it"},
			{name: "is-smartnic", kind: yes, usage: "it is a Smart NIC's"}, portName, portDescription, portVendor, portCategory},
		unset: []option{extraKey, removal("port-group", "portgroup_uuid"), removal("physical-network", ""), removal("is-smartnic", ""),
			removal("name", ""), removal("description", ""), removal("vendor", ""), removal("category", "")},
	}, {
		words: "volume connector", path: "/v1/volume/connectors", list: "connectors", short: "names under which nodes log in to storage",
		columns: []string{"uuid", "node_uuid", "type", "connector_id"},
		detail:  []string{"uuid", "node_uuid", "type", "connector_id", "extra", "created_at", "updated_at"},
		create: []option{ofNode, {name: "type", choices: connectorTypes, must: true, usage: "kind of the name"},
			{name: "connector-id", must: true, usage: "the name, such as an IQN"}, ownUUID, extra},
		filter: []option{onNode},
		set: []option{toNode, {name: "type", choices: connectorTypes, usage: "kind of the name"}, {name: "connector-id", usage: "the name"},
			extra},
		unset: []option{extraKey},
	}, {
		words: "volume target", path: "/v1/volume/targets", list: "targets", short: "volumes of nodes",
		columns: []string{"uuid", "node_uuid", "volume_type", "boot_index", "volume_id"},
		detail:  []string{"uuid", "node_uuid", "volume_type", "properties", "boot_index", "extra", "volume_id", "created_at", "updated_at"},
		create: []option{ofNode, {name: "type", field: "volume_type", must: true, usage: "how it is reached, such as iscsi"}, properties,
			{name: "boot-index", kind: number, must: true, usage: "0 for the volume to boot from"},
			{name: "volume-id", must: true, usage: "which volume"}, ownUUID, extra},
		filter: []option{onNode},
		set: []option{toNode, {name: "type", field: "volume_type", usage: "how it is reached"}, properties,
			{name: "boot-index", kind: number, usage: "0 for the volume to boot from"}, {name: "volume-id", usage: "which volume"}, extra},
		unset: []option{extraKey, property, removal("boot-index", "")},
	}, {
		words: "chassis", path: "/v1/chassis", list: "chassis", short: "chassis", drop: []string{"nodes"},
		columns: []string{"uuid", "description"},
		detail:  []string{"uuid", "description", "created_at", "updated_at", "extra"},
		create:  []option{{name: "description", usage: "what it is"}, extra, ownUUID},
		set:     []option{{name: "description", usage: "what it is"}, extra},
		unset:   []option{removal("description", ""), extraKey},
	}, {
		words: "allocation", path: "/v1/allocations", list: "allocations", short: "allocations of nodes",
		columns: []string{"uuid", "name", "resource_class", "state", "node_uuid"},
		detail: []string{"uuid", "name", "state", "owner", "node_uuid", "last_error", "resource_class", "traits",
			"candidate_nodes", "extra", "created_at", "updated_at"},
		create: []option{{name: "resource-class", usage: "class of the node"},
			{name: "trait", kind: words, field: "traits", usage: "a trait the node must have (repeatable)"},
			{name: "candidate-node", kind: words, field: "candidate_nodes", usage: "a node that may be taken (repeatable)"},
			{name: "name", usage: "unique name"}, ownUUID, {name: "owner", usage: "its owner"}, extra,
			{name: "node", usage: "adopt this node, already in use"}},
		filter: []option{onNode, {name: "resource-class", usage: "only those of this class"}, {name: "state", usage: "only those in this state"},
			{name: "owner", usage: "only those of this owner"}},
		set:   []option{{name: "name", usage: "unique name"}, extra},
		unset: []option{removal("name", ""), extraKey},
	}, {
		words: "runbook", path: "/v1/runbooks", list: "runbooks", short: "runbooks: steps by name",
		columns: []string{"uuid", "name"},
		detail: []string{"uuid", "name", "owner", "public", "steps", "disable_ramdisk", "description", "traits", "extra", "created_at",
			"updated_at"},
		create: append([]option{{name: "name", must: true, usage: "its name, such as CUSTOM_UPDATE"},
			{name: "steps", kind: document, must: true, usage: runbookSteps}, ownUUID}, runbookOptions...),
		set: append([]option{{name: "name", usage: "its name"}, {name: "steps", kind: document, usage: runbookSteps}},
			runbookOptions...),
		unset: []option{removal("owner", ""), removal("description", ""), extraKey},
	}, {
		words: "inspection rule", path: "/v1/inspection_rules", list: "inspection_rules", short: "rules of inspection",
		columns: []string{"uuid", "description", "phase", "priority"},
		detail:  []string{"uuid", "description", "phase", "priority", "sensitive", "conditions", "actions", "created_at", "updated_at"},
		create: append([]option{{name: "actions", kind: document, must: true, usage: ruleActions}, ownUUID,
			{name: "sensitive", kind: yes, usage: "never show its conditions and actions"}}, ruleOptions...),
		set:   append([]option{{name: "actions", kind: document, usage: ruleActions}}, ruleOptions...),
		unset: []option{removal("description", ""), removal("priority", ""), removal("conditions", "")},
	}, {
		words: "conductor", path: "/v1/conductors", list: "conductors", short: "conductors",
		columns: []string{"hostname", "conductor_group", "alive"},
		detail:  []string{"hostname", "conductor_group", "alive", "drivers", "created_at", "updated_at"},
	}, {
		words: "driver", path: "/v1/drivers", list: "drivers", short: "drivers", drop: []string{"properties"}, joined: true, order: "name",
		columns: []string{"name", "hosts"},
		detail: append([]string{"name", "type", "hosts"},
			append(interfaceFields("default_%s_interface"), interfaceFields("enabled_%s_interfaces")...)...),
		filter: []option{{name: "type", usage: "only those of this type", choices: []string{"classic", "dynamic"}}},
	}}
}

var (
	truths          = []string{"True", "False", "true", "false"}
	linkConnection  = option{name: "local-link-connection", kind: pairs, usage: "the switch port it is on, as KEY=VALUE (repeatable)"}
	portGroup       = option{name: "port-group", field: "portgroup_uuid", usage: "UUID of its port group"}
	physicalNetwork = option{name: "physical-network", usage: "name of its physical network"}
	portName        = option{name: "name", usage: "unique name"}
	portDescription = option{name: "description", usage: "what it is"}
	portVendor      = option{name: "vendor", usage: "who made it"}
	portCategory    = option{name: "category", usage: "what it is for"}
)

// The options of runbooks and of inspection rules.
const (
	runbookSteps = "its steps: JSON, a file of it, or -"
	ruleActions  = "what it does: JSON, a file of it, or -"
)

var (
	runbookOptions = []option{{name: "public", kind: yes, usage: "everybody may use it"}, {name: "owner", usage: "its owner"},
		{name: "disable-ramdisk", kind: yes, usage: "its steps need no ramdisk"}, {name: "description", usage: "what it is"}, extra}
	ruleOptions = []option{{name: "conditions", kind: document, usage: "what must hold for it: JSON, a file of it, or -"},
		{name: "description", usage: "what it is"}, {name: "phase", usage: "when it is applied: main"},
		{name: "priority", kind: number, usage: "the highest comes first"}}
)

// removal is an option of unset that removes a whole field.
func removal(name, field string) option {
	return option{name: name, kind: yes, field: field, usage: "remove it"}
}

// nodeUUID is the UUID of a node of that name or UUID.
func (c *call) nodeUUID(ident string) (string, error) {
	if isUUID(ident) {
		return ident, nil
	}
	node, err := c.get(c.ctx, "/v1/nodes/"+url.PathEscape(ident)+"?fields=uuid")
	if err != nil {
		return "", err
	}
	return plain(node["uuid"]), nil
}

// portUUID finds a port by its MAC address, which the API does only in lists.
func portUUID(c *call, typed string) (string, error) {
	if !isMAC(typed) {
		return typed, nil
	}
	found, err := c.pages("/v1/ports", "ports", url.Values{"address": {typed}, "fields": {"uuid"}})
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("there is no port with the address %s", typed)
	}
	return plain(found[0]["uuid"]), nil
}
