package api

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"ironhook/baremetal"
	"ironhook/store"
)

// updatable are the states of transition in which a node may be changed all the
// same (ironic/common/states.py, UPDATE_ALLOWED_STATES).
var updatable = []baremetal.ProvisionState{
	baremetal.DeployFailed, baremetal.Inspecting, baremetal.InspectFailed, baremetal.InspectWait, baremetal.CleanFailed,
	baremetal.Failed, baremetal.Verifying, baremetal.AdoptFailed, baremetal.RescueFailed, baremetal.UnrescueFailed,
}

// malleable are the states in which interfaces and the resource class may change.
var malleable = []baremetal.ProvisionState{
	baremetal.Enroll, baremetal.Inspecting, baremetal.InspectWait, baremetal.Manageable, baremetal.Available,
}

func malleableList() string {
	list := make([]string, len(malleable))
	for i, s := range malleable {
		list[i] = string(s)
	}
	return strings.Join(list, ", ")
}

func patchNode(c *call) ([]byte, error) {
	if c.args.has("reset_interfaces") && c.minor < 45 {
		return nil, notAcceptable(0)
	}
	ops, err := c.nodeOperations()
	if err != nil {
		return nil, err
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if err := c.mayUpdate(n, ops); err != nil { // now, before waiting for the node's lock
		return nil, err
	}
	err = c.conductor.Edit(c.ctx, n.UUID, func(tx *store.Tx, now *node) error {
		if err := c.mayUpdate(now, ops); err != nil {
			return err
		}
		n = now
		return c.updateNode(tx, n, ops)
	})
	if err != nil {
		return nil, err
	}
	n.Reservation = c.conductor.Host // Ironic's reply shows the lock that the change itself held
	return nodes.show(c, n, nil)
}

// nodeOperations checks a patch as far as it can be without the node.
func (c *call) nodeOperations() ([]operation, error) {
	ops, err := nodes.operations(c)
	if err != nil {
		return nil, err
	}
	driver := false
	for _, op := range ops {
		if op.op == "remove" {
			continue
		}
		driver = driver || op.path == "/driver"
		if s, ok := op.value.(string); ok && op.path == "/description" && utf8.RuneCountInString(s) > 4096 {
			return nil, invalid("Cannot update node with description exceeding 4096 characters")
		}
	}
	if c.args.flag("reset_interfaces") && !driver {
		return nil, invalid("The reset_interfaces parameter can only be used when changing the node's driver.")
	}
	return ops, checkNetworkData(ops)
}

// mayUpdate refuses to change a node on its way between states.
func (c *call) mayUpdate(n *node, ops []operation) error {
	unbind := len(ops) == 1 && ops[0].op == "remove" && ops[0].path == "/instance_uuid"
	switch {
	case n.Maintenance && unbind:
	case n.TargetProvisionState != "" && !slices.Contains(updatable, n.ProvisionState):
		return conflict("Node %s can not be updated while a state transition is in progress.", c.args.text("node_ident"))
	case n.ProvisionState == baremetal.Inspecting && c.minor >= 39:
		return conflict(`Cannot update node "%s" while it is in state "inspecting".`, n.UUID)
	}
	for _, op := range ops {
		if op.path != "/name" || op.op == "remove" {
			continue
		}
		name, _ := op.value.(string)
		refusal := "Node " + c.args.text("node_ident") + ": Cannot change name to invalid name '%s'"
		if op.value == nil {
			return invalid(refusal, "None")
		}
		if err := c.checkNodeName(name, refusal); err != nil {
			return err
		}
	}
	return nil
}

// updateNode applies the operations to an unreserved node and writes it back.
func (c *call) updateNode(tx *store.Tx, n *node, ops []operation) error {
	before := *n
	before.Interfaces = cloneInterfaces(n.Interfaces)
	changed, err := nodes.apply(ops, n)
	if err != nil {
		return err
	}
	n.ConductorGroup = strings.ToLower(n.ConductorGroup)
	if err := checkChassis(tx, n.ChassisUUID); err != nil {
		return err
	}
	if before.ChassisUUID != "" && n.ChassisUUID == "" && c.minor < 25 {
		return notAcceptable(0)
	}
	if n.Driver != before.Driver && n.ConsoleEnabled {
		return conflict("Node %s can not update the driver while the console is enabled. Please stop the console first.", c.args.text("node_ident"))
	}
	if err := checkFlags(n, changed); err != nil {
		return err
	}
	if err := c.updateInterfaces(n, changed); err != nil {
		return err
	}
	if err := checkInstance(tx, &before, n, changed); err != nil {
		return err
	}
	if err := tx.Nodes().Update(n); err != nil {
		return err
	}
	if len(changed) == 0 {
		return nil
	}
	return tell(tx, n, "changed: "+strings.Join(changed, ", "))
}

func cloneInterfaces(in baremetal.Interfaces) baremetal.Interfaces {
	out := make(baremetal.Interfaces, len(in))
	for k, v := range in {
		out[k] = v
	}
	return out
}

// checkFlags holds the rules between maintenance, protected, retired and their
// reasons.
func checkFlags(n *node, changed []string) error {
	has := func(name string) bool { return slices.Contains(changed, name) }
	if has("maintenance") && !n.Maintenance {
		n.MaintenanceReason, n.Fault = "", ""
	}
	switch {
	case has("protected") && !n.Protected:
		n.ProtectedReason = ""
	case has("protected") && n.ProvisionState != baremetal.Active && n.ProvisionState != baremetal.Rescue:
		return conflict("Node %s can only be made protected in provision states 'active' or 'rescue', the current state is '%s'", n.UUID, n.ProvisionState)
	}
	if has("protected_reason") && n.ProtectedReason != "" && !n.Protected {
		return invalid("The protected_reason field can only be set when protected is True")
	}
	switch {
	case has("retired") && !n.Retired:
		n.RetiredReason = ""
	case has("retired") && n.ProvisionState == baremetal.Available:
		return conflict("Node %s can not have 'retired' set in provision state 'available', the current state is '%s'", n.UUID, n.ProvisionState)
	}
	if has("retired_reason") && n.RetiredReason != "" && !n.Retired {
		return invalid("The retired_reason field can only be set when retired is True")
	}
	return nil
}

// updateInterfaces checks new interfaces and finds those that a new driver needs.
func (c *call) updateInterfaces(n *node, changed []string) error {
	driver := slices.Contains(changed, "driver")
	check := driver
	for _, kind := range baremetal.InterfaceKinds {
		field := kind + "_interface"
		if !slices.Contains(changed, field) {
			if driver && c.args.flag("reset_interfaces") {
				delete(n.Interfaces, kind)
			}
			continue
		}
		if !slices.Contains(malleable, n.ProvisionState) && !n.Maintenance {
			return conflict("Node %s can not have %s updated unless it is in one of allowed (%s) states or in maintenance mode.",
				n.UUID, field, malleableList())
		}
		check = true
	}
	if !check && c.conductor.Serves(n) {
		return nil
	}
	return c.conductor.Equip(n)
}

// checkInstance holds the rules of a node that an instance is bound to.
func checkInstance(tx *store.Tx, before, n *node, changed []string) error {
	settled := slices.Contains(malleable, before.ProvisionState)
	instance := slices.Contains(changed, "instance_uuid")
	switch {
	case instance && n.InstanceUUID != "" && before.InstanceUUID != "":
		return conflict("Node %s is associated with instance %s.", n.UUID, before.InstanceUUID)
	case slices.Contains(changed, "resource_class") && before.ResourceClass != "" && !settled:
		return conflict("Node %s can not have resource_class updated unless it is in one of allowed (%s) states.", n.UUID, malleableList())
	case instance && n.InstanceUUID == "" && n.AllocationUUID != "":
		if !n.Maintenance && !settled {
			return conflict("Node %s with an allocation can not have instance_uuid removed unless it is in one of allowed (%s) states or in maintenance mode.",
				n.UUID, malleableList())
		}
		return dropAllocation(tx, n)
	}
	return nil
}

// networkData is the outline of Nova's network_data.json.
var networkData = &schema{anyOf: []*schema{
	{types: []string{"null"}},
	{types: []string{"object"}, closed: true},
	networkDataFull,
}}

var networkDataFull = &schema{types: []string{"object"}, required: []string{"links", "networks", "services"}, props: map[string]*schema{
	"links":    {types: []string{"array"}, items: &schema{types: []string{"object"}, required: []string{"id", "type"}}},
	"networks": {types: []string{"array"}, items: &schema{types: []string{"object"}, required: []string{"id", "link", "type"}}},
	"services": {types: []string{"array"}, items: &schema{types: []string{"object"}, required: []string{"address", "type"}}},
}}

func checkNetworkData(ops []operation) error {
	for _, op := range ops {
		if op.path != "/network_data" || op.op == "remove" {
			continue
		}
		if found := networkDataFull.breaches(op.value, 0, nil); len(found) > 0 {
			return faultf(http.StatusBadRequest, "Invalid network_data: %s ", bestMatch(found).message)
		}
	}
	return nil
}
