package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

// The operations on the blocks of volumes, snapshots and images alike; OpenStack has no
// API for them.

const disks = "/ironhook/v1/disks/"

// diskVerbs are the commands on the blocks of things, whose words begin with prefix.
func diskVerbs(t thing, prefix, argument string) []verb {
	return []verb{
		{prefix + "usage " + argument, "Show what it takes up: bytes of its own, and shared with others", one, nil, func(c *call) error {
			found, err := t.find(c, c.args[0])
			if err != nil {
				return err
			}
			usage, err := c.get(c.ctx, disks+plain(found["id"])+"/usage")
			if err != nil {
				return err
			}
			return c.show(resource{}.findings(usage))
		}},
		{prefix + "verify " + argument, "Read all of it and name what is damaged", many, nil, func(c *call) error { return t.verify(c) }},
	}
}

// saving is how a disk is written to a file.
var saving = []option{
	{name: "file", field: "-", usage: "where to (default the standard output)"},
	{name: "disk-format", field: "-", choices: []string{"raw", "qcow2"}, usage: "in which format (default raw)"},
}

// save writes the disk of what was typed.
func (t thing) save(c *call) error {
	found, err := t.find(c, c.args[0])
	if err != nil {
		return err
	}
	format, ok := c.value("disk-format").(string)
	if !ok {
		format = "raw"
	}
	return c.saveFrom(disks + plain(found["id"]) + "/file?format=" + url.QueryEscape(format))
}

// saveFrom writes what a path gives to --file, which is there whole or not at all.
func (c *call) saveFrom(path string) error {
	response, err := c.send(c.ctx, http.MethodGet, path, http.Header{"Accept": {"application/octet-stream"}}, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	file, ok := c.value("file").(string)
	if !ok {
		_, err = io.Copy(c.out, response.Body)
		return err
	}
	out, err := os.Create(file + ".part")
	if err != nil {
		return misuse("--file: %w", err)
	}
	written := &sparse{file: out}
	_, err = io.Copy(written, response.Body)
	if err = errors.Join(err, written.end(), out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("save %s: %w", c.args[0], errors.Join(err, os.Remove(out.Name())))
	}
	return os.Rename(out.Name(), file)
}

// verify shows what a scrub finds; damage is a failure.
func (t thing) verify(c *call) error {
	found, err := t.find(c, c.args[0])
	if err != nil {
		return err
	}
	response, err := c.send(c.ctx, http.MethodPost, disks+plain(found["id"])+"/verify", nil, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	shown := c.line(plain(found["name"]))
	defer shown.end()
	for lines := json.NewDecoder(response.Body); ; {
		var said struct {
			Progress, Error string
			Damage          []struct {
				Layer          string
				Offset, Length int64
				What           string
			}
		}
		if err := lines.Decode(&said); err != nil {
			return fmt.Errorf("verify %s: the appliance ended in the middle of it: %w", c.args[0], err)
		}
		switch {
		case said.Error != "":
			return fmt.Errorf("verify %s: %s", c.args[0], said.Error)
		case said.Progress != "":
			shown.say(said.Progress)
			continue
		}
		shown.end()
		f := findings{columns: []string{"Layer", "Offset", "Length", "What"}}
		for _, d := range said.Damage {
			f.rows = append(f.rows, []any{d.Layer, d.Offset, d.Length, d.What})
		}
		if err := c.show(f); err != nil || len(said.Damage) == 0 {
			return err
		}
		return fmt.Errorf("%s %s is damaged", t.word, c.args[0])
	}
}
