package blockstorage

import (
	"net/http"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// What clients ask before and beside what they want. There is one of each.

// The one volume type.
const (
	typeName = "ironhook"
	typeID   = "1b6d1a3e-7f0f-5d6c-9a4e-6f8f3f0b7c10"
)

func volumeType() map[string]any {
	return map[string]any{"id": typeID, "name": typeName, "description": "Layered local volumes, reached by iSCSI", "is_public": true,
		"os-volume-type-access:is_public": true, "extra_specs": map[string]any{}, "qos_specs_id": nil}
}

func listTypes(*call) (int, any, error) {
	return http.StatusOK, map[string]any{"volume_types": []any{volumeType()}}, nil
}

func showType(c *call) (int, any, error) {
	if id := c.arg("id"); id != "default" && id != typeID && id != typeName {
		return 0, nil, rest.Refuse(http.StatusNotFound, "Volume type %.64s could not be found.", id)
	}
	return http.StatusOK, map[string]any{"volume_type": volumeType()}, nil
}

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

func limits(c *call) (int, any, error) {
	volumes, snapshots, size, err := c.totals()
	return http.StatusOK, map[string]any{"limits": map[string]any{"rate": []any{}, "absolute": map[string]any{
		"maxTotalVolumes": pool.MaxRows, "maxTotalSnapshots": pool.MaxRows, "maxTotalVolumeGigabytes": -1,
		"maxTotalBackups": 0, "maxTotalBackupGigabytes": 0, "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0,
		"totalVolumesUsed": volumes, "totalSnapshotsUsed": snapshots, "totalGigabytesUsed": size,
	}}}, err
}

func quotas(c *call) (int, any, error) {
	volumes, snapshots, size, err := c.totals()
	set := map[string]any{"id": c.arg("id")}
	for name, q := range map[string]struct{ limit, used any }{
		"volumes": {pool.MaxRows, volumes}, "snapshots": {pool.MaxRows, snapshots}, "gigabytes": {-1, size}, "per_volume_gigabytes": {maxGiB, 0},
		"backups": {0, 0}, "backup_gigabytes": {0, 0}, "groups": {0, 0},
	} {
		set[name] = q.limit
		if c.r.URL.Query().Get("usage") == "True" {
			set[name] = map[string]any{"limit": q.limit, "in_use": q.used, "reserved": 0, "allocated": 0}
		}
	}
	return http.StatusOK, map[string]any{"quota_set": set}, err
}

func services(c *call) (int, any, error) {
	return http.StatusOK, map[string]any{"services": []any{map[string]any{"binary": "cinder-volume", "host": c.Host + "@" + typeName, "zone": zone,
		"status": "enabled", "state": "up", "updated_at": rest.Time(time.Now(), timeLayout), "disabled_reason": nil}}}, nil
}

func zones(*call) (int, any, error) {
	return http.StatusOK, map[string]any{"availabilityZoneInfo": []any{map[string]any{"zoneName": zone, "zoneState": map[string]bool{"available": true}}}}, nil
}

func pools(c *call) (int, any, error) {
	free, err := c.Volumes.Free()
	if err != nil {
		return 0, nil, baremetal.Errorf(baremetal.ErrStorage, "The free space of the volumes is not known: %s", err)
	}
	p := map[string]any{"name": c.Host + "@" + typeName + "#" + typeName}
	if c.r.URL.Query().Get("detail") == "True" {
		p["capabilities"] = map[string]any{"storage_protocol": "iSCSI", "volume_backend_name": typeName, "driver_version": "1",
			"vendor_name": "Ironhook", "thin_provisioning_support": true, "free_capacity_gb": free / gib, "total_capacity_gb": "unknown"}
	}
	return http.StatusOK, map[string]any{"pools": []any{p}}, nil
}

// extensions lists those of Cinder's former extensions whose actions there are.
func extensions(*call) (int, any, error) {
	list := []any{}
	for _, alias := range []string{"os-admin-actions", "os-volume-actions", "os-vol-image-meta", "os-vol-tenant-attr", "os-vol-host-attr",
		"os-availability-zone", "os-services", "os-quota-sets", "os-types-manage", "scheduler-stats"} {
		list = append(list, map[string]any{"alias": alias, "name": alias, "description": "", "updated": "2011-06-29T00:00:00+00:00", "links": []any{}})
	}
	return http.StatusOK, map[string]any{"extensions": list}, nil
}
