package blockstorage

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// What clients ask before and beside what they want. There is one of each.

// backend is the one service that keeps volumes, and its pool.
const (
	backend   = "ironhook"
	serviceID = "5f0c6a52-3c0e-5a7b-8b0e-2f6d1c9e4a31"
)

// totals counts what there is, in GiB as well.
func (c *call) totals() (volumes, snapshots int, size int64, err error) {
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		v, err := tx.Volumes().List(store.Query{Columns: []string{"size"}})
		if err != nil {
			return err
		}
		s, err := tx.Snapshots().List(store.Query{Columns: []string{"size"}})
		for _, x := range v {
			size += pool.GiB(x.Size)
		}
		volumes, snapshots = len(v), len(s)
		return err
	})
	return volumes, snapshots, size, err
}

// maxTotal is the sum of the sizes that volumes can have. They are thin: how much of it
// there is room for is for the pool to say.
const maxTotal = pool.MaxRows * maxGiB

func limits(c *call) (int, any, error) {
	volumes, snapshots, size, err := c.totals()
	return http.StatusOK, map[string]any{"limits": map[string]any{"rate": []any{}, "absolute": map[string]any{
		"maxTotalVolumes": pool.MaxRows, "maxTotalSnapshots": pool.MaxRows, "maxTotalVolumeGigabytes": maxTotal,
		"maxTotalBackups": 0, "maxTotalBackupGigabytes": 0, "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0,
		"totalVolumesUsed": volumes, "totalSnapshotsUsed": snapshots, "totalGigabytesUsed": size,
	}}}, err
}

// quotas are the limits, in the form of quotas. They cannot be set: they are the machine's.
func quotas(c *call) (int, any, error) {
	q, err := parseQuery(c)
	if err != nil {
		return 0, nil, err
	}
	usage := flags[strings.ToLower(q.get("usage"))]
	volumes, snapshots, size, err := c.totals()
	set := map[string]any{"id": c.arg("id")}
	for name, q := range map[string]struct{ limit, used any }{
		"volumes": {pool.MaxRows, volumes}, "snapshots": {pool.MaxRows, snapshots}, "gigabytes": {maxTotal, size},
		"per_volume_gigabytes": {maxGiB, 0},
		"volumes_" + typeName:  {pool.MaxRows, volumes}, "snapshots_" + typeName: {pool.MaxRows, snapshots}, "gigabytes_" +
			typeName: {maxTotal, size},
		"backups": {0, 0}, "backup_gigabytes": {0, 0}, "groups": {0, 0},
	} {
		set[name] = q.limit
		if usage {
			set[name] = map[string]any{"limit": q.limit, "in_use": q.used, "reserved": 0}
		}
	}
	return http.StatusOK, map[string]any{"quota_set": set}, err
}

// sinceState and sinceCluster are the microversions of what a service shows.
const (
	sinceState   = 49
	sinceCluster = 7
)

func services(c *call) (int, any, error) {
	q, err := parseQuery(c)
	if err != nil {
		return 0, nil, err
	}
	one := map[string]any{"binary": "cinder-volume", "host": c.serviceHost(), "zone": zone, "status": "enabled", "state": "up",
		"updated_at": rest.Time(time.Now(), timeLayout), "disabled_reason": nil, "replication_status": "disabled", "active_backend_id": nil,
		"frozen": false}
	if c.minor >= sinceCluster {
		one["cluster"] = nil
	}
	if c.minor >= sinceState {
		one["backend_state"] = "up"
	}
	list := []any{}
	if (!q.has("host") || q.get("host") == c.Host || q.get("host") == c.serviceHost()) &&
		(!q.has("binary") || q.get("binary") == one["binary"]) {
		list = append(list, one)
	}
	return http.StatusOK, map[string]any{"services": list}, nil
}

func hosts(c *call) (int, any, error) {
	return http.StatusOK, map[string]any{"hosts": []any{map[string]any{"host_name": c.serviceHost(), "service": "cinder-volume", "zone": zone,
		"service-status": "available", "service-state": "enabled", "last-update": rest.Time(time.Now(), timeLayout)}}}, nil
}

