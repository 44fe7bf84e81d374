package store

// volumesOfTargets leads from schema 6 to 7: who uses a volume is asked at each of its
// changes, and must not be looked for among all targets.
var volumesOfTargets = []string{
	"CREATE INDEX volume_targets_volume ON volume_targets (volume_id)",
}
