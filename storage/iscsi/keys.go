package iscsi

import (
	"slices"
	"strconv"
	"strings"
)

// Params are the operational parameters of a session (RFC 7143 §13). Lengths are in bytes, times in seconds.
type Params struct {
	HeaderDigest, DataDigest         string // None or CRC32C
	MaxConnections, ErrorRecovery    int
	InitialR2T, ImmediateData        bool
	MaxSend                          int // the initiator's MaxRecvDataSegmentLength
	MaxBurst, FirstBurst             int
	Time2Wait, Time2Retain           int
	MaxOutstandingR2T                int
	DataPDUInOrder, DataSeqInOrder   bool
	TaskReporting                    string
	ProtocolLevel                    int
	SessionType, Initiator, TargetIQ string
}

// Digests returns what was negotiated in the form that the codec wants.
func (p *Params) Digests() Digests {
	return Digests{Header: p.HeaderDigest == crc32c, Data: p.DataDigest == crc32c}
}

const (
	crc32c = "CRC32C"
	none   = "None"

	sessionNormal    = "Normal"
	sessionDiscovery = "Discovery"

	// maxRecvData is the longest data segment we accept in full feature phase, and declare.
	maxRecvData = 256 << 10
	// maxLoginData is the longest one before anything was declared (RFC 7143 §13.12).
	maxLoginData = 8192
)

// A kind is how the offers of both sides become one result (RFC 7143 §6.2).
type kind func(r *rule, p *Params, offer string) (answer string)

// A rule says how one key is negotiated.
type rule struct {
	kind     kind
	min, max int    // range of a number
	preset   int    // its value when nobody speaks of it; booleans: 0 No, 1 Yes
	ours     int    // our side of the negotiation
	choices  string // list: what we support

	number func(*Params) *int
	flag   func(*Params) *bool
	text   func(*Params) *string
}

// operational is every key of RFC 7143 §13 that an initiator may send in the operational stage, by its rule. It is checked against
// RFC 3720 §12 in the tests.
var operational = map[string]rule{
	"HeaderDigest":  {kind: list, choices: "CRC32C,None", text: func(p *Params) *string { return &p.HeaderDigest }},
	"DataDigest":    {kind: list, choices: "CRC32C,None", text: func(p *Params) *string { return &p.DataDigest }},
	"TaskReporting": {kind: list, choices: "RFC3720", text: func(p *Params) *string { return &p.TaskReporting }},

	"InitialR2T":          {kind: or, preset: 1, ours: 0, flag: func(p *Params) *bool { return &p.InitialR2T }},
	"ImmediateData":       {kind: and, preset: 1, ours: 1, flag: func(p *Params) *bool { return &p.ImmediateData }},
	"DataPDUInOrder":      {kind: or, preset: 1, ours: 1, flag: func(p *Params) *bool { return &p.DataPDUInOrder }},
	"DataSequenceInOrder": {kind: or, preset: 1, ours: 1, flag: func(p *Params) *bool { return &p.DataSeqInOrder }},

	"MaxConnections":     {kind: smaller, min: 1, max: 65535, preset: 1, ours: 1, number: func(p *Params) *int { return &p.MaxConnections }},
	"MaxBurstLength":     {kind: smaller, min: 512, max: 1<<24 - 1, preset: 262144, ours: 1 << 20, number: func(p *Params) *int { return &p.MaxBurst }},
	"FirstBurstLength":   {kind: firstBurst, min: 512, max: 1<<24 - 1, preset: 65536, ours: 64 << 10, number: func(p *Params) *int { return &p.FirstBurst }},
	"DefaultTime2Wait":   {kind: larger, min: 0, max: 3600, preset: 2, ours: 2, number: func(p *Params) *int { return &p.Time2Wait }},
	"DefaultTime2Retain": {kind: smaller, min: 0, max: 3600, preset: 20, ours: 0, number: func(p *Params) *int { return &p.Time2Retain }},
	"MaxOutstandingR2T":  {kind: smaller, min: 1, max: 65535, preset: 1, ours: 4, number: func(p *Params) *int { return &p.MaxOutstandingR2T }},
	"ErrorRecoveryLevel": {kind: smaller, min: 0, max: 2, preset: 0, ours: 0, number: func(p *Params) *int { return &p.ErrorRecovery }},
	"iSCSIProtocolLevel": {kind: smaller, min: 0, max: 31, preset: 1, ours: 1, number: func(p *Params) *int { return &p.ProtocolLevel }},

	// Declared by each side for itself: they are noted and not answered.
	"MaxRecvDataSegmentLength": {kind: declared, min: 512, max: 1<<24 - 1, preset: 8192, number: func(p *Params) *int { return &p.MaxSend }},
	"InitiatorAlias":           {kind: noted},
	"InitiatorName":            {kind: noted, text: func(p *Params) *string { return &p.Initiator }},
	"TargetName":               {kind: noted, text: func(p *Params) *string { return &p.TargetIQ }},
	"SessionType":              {kind: noted, text: func(p *Params) *string { return &p.SessionType }},

	// Obsolete since RFC 7143 §13.25, which forbids to answer that they are not understood.
	"IFMarker":   {kind: never},
	"OFMarker":   {kind: never},
	"IFMarkInt":  {kind: refused},
	"OFMarkInt":  {kind: refused},
	"AuthMethod": {kind: refused}, // security stage only
}

