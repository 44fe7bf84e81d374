package appliance

import (
	"log/slog"
	"os"

	"ironhook/appliance/sandbox"
)

// sqliteTemp is where SQLite may put a temporary file.
const sqliteTemp = "/var/tmp"

// confine gives up what serving does not need. Everything is open by now: what follows a
// network interface that is made anew needs no more than the sandbox leaves.
func confine(c Config, log *slog.Logger) error {
	if !c.Sandbox {
		return nil
	}
	dirs := []string{c.Data, os.TempDir(), sqliteTemp}
	if dir := c.Backups.Dir(); dir != "" {
		dirs = append(dirs, dir)
	}
	report, err := sandbox.Enter(sandbox.Policy{Dirs: dirs})
	if err != nil {
		return &Fault{Setting: Sandbox, Err: err}
	}
	log.Info("sandbox", "may", report.String())
	for _, missing := range report.Missing {
		log.Warn("the kernel does not offer a part of the sandbox", "part", missing)
	}
	return nil
}
