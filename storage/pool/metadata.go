package pool

import (
	"maps"
	"strconv"

	"ironhook/baremetal"
)

// imageMetadata is the metadata that a volume keeps of its image, under Cinder's keys.
func imageMetadata(i *baremetal.Image) map[string]string {
	m := maps.Clone(i.Properties)
	if m == nil {
		m = map[string]string{}
	}
	maps.Copy(m, map[string]string{
		"image_id": i.UUID, "image_name": i.Name, "checksum": i.Checksum,
		"container_format": i.ContainerFormat, "disk_format": i.DiskFormat,
		"min_disk": strconv.FormatInt(i.MinDisk, 10), "min_ram": strconv.FormatInt(i.MinRAM, 10),
		"size": strconv.FormatInt(i.Size, 10),
	})
	return m
}
