package blockstorage

// routes is what can be asked, below /volume/v3/{project}.
var routes = []struct {
	method, path string
	handle       handler
}{
	{"GET", "/volumes", listVolumes(false)},
	{"GET", "/volumes/detail", listVolumes(true)},
	{"GET", "/volumes/summary", summary},
	{"POST", "/volumes", createVolume},
	{"GET", "/volumes/{id}", showVolume},
	{"PUT", "/volumes/{id}", updateVolume},
	{"DELETE", "/volumes/{id}", deleteVolume},
	{"POST", "/volumes/{id}/action", volumeAction},
	{"GET", "/volumes/{id}/metadata", volumeMetadata.show},
	{"POST", "/volumes/{id}/metadata", volumeMetadata.add},
	{"PUT", "/volumes/{id}/metadata", volumeMetadata.replace},
	{"GET", "/volumes/{id}/metadata/{key}", volumeMetadata.showKey},
	{"PUT", "/volumes/{id}/metadata/{key}", volumeMetadata.putKey},
	{"DELETE", "/volumes/{id}/metadata/{key}", volumeMetadata.deleteKey},

	{"GET", "/snapshots", listSnapshots(false)},
	{"GET", "/snapshots/detail", listSnapshots(true)},
	{"POST", "/snapshots", createSnapshot},
	{"GET", "/snapshots/{id}", showSnapshot},
	{"PUT", "/snapshots/{id}", updateSnapshot},
	{"DELETE", "/snapshots/{id}", deleteSnapshot},
	{"POST", "/snapshots/{id}/action", snapshotAction},
	{"GET", "/snapshots/{id}/metadata", snapshotMetadata.show},
	{"POST", "/snapshots/{id}/metadata", snapshotMetadata.add},
	{"PUT", "/snapshots/{id}/metadata", snapshotMetadata.replace},
	{"GET", "/snapshots/{id}/metadata/{key}", snapshotMetadata.showKey},
	{"PUT", "/snapshots/{id}/metadata/{key}", snapshotMetadata.putKey},
	{"DELETE", "/snapshots/{id}/metadata/{key}", snapshotMetadata.deleteKey},

	{"GET", "/attachments", listAttachments(false)},
	{"GET", "/attachments/detail", listAttachments(true)},
	{"POST", "/attachments", createAttachment},
	{"GET", "/attachments/{id}", showAttachment},
	{"PUT", "/attachments/{id}", updateAttachment},
	{"DELETE", "/attachments/{id}", deleteAttachment},
	{"POST", "/attachments/{id}/action", completeAttachment},

	{"GET", "/types", listTypes},
	{"GET", "/types/{id}", showType},
	{"GET", "/limits", limits},
	{"GET", "/os-quota-sets/{id}", quotas},
	{"GET", "/os-quota-sets/{id}/defaults", quotas},
	{"GET", "/os-services", services},
	{"GET", "/os-availability-zone", zones},
	{"GET", "/scheduler-stats/get_pools", pools},
	{"GET", "/extensions", extensions},
}