func capabilities(c *call) (int, any, error) {
	if host := c.arg("host"); host != c.serviceHost() {
		return 0, nil, rest.Refuse(http.StatusNotFound, "Host %.64s could not be found.", host)
	}
	return http.StatusOK, map[string]any{"namespace": "OS::Storage::Capabilities::" + c.serviceHost(), "vendor_name": "Ironhook",
		"volume_backend_name": backend, "pool_name": backend, "driver_version": "1", "storage_protocol": "iSCSI", "display_name": backend,
		"description": "Layered local volumes, reached by iSCSI", "visibility": "public", "replication_targets": []any{},
		"properties": map[string]any{}}, nil
}

func zones(*call) (int, any, error) {
	return http.StatusOK, map[string]any{"availabilityZoneInfo": []any{map[string]any{"zoneName": zone,
		"zoneState": map[string]bool{"available": true}}}}, nil
}

func pools(c *call) (int, any, error) {
	q, err := parseQuery(c)
	if err != nil {
		return 0, nil, err
	}
	free, err := c.Volumes.Free()
	if err != nil {
		return 0, nil, baremetal.Errorf(baremetal.ErrStorage, "The free space of the volumes is not known: %s", err)
	}
	p := map[string]any{"name": c.poolName()}
	if flags[strings.ToLower(q.get("detail"))] {
		p["capabilities"] = map[string]any{"storage_protocol": "iSCSI", "volume_backend_name": backend, "driver_version": "1",
			"vendor_name": "Ironhook", "thin_provisioning_support": true, "free_capacity_gb": free / gib, "total_capacity_gb": "unknown"}
	}
	return http.StatusOK, map[string]any{"pools": []any{p}}, nil
}

// encryption says that a volume is not encrypted.
func encryption(c *call) (int, any, error) {
	_, _, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	return http.StatusOK, map[string]any{"encryption_key_id": nil}, err
}

// resourceFilters lists what lists can be filtered by.
func resourceFilters(c *call) (int, any, error) {
	q, err := parseQuery(c)
	if err != nil {
		return 0, nil, err
	}
	list := []any{}
	for _, r := range []struct {
		name    string
		filters []string
	}{
		{"volume", slices.Sorted(maps.Keys(volumeFilters))},
		{"snapshot", slices.Sorted(maps.Keys(snapshotList.filters))},
		{"attachment", slices.Sorted(maps.Keys(attachmentList.filters))},
		{"volume_type", []string{"is_public"}},
	} {
		if !q.has("resource") || q.get("resource") == r.name {
			list = append(list, map[string]any{"resource": r.name, "filters": r.filters})
		}
	}
	return http.StatusOK, map[string]any{"resource_filters": list}, nil
}

// aliases are those of Cinder's former extensions whose routes or actions there are.
var aliases = []string{"os-admin-actions", "os-volume-actions", "os-vol-image-meta", "os-vol-tenant-attr", "os-vol-host-attr",
	"os-vol-mig-status-attr",
	"os-extended-snapshot-attributes", "os-availability-zone", "os-services", "os-extended-services", "os-quota-sets", "os-types-extra-specs",
	"os-volume-type-access", "os-volume-encryption-metadata", "os-hosts", "os-used-limits", "scheduler-stats", "capabilities"}

func extensionOf(alias string) map[string]any {
	return map[string]any{"alias": alias, "name": alias, "description": "", "updated": "2011-06-29T00:00:00+00:00", "links": []any{}}
}

func extensions(*call) (int, any, error) {
	list := make([]any, len(aliases))
	for i, alias := range aliases {
		list[i] = extensionOf(alias)
	}
	return http.StatusOK, map[string]any{"extensions": list}, nil
}

func extension(c *call) (int, any, error) {
	if alias := c.arg("alias"); slices.Contains(aliases, alias) {
		return http.StatusOK, map[string]any{"extension": extensionOf(alias)}, nil
	}
	return 0, nil, errNoSuchPath
}
