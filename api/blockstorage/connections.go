package blockstorage

import (
	"maps"
	"net/http"
	"regexp"
	"unicode/utf8"

	"ironhook/baremetal"
	"ironhook/storage/pool"
)

// The older way to attach, by actions of the volume, which Ironic takes.

func reserve(c *call, _ values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.Reserve(c.r.Context(), c.arg("id"))
}

func unreserve(c *call, _ values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.Unreserve(c.r.Context(), c.arg("id"))
}

func beginDetaching(c *call, _ values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.BeginDetaching(c.r.Context(), c.arg("id"))
}

func rollDetaching(c *call, _ values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.RollDetaching(c.r.Context(), c.arg("id"))
}

func attach(c *call, in values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.AttachHost(c.r.Context(), c.arg("id"), pool.Host{
		Instance: value[string](in, "instance_uuid"), Name: value[string](in, "host_name"), Mountpoint: value[string](in, "mountpoint"),
		Mode: value[string](in, "mode")})
}

func detach(c *call, in values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.DetachHost(c.r.Context(), c.arg("id"), value[string](in, "attachment_id"))
}

func forceDetach(c *call, in values) (int, any, error) {
	if _, _, err := terminateConnection(c, in); err != nil {
		return 0, nil, err
	}
	return detach(c, in)
}

// connector is what a host says of itself, as far as iSCSI needs it.
type connector struct {
	Initiator  string
	Host       string
	Mountpoint string
	Mode       string
	Multipath  bool
	Enforce    bool `json:"enforce_multipath"`
}

// iqn is a name that may log in (RFC 7143 section 4.2.7).
var iqn = regexp.MustCompile(`^(iqn\.|eui\.|naa\.)[A-Za-z0-9:.-]{1,219}$`)

// readConnector reads the connector of a body; it must name an initiator.
func readConnector(in values) (k connector, err error) {
	if err := decode(value[map[string]any](in, "connector"), &k); err != nil {
		return k, err
	}
	switch {
	case !iqn.MatchString(k.Initiator):
		return k, baremetal.Errorf(baremetal.ErrInvalid,
			"Connector doesn't have required information: its initiator %.64q is not an iSCSI name; volumes are reached by iSCSI only.", k.Initiator)
	case utf8.RuneCountInString(k.Host) > maxText || utf8.RuneCountInString(k.Mountpoint) > maxText:
		return k, baremetal.Errorf(baremetal.ErrInvalid, "The connector's host and mountpoint have at most %d characters.", maxText)
	case k.Mode != "" && k.Mode != "rw" && k.Mode != "ro":
		return k, baremetal.Errorf(baremetal.ErrInvalid, "The connector's mode %.32q must be rw or ro.", k.Mode)
	}
	return k, nil
}

// login is how a host logs in: all that os-brick needs, the secret included.
func (c *call) login(a *baremetal.Attachment, g *baremetal.Grant) (baremetal.Object, error) {
	portal, err := c.Portal(c.r)
	if err != nil {
		return nil, err
	}
	info := g.Connection(portal)
	maps.Copy(info, map[string]any{"target_discovered": false, "volume_id": a.VolumeUUID, "access_mode": mode(a.ReadOnly),
		"encrypted": false, "qos_specs": nil, "cacheable": false, "enforce_multipath": false})
	return info, nil
}

func mode(readOnly bool) string {
	if readOnly {
		return "ro"
	}
	return "rw"
}

// severalPaths adds the lists that a host with multipath reads. There is one path.
func severalPaths(info baremetal.Object) {
	for one, list := range map[string]string{"target_portal": "target_portals", "target_iqn": "target_iqns", "target_lun": "target_luns"} {
		info[list] = []any{info[one]}
	}
}

func initializeConnection(c *call, in values) (int, any, error) {
	k, err := readConnector(in)
	if err != nil {
		return 0, nil, err
	}
	a, grant, err := c.Pool.Connect(c.r.Context(), c.arg("id"), pool.Host{Name: k.Host, Initiator: k.Initiator, Mode: k.Mode})
	if err != nil {
		return 0, nil, err
	}
	info, err := c.login(a, grant)
	if err != nil {
		return 0, nil, err
	}
	if k.Multipath {
		severalPaths(info)
	}
	return http.StatusOK, map[string]any{"connection_info": map[string]any{
		"driver_volume_type": "iscsi", "data": info, "enforce_multipath": k.Enforce}}, nil
}

// terminateConnection takes the login away from the host that the connector names, from
// every host without one.
func terminateConnection(c *call, in values) (int, any, error) {
	var k connector
	if err := decode(value[map[string]any](in, "connector"), &k); err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, nil, c.Pool.Disconnect(c.r.Context(), c.arg("id"), k.Initiator)
}
