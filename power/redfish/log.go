package redfish

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
)

// maxLogEntries is how many entries of an event log are read.
const maxLogEntries = 512

// logService is what is read of a LogService (DSP0268).
type logService struct {
	ID           string
	LogEntryType string
	Entries      link
	Actions      struct {
		Clear struct {
			Target string `json:"target"`
		} `json:"#LogService.ClearLog"`
	}
}

// logEntry is what is read of a LogEntry.
type logEntry struct {
	link
	Name         string `json:"Id"`
	Created      string
	Severity     string
	SensorType   string
	SensorNumber *float64
	Message      string
	MessageID    string `json:"MessageId"`
}

// HardwareLog reads the event log of the machine: its SEL, or else the first log that the system has.
func (d *Driver) HardwareLog(ctx context.Context, n *baremetal.Node) (log baremetal.HardwareLog, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		_, log, err = c.readLog(ctx, n, s)
		return err
	})
	return log, err
}

// ClearHardwareLog empties the event log, and returns what it had. What comes in between is lost: Redfish has no
// reservations.
func (d *Driver) ClearHardwareLog(ctx context.Context, n *baremetal.Node) (log baremetal.HardwareLog, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		var service *logService
		if service, log, err = c.readLog(ctx, n, s); err != nil {
			return err
		}
		if service.Actions.Clear.Target == "" {
			return baremetal.Errorf(baremetal.ErrUnsupported, "The BMC of node %s offers no action that clears its event log.", n.UUID)
		}
		_, err = c.send(ctx, http.MethodPost, service.Actions.Clear.Target, "", struct{}{})
		return err
	})
	return log, err
}

func (c *conversation) readLog(ctx context.Context, n *baremetal.Node, s *system) (*logService, baremetal.HardwareLog, error) {
	var log baremetal.HardwareLog
	service, err := c.logService(ctx, s)
	if err == nil && service == nil {
		err = baremetal.Errorf(baremetal.ErrUnsupported, "The BMC of node %s keeps no event log.", n.UUID)
	}
	if err != nil {
		return nil, log, err
	}
	log.Entries, err = c.logEntries(ctx, service.Entries.ID)
	return service, log, err
}

// logService looks for the event log at the system, then at its managers; nil is none.
func (c *conversation) logService(ctx context.Context, s *system) (first *logService, err error) {
	type place struct {
		LogServices link
		Links       struct{ ManagedBy []link }
	}
	var at place
	if err := s.also(&at); err != nil {
		return nil, err
	}
	sel, first, err := c.logAmong(ctx, at.LogServices.ID)
	for _, m := range bounded(at.Links.ManagedBy) {
		if err != nil || sel != nil {
			break
		}
		var manager place
		if _, err = c.get(ctx, m.ID, &manager); err == nil {
			sel, _, err = c.logAmong(ctx, manager.LogServices.ID)
		}
	}
	return cmp.Or(sel, first), err
}

// logAmong looks for the SEL in a collection of log services; first is the first that has entries.
func (c *conversation) logAmong(ctx context.Context, path string) (sel, first *logService, err error) {
	if path == "" {
		return nil, nil, nil
	}
	paths, err := c.members(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range paths {
		one := new(logService)
		if _, err := c.get(ctx, path, one); err != nil {
			return nil, nil, err
		}
		switch {
		case one.Entries.ID == "":
			continue
		case one.LogEntryType == "SEL" || strings.EqualFold(one.ID, "sel"):
			return one, first, nil
		}
		first = cmp.Or(first, one)
	}
	return nil, first, nil
}

// logEntries reads the entries of a log, oldest first. A collection has them, or only where they are.
func (c *conversation) logEntries(ctx context.Context, path string) (list []baremetal.LogEntry, err error) {
	for range maxPages {
		var page struct {
			Members []logEntry
			Next    string `json:"Members@odata.nextLink"`
		}
		if _, err := c.get(ctx, path, &page); err != nil {
			return nil, err
		}
		for _, e := range page.Members[:min(len(page.Members), maxLogEntries-len(list))] {
			if e.Created == "" && e.Message == "" && e.ID != "" {
				if _, err := c.get(ctx, e.ID, &e); err != nil {
					return nil, err
				}
			}
			list = append(list, e.entry())
		}
		if path = page.Next; path == "" || len(list) == maxLogEntries {
			break
		}
	}
	slices.SortStableFunc(list, func(a, b baremetal.LogEntry) int { return a.At.Compare(b.At) })
	return list, nil
}

func (e *logEntry) entry() baremetal.LogEntry {
	at, _ := time.Parse(time.RFC3339, e.Created) // the zero time where it is none
	sensor := line(e.SensorType, 80)
	if sensor != "" && e.SensorNumber != nil {
		sensor += fmt.Sprintf(" #%g", *e.SensorNumber)
	}
	return baremetal.LogEntry{ID: line(e.Name, 80), At: at.UTC(), Severity: line(e.Severity, 20), Sensor: sensor,
		Message: line(cmp.Or(e.Message, e.MessageID), 400)}
}

// line makes one line of what a BMC says, of at most so many characters.
func line(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
