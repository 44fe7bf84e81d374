package iscsi

import (
	"context"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"ironhook/block"
)

// Target is an iSCSI target node: one portal group, any number of target names. Set its
// fields before the first call and do not change them afterwards; its methods are safe for
// concurrent use.
type Target struct {
	// Lookup returns at every login what an initiator may open. Both names are in lower
	// case. To refuse, its error wraps [block.ErrNoTarget] or [block.ErrForbidden].
	Lookup func(ctx context.Context, initiator, target string) (block.Grant, error)

	// Discover returns the target names that an initiator may see, for SendTargets. Nil
	// stands for none.
	Discover func(ctx context.Context, initiator string) ([]string, error)

	// Advertised is the portal that SendTargets names, for initiators that reach the target
	// through a port forward. The zero value is the address that each of them came to.
	Advertised netip.AddrPort

	// Observe, if set, is called with logins and other events from the goroutines of the
	// sessions; it must not block.
	Observe func(Event)

	// Reached, if set, is called with the name of a limit, one of those below, whenever it holds
	// an initiator back; it must not block.
	Reached func(limit string)

	Limits Limits
	Log    *slog.Logger // nil: silent; has every login that failed, with its status and reason

	mu       sync.Mutex
	sessions map[sessionKey]*conn
	conns    map[*conn]struct{}
	lastTSIH uint16
}

// Limits bound the resources that peers can occupy. A zero field stands for the value in
// parentheses.
type Limits struct {
	Connections     int           // in all (4096)
	Unauthenticated int           // before their login is complete, and discoveries (1024)
	PerSecond       int           // taken in a second; the others wait in the kernel's queue (2000)
	PerInitiator    int           // sessions of one initiator name with one target name (16)
	LoginTime       time.Duration // from the first byte to full feature phase (60 s: longer than initiators wait)
	QueueDepth      int           // commands in flight in one session (128)
	Memory          int64         // bytes of buffers; beyond it no R2T is granted and windows close (256 MiB)
	Busy            int           // connections whose requests are carried out at a time (GOMAXPROCS)
	Workers         int           // commands that wait for a disk at once (32)
	Keepalive       time.Duration // silence after which a peer is pinged (30 s)
	Idle            time.Duration // silence after which a peer that never answers pings is dropped (1 h)
	Drain           time.Duration // for initiators to log out when the target stops (2 s)
}

// The names of the limits that are told by [Target.Reached].
const (
	LimitConnections     = "connections"
	LimitUnauthenticated = "unauthenticated"
	LimitRate            = "connections_a_second"
	LimitSessions        = "sessions_of_initiator"
	LimitLoginTime       = "login_time"
	LimitPing            = "pings"
	LimitSilence         = "silence"
	LimitMemory          = "memory"
	LimitLength          = "pdu_length"
	LimitLines           = "failed_login_lines"
)

func (t *Target) reached(limit string) {
	if t.Reached != nil {
		t.Reached(limit)
	}
}

// maxMemory is the preset of Limits.Memory, in bytes.
const maxMemory = 256 << 20

func (l Limits) withDefaults() Limits {
	orInt := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	orTime := func(p *time.Duration, v time.Duration) {
		if *p <= 0 {
			*p = v
		}
	}
	orInt(&l.Connections, 4096)
	orInt(&l.Unauthenticated, 1024)
	orInt(&l.PerSecond, 2000)
	orInt(&l.PerInitiator, 16)
	orInt(&l.QueueDepth, 128)
	orInt(&l.Busy, runtime.GOMAXPROCS(0))
	orInt(&l.Workers, 32)
	orTime(&l.LoginTime, time.Minute)
	orTime(&l.Keepalive, 30*time.Second)
	orTime(&l.Idle, time.Hour)
	orTime(&l.Drain, 2*time.Second)
	if l.Memory <= 0 {
		l.Memory = maxMemory
	}
	return l
}

// EventKind is the kind of an [Event].
type EventKind string

// The kinds of event. LoginFailed needs an initiator that gave its name: other garbage
// causes no event. FirstRead and FirstWrite come once a session: they show that a machine
// boots, and that it has begun to use its disk.
const (
	Login       EventKind = "login"
	LoginFailed EventKind = "login-failed"
	FirstRead   EventKind = "first-read"
	FirstWrite  EventKind = "first-write"
	Logout      EventKind = "logout"
	Closed      EventKind = "closed"
)

// ISID is the initiator's part of a session's name (RFC 7143 §11.12.5).
type ISID [6]byte

// Event is one thing that an initiator did. It never carries a secret.
type Event struct {
	Kind      EventKind
	Initiator string
	ISID      ISID
	Target    string // empty for discovery
	Remote    netip.AddrPort
	Reason    string // LoginFailed, Closed: why
}

// sessionKey identifies a session: a login with the key of a live session replaces it (RFC
// 7143 §6.3.5). iPXE's ISID is the same on every machine, so only the initiator's name
// distinguishes its sessions.
type sessionKey struct {
	initiator string
	isid      ISID
	target    string
}

// portalGroup is the tag of our only portal group.
const portalGroup = 1
