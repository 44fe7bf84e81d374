package iscsi

// Sequence numbers wrap: they are compared by the serial arithmetic of RFC 1982, as RFC
// 7143 §4.2.2.1 asks.

// before reports whether a precedes b.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// between reports whether lo <= n <= hi.
func between(lo, n, hi uint32) bool { return !before(n, lo) && !before(hi, n) }
