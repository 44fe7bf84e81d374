package iscsi

import (
	"fmt"
	"testing"
)

// The table against a second source, RFC 3720 §12: for the keys that both have, RFC 7143
// §13 differs only in the markers.
func TestKeyTable(t *testing.T) {
	second := map[string]struct {
		result           string
		preset, min, max int
	}{
		"MaxConnections":           {"minimum", 1, 1, 65535},
		"InitialR2T":               {"OR", yes, no, yes},
		"ImmediateData":            {"AND", yes, no, yes},
		"MaxRecvDataSegmentLength": {"declarative", 8192, 512, 16777215},
		"MaxBurstLength":           {"minimum", 262144, 512, 16777215},
		"FirstBurstLength":         {"minimum", 65536, 512, 16777215},
		"DefaultTime2Wait":         {"maximum", 2, 0, 3600},
		"DefaultTime2Retain":       {"minimum", 20, 0, 3600},
		"MaxOutstandingR2T":        {"minimum", 1, 1, 65535},
		"DataPDUInOrder":           {"OR", yes, no, yes},
		"DataSequenceInOrder":      {"OR", yes, no, yes},
		"ErrorRecoveryLevel":       {"minimum", 0, 0, 2},
	}
	for key, r := range rules {
		want, ok := second[key]
		if !ok && key != "iSCSIProtocolLevel" { // RFC 7144
			t.Errorf("%s is not in RFC 3720", key)
		}
		if ok && (r.preset != want.preset || r.min != want.min || r.max != want.max) {
			t.Errorf("%s has default %d, range %d to %d, want %+v", key, r.preset, r.min, r.max, want)
		}
		if ok {
			checkResult(t, key, r, want.result)
		}
	}
}

// checkResult offers the ends of a key's range, our own value, and values beyond the range.
func checkResult(t *testing.T, key string, r rule, result string) {
	for _, theirs := range []int{r.min, r.ours, r.max} {
		want := map[string]string{
			"declarative": "", "minimum": r.format(min(theirs, r.ours)), "maximum": fmt.Sprint(max(theirs, r.ours)),
		}[result]
		if r.boolean() {
			both, either := theirs == yes && r.ours == yes, theirs == yes || r.ours == yes
			want = map[bool]string{true: "Yes", false: "No"}[result == "AND" && both || result == "OR" && either]
		}
		n := newNegotiation()
		n.numbers["InitialR2T"] = no // or FirstBurstLength could be irrelevant
		if got := n.take(Pair{key, r.format(theirs)}); got != want {
			t.Errorf("%s=%s = %q, want %q", key, r.format(theirs), got, want)
		}
	}
	for _, bad := range []string{fmt.Sprint(r.max + 1), "-1", "", "maybe", "99999999999999999999"} {
		n := newNegotiation()
		n.numbers["InitialR2T"] = no
		if got := n.take(Pair{key, bad}); got != reject || n.numbers[key] != newNegotiation().numbers[key] && key != "InitialR2T" {
			t.Errorf("%s=%s = %q, want %q and the default as before", key, bad, got, reject)
		}
	}
}

func TestNegotiate(t *testing.T) {
	for offer, want := range map[Pair]string{
		{"HeaderDigest", "CRC32C,None"}:        "CRC32C",
		{"HeaderDigest", "None,CRC32C"}:        "None",
		{"HeaderDigest", "SHA1"}:               reject,
		{"MaxBurstLength", "511"}:              reject,
		{"MaxBurstLength", "0x10000"}:          "65536",
		{"FirstBurstLength", "0X8000"}:         "32768",
		{"IFMarker", "Yes"}:                    "No",
		{"OFMarkInt", "2048~8192"}:             reject,
		{"InitiatorAlias", "any thing"}:        "",
		{"RDMAExtensions", "Yes"}:              notUnderstood,
		{"TaskReporting", "FastAbort,RFC3720"}: "RFC3720",
		{"iSCSIProtocolLevel", "2"}:            "1",
	} {
		n := newNegotiation()
		if got := n.take(offer); got != want {
			t.Errorf("take(%v) = %q, want %q", offer, got, want)
		}
	}
	n := newNegotiation()
	n.take(Pair{"InitialR2T", "Yes"})
	n.take(Pair{"ImmediateData", "No"})
	if got := n.take(Pair{"FirstBurstLength", "65536"}); got != irrelevant {
		t.Errorf("FirstBurstLength without unsolicited data = %q, want %q", got, irrelevant)
	}
}
