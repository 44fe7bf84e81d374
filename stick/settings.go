package stick

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
)

// settings are what the menu sets; they are on the data partition.
type settings struct {
	Leased  bool         `json:"leased"`            // a DHCP server has given an address: never serve addresses on our own
	Card    string       `json:"card,omitempty"`    // the network card to use, by its MAC; "" for the first with a cable
	Address netip.Prefix `json:"address,omitzero"`  // a fixed address, invalid for none
	Gateway netip.Addr   `json:"gateway,omitzero"`  // with it, invalid for none
	Images  string       `json:"images,omitempty"`  // identity of the partition for volumes and images on another disk
	Version string       `json:"version,omitempty"` // of the program that served last
	Other   string       `json:"other,omitempty"`   // version in the slot that does not run; "" for none that has proved itself
}

func readSettings(path string) (s settings, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return s, fmt.Errorf("settings of the stick: %w", err)
	}
	return s, nil
}

// write replaces the file, whole or not at all, even across a loss of power.
func (s settings) write(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
