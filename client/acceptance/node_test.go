//go:build acceptance

package acceptance

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"ironhook/client/internal/environment"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/v1/nodes"
	th "github.com/gophercloud/gophercloud/v2/testhelper"
)

// versions are the microversions that the tests run at: the first with volumes, and
// the newest that the server has.
var versions = []string{"1.32", "latest"}

// connect returns a client at a microversion.
func connect(t *testing.T, version string) *gophercloud.ServiceClient {
	t.Helper()
	client, err := environment.Client()
	th.AssertNoErr(t, err)
	client.Microversion = version
	return client
}

// createNode makes a node that is powered off, until the test ends.
func createNode(t *testing.T, client *gophercloud.ServiceClient) string {
	t.Helper()
	node, err := nodes.Create(t.Context(), client, nodes.CreateOpts{Driver: "fake-hardware"}).Extract()
	th.AssertNoErr(t, err)
	t.Cleanup(func() {
		// The context of the test has ended by now.
		th.AssertNoErr(t, nodes.Delete(context.Background(), client, node.UUID).ExtractErr())
	})
	th.AssertNoErr(t, nodes.ChangePowerState(t.Context(), client, node.UUID, nodes.PowerStateOpts{Target: nodes.PowerOff}).ExtractErr())
	th.AssertNoErr(t, gophercloud.WaitFor(t.Context(), func(ctx context.Context) (bool, error) {
		now, err := nodes.Get(ctx, client, node.UUID).Extract()
		return err == nil && now.PowerState == string(nodes.PowerOff) && now.Reservation == "", err
	}))
	return node.UUID
}

// refused fails the test unless the server answered with this status.
func refused(t *testing.T, err error, status int) {
	t.Helper()
	if !gophercloud.ResponseCodeIs(err, status) {
		t.Errorf("%v, want an answer with status %d, %s", err, status, http.StatusText(status))
	}
}

// incomplete fails the test unless the request was not sent for want of this field.
func incomplete(t *testing.T, err error, field string) {
	t.Helper()
	var missing gophercloud.ErrMissingInput
	if !errors.As(err, &missing) || missing.Argument != field {
		t.Errorf("%v, want %s to be missed", err, field)
	}
}
