package blockstorage

// routes is what can be asked, with a project before the path or without, since a
// microversion.
var routes = []struct {
	since        int
	method, path string
	handle       handler
}{
	{0, "GET", "/volumes", listVolumes(brief)},
	{0, "GET", "/volumes/detail", listVolumes(full)},
	{12, "GET", "/volumes/summary", summary},
	{0, "POST", "/volumes", createVolume},
	{0, "GET", "/volumes/{id}", showVolume},
	{0, "PUT", "/volumes/{id}", updateVolume},
	{0, "DELETE", "/volumes/{id}", deleteVolume},
	{0, "POST", "/volumes/{id}/action", volumeAction},
	{0, "GET", "/volumes/{id}/metadata", volumeMetadata.show},
	{0, "POST", "/volumes/{id}/metadata", volumeMetadata.add},
	{0, "PUT", "/volumes/{id}/metadata", volumeMetadata.replace},
	{0, "GET", "/volumes/{id}/metadata/{key}", volumeMetadata.showKey},
	{0, "PUT", "/volumes/{id}/metadata/{key}", volumeMetadata.putKey},
	{0, "DELETE", "/volumes/{id}/metadata/{key}", volumeMetadata.deleteKey},
	{0, "GET", "/volumes/{id}/encryption", encryption},

	{0, "GET", "/snapshots", listSnapshots(brief)},
	{0, "GET", "/snapshots/detail", listSnapshots(full)},
	{0, "POST", "/snapshots", createSnapshot},
	{0, "GET", "/snapshots/{id}", showSnapshot},
	{0, "PUT", "/snapshots/{id}", updateSnapshot},
	{0, "DELETE", "/snapshots/{id}", deleteSnapshot},
	{0, "POST", "/snapshots/{id}/action", snapshotAction},
	{0, "GET", "/snapshots/{id}/metadata", snapshotMetadata.show},
	{0, "POST", "/snapshots/{id}/metadata", snapshotMetadata.add},
	{0, "PUT", "/snapshots/{id}/metadata", snapshotMetadata.replace},
	{0, "GET", "/snapshots/{id}/metadata/{key}", snapshotMetadata.showKey},
	{0, "PUT", "/snapshots/{id}/metadata/{key}", snapshotMetadata.putKey},
	{0, "DELETE", "/snapshots/{id}/metadata/{key}", snapshotMetadata.deleteKey},

	{27, "GET", "/attachments", listAttachments(brief)},
	{27, "GET", "/attachments/detail", listAttachments(full)},
	{27, "POST", "/attachments", createAttachment},
	{27, "GET", "/attachments/{id}", showAttachment},
	{27, "PUT", "/attachments/{id}", updateAttachment},
	{27, "DELETE", "/attachments/{id}", deleteAttachment},
	{27, "POST", "/attachments/{id}/action", attachmentAction},

	{0, "GET", "/types", listTypes},
	{0, "GET", "/types/{id}", showType},
	{0, "GET", "/types/{id}/extra_specs", extraSpecs},
	{62, "GET", "/default-types", defaultTypes},
	{0, "GET", "/limits", limits},
	{0, "GET", "/os-quota-sets/{id}", quotas},
	{0, "GET", "/os-quota-sets/{id}/defaults", quotas},
	{0, "GET", "/os-services", services},
	{0, "GET", "/os-hosts", hosts},
	{0, "GET", "/capabilities/{host}", capabilities},
	{0, "GET", "/os-availability-zone", zones},
	{0, "GET", "/scheduler-stats/get_pools", pools},
	{33, "GET", "/resource_filters", resourceFilters},
	{0, "GET", "/extensions", extensions},
	{0, "GET", "/extensions/{alias}", extension},
}
