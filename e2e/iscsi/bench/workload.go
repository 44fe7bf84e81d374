package main

// workload is one way of loading a target.
type workload struct {
	name     string
	kind     kind
	block    int // bytes
	depth    int // requests in flight
	sessions int
	on       medium
	want     float64 // the least ratio to the other side that we are content with
	digests  bool    // the other side is not tgt but ourselves without digests
}

type kind int

const (
	randomRead kind = iota
	sequentialRead
	stridedWrite
	sequentialWrite
	flushedWrite // strided, with a flush after each
)

type medium int

const (
	memory medium = iota // a file on tmpfs
	disk                 // a file in the scratch folder
)

// workloads are the rows of the table, with what issue and documentation promise.
var workloads = []workload{
	{name: "random read 4k q1", kind: randomRead, block: 4 << 10, depth: 1, sessions: 1, want: 1.1},
	{name: "random read 4k q32", kind: randomRead, block: 4 << 10, depth: 32, sessions: 1, want: 2.5},
	{name: "random read 4k q128", kind: randomRead, block: 4 << 10, depth: 128, sessions: 1, want: 3},
	{name: "sequential read 64k q8", kind: sequentialRead, block: 64 << 10, depth: 8, sessions: 1, want: 2.5},
	{name: "sequential read 256k q16", kind: sequentialRead, block: 256 << 10, depth: 16, sessions: 1, want: 1.5},
	{name: "random write 4k q32", kind: stridedWrite, block: 4 << 10, depth: 32, sessions: 1, want: 1.8},
	{name: "sequential write 64k q16", kind: sequentialWrite, block: 64 << 10, depth: 16, sessions: 1, want: 2.5},
	{name: "sequential write 256k q8", kind: sequentialWrite, block: 256 << 10, depth: 8, sessions: 1},
	{name: "random read 4k q32 4 sessions", kind: randomRead, block: 4 << 10, depth: 32, sessions: 4, want: 3.5},
	{name: "sequential read 64k q8 4 sessions", kind: sequentialRead, block: 64 << 10, depth: 8, sessions: 4},
	{name: "write 4k and flush on disk", kind: flushedWrite, block: 4 << 10, depth: 1, sessions: 1, on: disk, want: 1},
	{name: "random read 4k q32 digests", kind: randomRead, block: 4 << 10, depth: 32, sessions: 1, want: 0.85, digests: true},
	{name: "sequential read 64k q8 digests", kind: sequentialRead, block: 64 << 10, depth: 8, sessions: 1, want: 0.85, digests: true},
}

// size is the length of the files in bytes.
const size = 1 << 30

func (w workload) writes() bool { return w.kind >= stridedWrite }

func (w workload) random() bool { return w.kind != sequentialRead && w.kind != sequentialWrite }
