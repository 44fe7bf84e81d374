package appliance

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"ironhook/store"
)

// neighbourLimits has the settings of the kernel's table of neighbours (ARP). Those of IPv6
// are not read: machines boot by IPv4.
const neighbourLimits = "/proc/sys/net/ipv4/neigh/default"

// overhead are the neighbours that are no machines of ours: BMCs, routers, workstations.
const overhead = 64

// crowded returns what is wrong if the kernel may have no room for the neighbour entries of
// all machines, and what to do about it; "" if it has room, or cannot be asked. The kernel
// drops packets to a host for which it finds no room (neighbour table overflow), so that a
// machine hears no answer.
func crowded(cards int, limits string) (text, remedy string) {
	b, err := os.ReadFile(filepath.Join(limits, "gc_thresh3")) // absent in a network namespace, as of a container
	if err != nil {
		return "", ""
	}
	most, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || cards+overhead <= most {
		return "", ""
	}
	enough := 1024
	for enough < 4*cards {
		enough *= 2
	}
	return fmt.Sprintf("%d network cards are enrolled, and the kernel keeps %d neighbours at most: packets to others are dropped", cards,
			most),
		fmt.Sprintf("sysctl -w net.ipv4.neigh.default.gc_thresh2=%d net.ipv4.neigh.default.gc_thresh3=%d, and write both into a file in "+
			"/etc/sysctl.d", enough/2, enough)
}

// checkNeighbours compares the enrolled cards with the kernel's room for neighbours.
func checkNeighbours(_ context.Context, p *patient) (string, []Finding) {
	if text, remedy := crowded(p.seen.Ports, neighbourLimits); text != "" {
		return "", bad(remedy, "%s", text)
	}
	return fmt.Sprintf("room for the %d enrolled cards", p.seen.Ports), nil
}

// warnCrowded logs the same at the start.
func warnCrowded(ctx context.Context, s *store.Store, log *slog.Logger) error {
	var cards int64
	err := s.View(ctx, func(tx *store.Tx) (err error) {
		cards, err = tx.Ports().Count()
		return err
	})
	if err != nil {
		return err
	}
	if text, remedy := crowded(int(cards), neighbourLimits); text != "" {
		log.Warn("the kernel's table of neighbours is too small: "+text, "remedy", remedy)
	}
	return nil
}
