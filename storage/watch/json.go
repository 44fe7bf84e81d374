package watch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"ironhook/block"
	"ironhook/block/iscsi"
)

// JSON answers with a list of all sessions.
func JSON(s Source, log *slog.Logger) http.Handler {
	return serve(s, log, "application/json", func(b *bytes.Buffer, sessions []Session) error {
		return json.NewEncoder(b).Encode(map[string]any{"sessions": toJSON(sessions)})
	})
}

// The shapes of the answer.
type (
	sessionJSON struct {
		Node      string     `json:"node"`
		Name      string     `json:"name"`
		Volume    string     `json:"volume"`
		Initiator string     `json:"initiator"`
		ISID      string     `json:"isid"`
		Target    string     `json:"target"`
		Remote    string     `json:"remote"`
		Since     time.Time  `json:"since"`
		Digests   []string   `json:"digests"`
		Units     []unitJSON `json:"units"`
	}
	unitJSON struct {
		LUN          uint64       `json:"lun"`
		Reads        uint64       `json:"reads"`
		Writes       uint64       `json:"writes"`
		Others       uint64       `json:"others"`
		ReadBytes    uint64       `json:"read_bytes"`
		WrittenBytes uint64       `json:"written_bytes"`
		Errors       uint64       `json:"errors"`
		InFlight     int          `json:"in_flight"`
		Seconds      float64      `json:"seconds"` // of all commands together
		Latency      []bucketJSON `json:"latency"` // without the empty ones
	}
	bucketJSON struct {
		Below    *float64 `json:"below"` // seconds; null: any longer
		Commands uint64   `json:"commands"`
	}
)

func toJSON(sessions []Session) []sessionJSON {
	list := []sessionJSON{}
	for _, s := range sessions {
		j := sessionJSON{
			Node: s.Node, Name: s.Name, Volume: s.Volume, Initiator: s.Initiator, ISID: isid(s.ISID), Target: s.Target,
			Remote: s.Remote.String(), Since: s.Since.UTC(), Digests: []string{}, Units: []unitJSON{},
		}
		if s.SessionInfo.Digests.Header {
			j.Digests = append(j.Digests, "header")
		}
		if s.SessionInfo.Digests.Data {
			j.Digests = append(j.Digests, "data")
		}
		for _, u := range s.LUNs {
			j.Units = append(j.Units, toldUnit(u))
		}
		list = append(list, j)
	}
	return list
}

func toldUnit(u block.LUNStats) unitJSON {
	j := unitJSON{
		LUN: lun(u), Reads: u.Reads, Writes: u.Writes, Others: u.Others, ReadBytes: u.ReadBytes, WrittenBytes: u.WrittenBytes,
		Errors: u.Errors, InFlight: u.InFlight, Seconds: u.Time.Seconds(), Latency: []bucketJSON{},
	}
	for i, n := range u.Latency {
		if n == 0 {
			continue
		}
		b := bucketJSON{Commands: n}
		if i < len(u.Latency)-1 {
			below := block.LatencyBound(i).Seconds()
			b.Below = &below
		}
		j.Latency = append(j.Latency, b)
	}
	return j
}

// isid formats an ISID as initiators and persistent reservations do.
func isid(id iscsi.ISID) string { return fmt.Sprintf("0x%x", id[:]) }

// lun returns the number of a unit.
func lun(u block.LUNStats) uint64 { return u.LUN >> 48 }
