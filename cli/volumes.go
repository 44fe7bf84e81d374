package cli

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"ironhook/api"
	"ironhook/api/blockstorage"
	"ironhook/api/disk"
	"ironhook/api/image"
	"ironhook/api/wire"
	"ironhook/storage/pool"
	"ironhook/volume"
)

// openPool opens the storage pool.
func (a *appliance) openPool(volumes *volume.Dir, listening netip.AddrPort) {
	a.volumes, a.listening = volumes, listening
	a.pool = pool.New(pool.Config{Store: a.store, Volumes: volumes, Log: a.log})
	a.onClose(a.pool.Close)
	a.tasks = append(a.tasks, task{"volumes", a.pool.Run})
}

// progress says for the pages how far the making of an image is.
func (a *appliance) progress(image string) string {
	if p, ok := a.pool.Progress(image); ok {
		return p.String()
	}
	return ""
}

// mountVolumes puts the APIs of images and volumes beside the Bare Metal API, behind
// the same door.
func (a *appliance) mountVolumes(mux *http.ServeMux, rest *api.API) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("name of this machine: %w", err)
	}
	images := rest.Guard(image.New(image.Config{Store: a.store, Pool: a.pool, Log: a.log}))
	volumes := rest.Guard(blockstorage.New(blockstorage.Config{Store: a.store, Pool: a.pool, Volumes: a.volumes,
		Portal: a.portalOf, Host: host, Log: a.log}))
	for path, h := range map[string]http.Handler{"/image": images, "/image/": images, "/volume": volumes, "/volume/": volumes,
		"/ironhook/v1/disks/": rest.Guard(disk.New(a.volumes, a.pool.UsersOf, a.pool.Tidy, a.log))} {
		mux.Handle(path, h)
	}
	mux.Handle("GET /servers/detail", rest.Guard(http.HandlerFunc(noServers)))
	mux.Handle("GET /ironhook/v1/clouds.yaml", rest.Guard(http.HandlerFunc(a.clouds)))
	return nil
}

// portalOf is where whoever sent a request reaches the iSCSI target: its configured
// address, else the address at which the request reached us.
func (a *appliance) portalOf(r *http.Request) (netip.AddrPort, error) {
	if !a.listening.Addr().Unmap().IsUnspecified() {
		return a.listening, nil
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("the address at which a request arrived is not known; give --iscsi one")
	}
	return netip.AddrPortFrom(local.AddrPort().Addr().Unmap(), a.listening.Port()), nil
}

// noServers answers `openstack volume list`, which asks a compute service for the
// names of servers first. There is none: nodes are no servers.
func noServers(w http.ResponseWriter, _ *http.Request) {
	wire.Reply(w, http.StatusOK, map[string]any{"servers": []any{}})
}

// clouds is the clouds.yaml with which OpenStack's clients find all three APIs.
func (a *appliance) clouds(w http.ResponseWriter, r *http.Request) {
	base := wire.Base(r)
	if isLocal(r) {
		base = a.published()
	}
	auth := fmt.Sprintf("    auth_type: none\n    auth: {endpoint: %q}\n", base)
	if a.config.Auth != "none" {
		user, _, _ := r.BasicAuth()
		auth = fmt.Sprintf("    auth_type: http_basic\n    auth: {endpoint: %q, username: %q, password: PASSWORD}\n", base, cmp.Or(user, "admin"))
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write([]byte("clouds:\n  ironhook:\n" + auth + strings.ReplaceAll(endpoints, "BASE", base))) // the client is gone when this fails
}

// published is the URL of the API as others on the network know it.
func (a *appliance) published() string {
	u, err := url.Parse(a.url)
	if err != nil {
		return a.url
	}
	if at, err := netip.ParseAddr(u.Hostname()); err == nil && at.IsUnspecified() {
		if host, err := os.Hostname(); err == nil {
			u.Host = net.JoinHostPort(host, u.Port())
		}
	}
	return u.String()
}

// endpoints are where each client looks. The client of volumes goes by three names.
const endpoints = `    baremetal_endpoint_override: BASE
    image_endpoint_override: BASE/image/v2
    block_storage_endpoint_override: BASE/volume/v3/standalone
    volume_endpoint_override: BASE/volume/v3/standalone
    volumev3_endpoint_override: BASE/volume/v3/standalone
`
