package boot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ironhook/e2e/lab"
)

// httpOperator speaks the API itself.
type httpOperator struct{ client *lab.Client }

func (o httpOperator) enroll(t *testing.T, m *lab.Machine, volume string) string {
	t.Helper()
	node, err := o.client.Enroll(t.Context(), m, volume)
	must(t, "enroll", err)
	return node
}

func (o httpOperator) deploy(t *testing.T, node string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	must(t, "deploy", o.client.Deploy(ctx, node))
}

func (o httpOperator) power(t *testing.T, node, state string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	must(t, "power "+state, o.client.Power(ctx, node, "power "+state))
}

// openstack is Debian's unmodified client, python3-ironicclient.
type openstack struct {
	room *room
	env  []string
}

func newOpenstack(r *room) openstack {
	return openstack{r, []string{
		"OS_AUTH_TYPE=http_basic", "OS_ENDPOINT=http://" + lab.Address + ":6385",
		"OS_USERNAME=admin", "OS_PASSWORD=" + r.app.Password,
	}}
}

// run runs `openstack baremetal ...` and returns what it prints.
func (o openstack) run(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	args = append([]string{"baremetal"}, args...)
	out, err := o.room.Output(ctx, o.env, "/usr/bin/openstack", args...)
	must(t, "openstack (packages python3-openstackclient, python3-ironicclient)", err)
	return strings.TrimSpace(out)
}

var uuidOnly = []string{"-f", "value", "-c", "uuid"}

func (o openstack) enroll(t *testing.T, m *lab.Machine, volume string) string {
	t.Helper()
	create := []string{"node", "create", "--name", m.Name, "--driver", "ipmi", "--storage-interface", "iscsi",
		"--property", "capabilities=iscsi_boot:True"}
	for key, value := range m.BMC.DriverInfo() {
		create = append(create, "--driver-info", fmt.Sprintf("%s=%s", key, value))
	}
	node := o.run(t, slices.Concat(create, uuidOnly)...)
	o.run(t, "port", "create", "--node", node, m.MAC)
	o.run(t, "volume", "connector", "create", "--node", node, "--type", "iqn", "--connector-id", "iqn.2026-01.test.lab:"+m.Name)
	o.run(t, "volume", "target", "create", "--node", node, "--type", "iscsi", "--boot-index", "0", "--volume-id", volume)
	return node
}

func (o openstack) deploy(t *testing.T, node string) {
	t.Helper()
	o.run(t, "node", "manage", "--wait", "60", node)
	o.run(t, "node", "provide", "--wait", "60", node)
	o.run(t, "node", "deploy", "--wait", "120", node)
	if got := o.run(t, "node", "show", node, "-f", "value", "-c", "provision_state"); got != "active" {
		t.Errorf("provision_state after deploy = %q, want active", got)
	}
}

func (o openstack) power(t *testing.T, node, state string) {
	t.Helper()
	o.run(t, "node", "power", state, node)
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	must(t, "power "+state, o.room.client.AwaitPower(ctx, node, "power "+state))
}