// presets returns the parameters of a session of which nobody has said anything.
func presets() Params {
	p := Params{HeaderDigest: none, DataDigest: none, TaskReporting: "RFC3720", SessionType: sessionNormal}
	for _, r := range operational {
		switch {
		case r.number != nil:
			*r.number(&p) = r.preset
		case r.flag != nil:
			*r.flag(&p) = r.preset == 1
		}
	}
	return p
}

// negotiate applies one offer to p and returns our answer, or "" where none is due.
func (p *Params) negotiate(offer Pair) (answer string) {
	r, ok := operational[offer.Key]
	if !ok {
		return notUnderstood
	}
	return r.kind(&r, p, offer.Value)
}

func smaller(r *rule, p *Params, offer string) string { return r.compare(p, offer, min(r.ours, r.max)) }

func larger(r *rule, p *Params, offer string) string {
	n, ok := r.inRange(offer)
	if !ok {
		return reject
	}
	return r.compare(p, strconv.Itoa(max(n, r.ours)), r.max)
}

// compare notes and answers the smaller of an offer and a limit.
func (r *rule) compare(p *Params, offer string, limit int) string {
	n, ok := r.inRange(offer)
	if !ok {
		return reject
	}
	n = min(n, limit)
	*r.number(p) = n
	return strconv.Itoa(n)
}

// firstBurst is irrelevant where there is no unsolicited data at all, and never more than MaxBurstLength (RFC 7143 §13.14).
func firstBurst(r *rule, p *Params, offer string) string {
	if p.InitialR2T && !p.ImmediateData {
		return irrelevant
	}
	return smaller(r, p, offer)
}

func declared(r *rule, p *Params, offer string) string {
	n, ok := r.inRange(offer)
	if !ok {
		return reject
	}
	*r.number(p) = n
	return ""
}

func noted(r *rule, p *Params, offer string) string {
	if r.text != nil {
		*r.text(p) = offer
	}
	return ""
}

func never(*rule, *Params, string) string   { return "No" }
func refused(*rule, *Params, string) string { return reject }

func or(r *rule, p *Params, offer string) string {
	return r.decide(p, offer, func(theirs bool) bool { return theirs || r.ours == 1 })
}

func and(r *rule, p *Params, offer string) string {
	return r.decide(p, offer, func(theirs bool) bool { return theirs && r.ours == 1 })
}

func (r *rule) decide(p *Params, offer string, result func(bool) bool) string {
	if offer != "Yes" && offer != "No" {
		return reject
	}
	v := result(offer == "Yes")
	*r.flag(p) = v
	if v {
		return "Yes"
	}
	return "No"
}

// list takes the first of the initiator's values that we support: the order is its preference.
func list(r *rule, p *Params, offer string) string {
	v := firstSupported(offer, strings.Split(r.choices, ","))
	if v == "" {
		return reject
	}
	*r.text(p) = v
	return v
}

// firstSupported returns the first value of a comma-separated offer that is among ours, or "".
func firstSupported(offer string, ours []string) string {
	for v := range strings.SplitSeq(offer, ",") {
		if slices.Contains(ours, v) {
			return v
		}
	}
	return ""
}

func (r *rule) inRange(s string) (int, bool) {
	n, ok := parseNumber(s)
	return n, ok && r.min <= n && n <= r.max
}
