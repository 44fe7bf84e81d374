package volume

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Kind is the kind of an id.
type Kind string

// The kinds. Images and snapshots never change; volumes are written to.
const (
	KindVolume   Kind = "volume"
	KindSnapshot Kind = "snapshot"
	KindImage    Kind = "image"
)

// manifest is the file <id>.json: all of a volume, snapshot or image except its layers. It
// is replaced atomically and is the only record of which layers are in use: a layer that no
// manifest names does not exist.
type manifest struct {
	Version int       `json:"version"`
	Kind    Kind      `json:"kind"`
	Size    int64     `json:"size"`             // bytes, as a machine sees it
	Layers  []string  `json:"layers"`           // from the bottom to the top
	Base    int       `json:"base,omitempty"`   // how many of them Reset goes back to
	Volume  string    `json:"volume,omitempty"` // of a snapshot: its volume
	Created time.Time `json:"created"`

	id    string
	plain bool // there is no manifest, just a file <id>.raw
}

const (
	manifestSuffix = ".json"
	maxLayers      = 1 << 10
	maxManifest    = 1 << 20 // bytes
)

// layerName is the form of the names of layers: 32 hexadecimal digits and the kind.
var layerName = regexp.MustCompile(`^[0-9a-f]{32}\.(raw|overlay)$`)

func (m *manifest) top() string { return m.Layers[len(m.Layers)-1] }

// layersWith returns the layers with one more on top. The slice is new.
func (m *manifest) layersWith(name string) []string { return append(slices.Clone(m.Layers), name) }

func encodeManifest(m *manifest) ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	return append(b, '\n'), err
}

func decodeManifest(b []byte) (*manifest, error) {
	var seen struct{ Version int }
	if err := json.Unmarshal(b, &seen); err != nil {
		return nil, fmt.Errorf("manifest: %w: %w", ErrDamaged, err)
	}
	if seen.Version != version {
		return nil, fmt.Errorf("manifest of version %d, of which this program knows %d: %w", seen.Version, version, ErrFormat)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var m manifest
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("manifest: %w: %w", ErrDamaged, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("manifest: %w: something follows it", ErrDamaged)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("manifest: %w: %w", ErrDamaged, err)
	}
	return &m, nil
}

// check refuses a manifest that we cannot have written.
func (m *manifest) check() error {
	if !slices.Contains([]Kind{KindVolume, KindSnapshot, KindImage}, m.Kind) {
		return fmt.Errorf("kind %.20q", m.Kind)
	}
	if err := checkSize(m.Size); err != nil {
		return err
	}
	if len(m.Layers) > maxLayers {
		return fmt.Errorf("%d layers: %w", len(m.Layers), ErrLayers)
	}
	if len(m.Layers) == 0 || m.Base < 0 || m.Base > len(m.Layers) {
		return fmt.Errorf("%d layers, of which %d are the base", len(m.Layers), m.Base)
	}
	if (m.Kind == KindSnapshot) != (m.Volume != "") {
		return errors.New("a snapshot has a volume, and nothing else has")
	}
	for i, name := range m.Layers {
		if !layerName.MatchString(name) || slices.Contains(m.Layers[:i], name) {
			return fmt.Errorf("layer %.40q", name)
		}
		if i > 0 && strings.HasSuffix(name, rawSuffix) {
			return errors.New("a raw layer that is not the lowest")
		}
	}
	return nil
}

// load reads the manifest of an id. The error is fs.ErrNotExist if the id is free.
func (d *Dir) load(id string) (*manifest, error) {
	if err := CheckName(id); err != nil {
		return nil, err
	}
	f, err := d.fs.Open(id+manifestSuffix, false)
	if err != nil {
		return d.loadPlain(id, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: manifest: %w", id, err)
	}
	b := make([]byte, min(info.Size, maxManifest))
	if err := readFull(f, b, 0); err != nil {
		return nil, fmt.Errorf("%s: manifest: %w", id, err)
	}
	m, err := decodeManifest(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	m.id = id
	return m, nil
}

// publish stores m as the manifest of its id, durably, in place of the old one. The caller
// holds the lock of the directory.
func (d *Dir) publish(m *manifest) error {
	b, err := encodeManifest(m)
	if err != nil {
		return err
	}
	err = d.replace(m.id+manifestSuffix, b, d.syncLayers) // the layers it names must be durable first
	d.note(m.id, m, err)
	return err
}

func (d *Dir) syncLayers() error { return d.fs.SyncDir(layersDir) }

// replace replaces the contents of a small file with b, atomically and durably. before is
// called after the new file is written and before it takes effect. The caller holds the
// lock of the directory.
func (d *Dir) replace(name string, b []byte, before func() error) error {
	temp := growing + newName()
	f, err := d.fs.Create(temp)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = before()
	}
	if err == nil {
		err = d.fs.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, d.fs.Remove(temp))
	}
	if err := d.fs.SyncDir("."); err != nil {
		return fatal{err}
	}
	return nil
}
