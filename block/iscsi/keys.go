package iscsi

import (
	"slices"
	"strconv"
	"strings"
)

// A rule says how a number or a boolean is negotiated (RFC 7143 §13). A boolean is 1 for
// Yes and 0 for No.
type rule struct {
	result   func(theirs, ours int) int // nil: each side declares its own, unanswered
	ours     int                        // what we want, or declare
	preset   int                        // the default if the key is not negotiated
	min, max int
}

const (
	no, yes = 0, 1
	max24   = 1<<24 - 1

	// maxRecvData is the longest data segment that we accept in full feature phase.
	maxRecvData = 256 << 10
	// maxLoginData is the longest one while nothing was declared.
	maxLoginData = 8192
)

// rules has the keys whose values are numbers or booleans. The tests hold it against a
// second source, RFC 3720 §12.
var rules = map[string]rule{
	//                          result    ours         preset  min  max
	"MaxConnections":           {smaller, 1, 1, 1, 65535},
	"InitialR2T":               {or, no, yes, no, yes},
	"ImmediateData":            {and, yes, yes, no, yes},
	"MaxRecvDataSegmentLength": {nil, maxRecvData, 8192, 512, max24},
	"MaxBurstLength":           {smaller, 1 << 20, 262144, 512, max24},
	"FirstBurstLength":         {smaller, 64 << 10, 65536, 512, max24},
	"DefaultTime2Wait":         {larger, 2, 2, 0, 3600},
	"DefaultTime2Retain":       {smaller, 0, 20, 0, 3600},
	"MaxOutstandingR2T":        {smaller, 4, 1, 1, 65535},
	"DataPDUInOrder":           {or, yes, yes, no, yes},
	"DataSequenceInOrder":      {or, yes, yes, no, yes},
	"ErrorRecoveryLevel":       {smaller, 0, 0, 0, 2},
	"iSCSIProtocolLevel":       {smaller, 1, 1, 0, 31},
}

func smaller(theirs, ours int) int { return min(theirs, ours) }
func larger(theirs, ours int) int  { return max(theirs, ours) }
func or(theirs, ours int) int      { return theirs | ours }
func and(theirs, ours int) int     { return theirs & ours }

// lists has the keys that offer a list, with the values that we support: the first
// supported value of the offer is chosen. The first of ours is the default if the key is
// not negotiated.
var lists = map[string][]string{
	"HeaderDigest":  {none, crc32c},
	"DataDigest":    {none, crc32c},
	"TaskReporting": {"RFC3720"},
}

const (
	none   = "None"
	crc32c = "CRC32C"
)

// notes has the keys by which an initiator identifies itself and its target.
var notes = []string{"InitiatorName", "TargetName", "SessionType"}

// fixed has the keys with a fixed answer: markers, for which RFC 7143 §13.25 forbids
// NotUnderstood; the keys of the security stage, which come too late where this table is
// read; and the alias, which needs no answer.
var fixed = map[string]string{
	"IFMarker": "No", "OFMarker": "No", "IFMarkInt": reject, "OFMarkInt": reject,
	"AuthMethod": reject, "InitiatorAlias": "",
}

// negotiation is the state of the negotiated keys.
type negotiation struct {
	numbers map[string]int
	texts   map[string]string
}

func newNegotiation() negotiation {
	n := negotiation{numbers: map[string]int{}, texts: map[string]string{"SessionType": sessionNormal}}
	for key, r := range rules {
		n.numbers[key] = r.preset
	}
	for key, values := range lists {
		n.texts[key] = values[0]
	}
	return n
}

// take applies one offer and returns our answer, or "" where none is due.
func (n *negotiation) take(offer Pair) (answer string) {
	if answer, ok := fixed[offer.Key]; ok {
		return answer
	}
	if values, ok := lists[offer.Key]; ok {
		return n.choose(offer, values)
	}
	if r, ok := rules[offer.Key]; ok {
		return n.settle(offer, r)
	}
	if slices.Contains(notes, offer.Key) {
		n.texts[offer.Key] = offer.Value
		return ""
	}
	return notUnderstood
}

func (n *negotiation) choose(offer Pair, ours []string) string {
	v := firstSupported(offer.Value, ours)
	if v == "" {
		return reject
	}
	n.texts[offer.Key] = v
	return v
}

// firstSupported returns the first value of a comma-separated offer that we support, or "".
// The order of the offer is the initiator's preference (RFC 7143 §6.2.1).
func firstSupported(offer string, ours []string) string {
	for v := range strings.SplitSeq(offer, ",") {
		if slices.Contains(ours, v) {
			return v
		}
	}
	return ""
}

func (n *negotiation) settle(offer Pair, r rule) string {
	v, ok := r.parse(offer.Value)
	switch {
	case !ok:
		return reject
	case offer.Key == "FirstBurstLength" && n.numbers["InitialR2T"] == yes && n.numbers["ImmediateData"] == no:
		return irrelevant // there is no unsolicited data at all (RFC 7143 §13.14)
	case r.result == nil:
		n.numbers[offer.Key] = v
		return ""
	}
	v = r.result(v, r.ours)
	n.numbers[offer.Key] = v
	return r.format(v)
}

func (r rule) boolean() bool { return r.max == yes }

func (r rule) parse(s string) (v int, ok bool) {
	if r.boolean() {
		return map[string]int{"Yes": yes}[s], s == "Yes" || s == "No"
	}
	v, ok = parseNumber(s)
	return v, ok && r.min <= v && v <= r.max
}

func (r rule) format(v int) string {
	if r.boolean() {
		return [...]string{no: "No", yes: "Yes"}[v]
	}
	return strconv.Itoa(v)
}

const (
	sessionNormal    = "Normal"
	sessionDiscovery = "Discovery"
)

// Params are the operational parameters that a session uses. Lengths are in bytes, times in
// seconds.
type Params struct {
	Digests                   Digests
	InitialR2T, ImmediateData bool
	MaxSend                   int // the initiator's MaxRecvDataSegmentLength
	MaxBurst, FirstBurst      int
	MaxOutstandingR2T         int
	Time2Wait                 int
}

// params returns the negotiated parameters.
func (n *negotiation) params() Params {
	v := n.numbers
	return Params{
		Digests:           Digests{Header: n.texts["HeaderDigest"] == crc32c, Data: n.texts["DataDigest"] == crc32c},
		InitialR2T:        v["InitialR2T"] == yes,
		ImmediateData:     v["ImmediateData"] == yes,
		MaxSend:           v["MaxRecvDataSegmentLength"],
		MaxBurst:          v["MaxBurstLength"],
		FirstBurst:        min(v["FirstBurstLength"], v["MaxBurstLength"]),
		MaxOutstandingR2T: v["MaxOutstandingR2T"],
		Time2Wait:         v["DefaultTime2Wait"],
	}
}
