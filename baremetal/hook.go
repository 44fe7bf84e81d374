package baremetal

import "time"

// Hook is a URL to which events are posted as they happen.
type Hook struct {
	UUID    string
	URL     string // the whole of it may be a secret: only scheme and host are shown
	Secret  string // the key of the signatures, 24 to 64 bytes as "whsec_" and base64
	Kinds   []EventKind
	Node    string // UUID; "" is all
	Enabled bool

	Position  int64 // number of the last event that was delivered, did not concern it, or was given up
	Attempts  int64 // at the next event that failed
	Failures  int64 // in a row
	RetryAt   time.Time
	LastError string
	Delivered time.Time // when the last was

	CreatedAt, UpdatedAt time.Time
}

// DeadLetter is an event that a hook did not take and that was given up.
type DeadLetter struct {
	UUID     string
	Hook     string // UUID
	Seq      int64  // number of the event
	Body     string // as it was posted, JSON
	Attempts int64
	Error    string

	CreatedAt, UpdatedAt time.Time
}
