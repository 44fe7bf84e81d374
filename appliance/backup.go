package appliance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ironhook/api/rest"
	"ironhook/appliance/backup"
	"ironhook/store"
	"ironhook/volume"
)

// backupPath is the route of a backup. It exists on the local socket only, because a backup
// has the secrets of all machines in it.
const backupPath = "/ironhook/v1/backup"

// BackupOptions say what is in a backup.
type BackupOptions struct {
	Volumes bool
	Series  backup.Series // whose layers are left out
}

// Backup writes a backup of the appliance in the directory data to w, not encrypted. If an appliance runs there, it writes the backup;
// otherwise this process does, with the rights of the directory's owner, and keeps one from starting meanwhile.
func Backup(ctx context.Context, data string, o BackupOptions, p Program, w io.Writer) error {
	if _, err := os.Stat(filepath.Join(data, databaseFile)); err != nil {
		return &Fault{Setting: Data, Value: data, Err: fmt.Errorf("there is no appliance: %w", err)}
	}
	return AsOwner(data, func() error { return backupHere(ctx, data, o, p, w) })
}

func backupHere(ctx context.Context, data string, o BackupOptions, p Program, w io.Writer) error {
	lock, err := takeLock(data)
	if errors.Is(err, ErrInUse) {
		return backupOfRunning(ctx, data, o, w)
	}
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // it only ends the lock
	return backupOfStopped(ctx, data, o, p, w)
}

func backupOfStopped(ctx context.Context, data string, o BackupOptions, p Program, w io.Writer) (err error) {
	s := backup.Source{Data: data, Program: p.Version, Series: o.Series}
	if o.Volumes {
		if s.Volumes, err = volume.Open(filepath.Join(data, "volumes")); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Volumes.Tidy(ctx), s.Volumes.Close()) }()
	}
	info, err := backup.Write(ctx, w, s)
	return errors.Join(err, incomplete(info))
}

// IncompleteError reports a backup that lacks the disks that could not be read.
type IncompleteError struct{ what string }

// Error lists what was left out, and why.
func (e *IncompleteError) Error() string { return e.what }

// incomplete is an error if something was left out of a backup.
func incomplete(info backup.Info) error {
	var list []string
	for _, id := range slices.Sorted(maps.Keys(info.LeftOut)) {
		list = append(list, id+" ("+info.LeftOut[id]+")")
	}
	if len(list) == 0 {
		return nil
	}
	return &IncompleteError{"the backup is complete but for " + strings.Join(list, ", ")}
}

func backupOfRunning(ctx context.Context, data string, o BackupOptions, w io.Writer) error {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", SocketIn(data))
	}}}
	defer client.CloseIdleConnections()
	series, err := json.Marshal(o.Series)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://ironhook%s?volumes=%t", backupPath, o.Volumes)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(series))
	if err != nil {
		return err
	}
	reply, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the appliance in %s: %w", data, err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	if reply.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(reply.Body, 4<<10))
		return fmt.Errorf("the appliance in %s answers %s: %s", data, reply.Status, text)
	}
	if _, err := io.Copy(w, reply.Body); err != nil {
		return fmt.Errorf("backup: %w; the log of the appliance says why", err)
	}
	if left := reply.Trailer.Get(leftOut); left != "" {
		return &IncompleteError{left}
	}
	return nil
}

// leftOut is the trailer with what incomplete has to say.
const leftOut = "Ironhook-Left-Out"

// maxSeries is how many bytes a client may name layers with.
const maxSeries = 64 << 20

// backup answers a request for a backup with the backup. The body names the layers that it leaves
// out; none may be there.
func (a *appliance) backup(w http.ResponseWriter, r *http.Request) {
	if !isLocal(r) {
		rest.Fail(w, http.StatusForbidden, "A backup has all passwords in it: make it on the machine of the appliance.")
		return
	}
	var series backup.Series
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxSeries)).Decode(&series); err != nil && err != io.EOF {
		rest.Fail(w, http.StatusBadRequest, "The layers to leave out: "+err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Trailer", leftOut)
	out := &started{ResponseWriter: w}
	info, err := a.writeBackup(r.Context(), out, r.URL.Query().Get("volumes") == "true", series)
	switch {
	case err == nil:
		if err := incomplete(info); err != nil {
			w.Header().Set(leftOut, err.Error())
		}
		return
	case r.Context().Err() != nil:
		return
	}
	a.log.Error("backup", "error", err)
	if out.yes {
		panic(http.ErrAbortHandler) // the client must not take a part for the whole
	}
	rest.Fail(w, http.StatusInternalServerError, err.Error())
}

// writeBackup writes a backup of this appliance, not encrypted.
func (a *appliance) writeBackup(ctx context.Context, w io.Writer, volumes bool, series backup.Series) (backup.Info, error) {
	s := backup.Source{Data: a.config.Data, Program: a.version, Settings: a.config.files(), Series: series}
	if volumes {
		s.Volumes = a.volumes
		defer a.pool.Tidy()
	}
	return backup.Write(ctx, w, s)
}

// started knows whether the answer has begun.
type started struct {
	http.ResponseWriter
	yes bool
}

func (s *started) Write(p []byte) (int, error) {
	s.yes = true
	return s.ResponseWriter.Write(p)
}

// files are what the configuration names outside of the data directory, for backups.
func (c Config) files() map[string]string {
	files := map[string]string{"ironhook.toml": c.File}
	if c.TLSCert != SelfSigned {
		files["tls-cert.pem"], files["tls-key.pem"] = c.TLSCert, c.TLSKey
	}
	maps.DeleteFunc(files, func(_, path string) bool { return path == "" })
	return files
}

// leftovers are the temporary files and directories of the data directory: of backups, and of files
// that are replaced or tried. What was killed may have left some, with secrets in them.
var leftovers = []string{backup.TempPrefix + "*", "." + passwordFile + "-*", "." + firstRunFile + "-*",
	".tls.crt-*", ".tls.key-*", readyFile}

// removeLeftovers removes what a process that was killed has left.
func removeLeftovers(data string) (err error) {
	for _, pattern := range leftovers {
		names, failed := fs.Glob(os.DirFS(data), pattern) // the name of data is no pattern
		for err = errors.Join(err, failed); len(names) > 0; names = names[1:] {
			err = errors.Join(err, os.RemoveAll(filepath.Join(data, names[0])))
		}
	}
	return err
}

// Restore makes the data directory of a backup.
func Restore(ctx context.Context, s backup.Shelf, name, passphrase, data string) (backup.Info, error) {
	info, err := backup.Restore(ctx, s, name, passphrase, data)
	if remedy := store.Remedy(err); remedy != "" {
		err = fmt.Errorf("%w; %s", err, remedy)
	}
	return info, err
}
