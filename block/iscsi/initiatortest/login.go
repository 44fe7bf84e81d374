package initiatortest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ironhook/block/iscsi"
)

// LoginError is a login that the target refused.
type LoginError struct{ Status uint16 }

func (e *LoginError) Error() string { return fmt.Sprintf("login refused with status %#04x", e.Status) }

// Stages of a login: what the second byte of its PDUs has.
const (
	securityToOperational = 0x81
	operationalToFull     = 0x87
)

func (i *Initiator) logIn() error {
	o := &i.opts
	names := []iscsi.Pair{{Key: "InitiatorName", Value: o.Name}, {Key: "SessionType", Value: "Normal"}, {Key: "TargetName", Value: o.Target}}
	if o.Target == "" {
		names = append(names[:1], iscsi.Pair{Key: "SessionType", Value: "Discovery"})
	}
	method := "None"
	if o.User != "" {
		method = "CHAP"
	}
	h, answers, err := i.Round(securityToOperational, append(names, iscsi.Pair{Key: "AuthMethod", Value: method})...)
	if err != nil {
		return err
	}
	if answers["AuthMethod"] != method {
		return fmt.Errorf("AuthMethod=%s, want %s", answers["AuthMethod"], method)
	}
	if o.User != "" {
		if h, err = i.proveCHAP(h); err != nil {
			return err
		}
	}
	if h[1] != securityToOperational {
		return fmt.Errorf("after authentication the target is in stage %#02x", h[1])
	}
	return i.negotiate()
}

// negotiate offers our defaults and the keys of the options, and goes to full feature
// phase.
func (i *Initiator) negotiate() error {
	offer := map[string]string{
		"HeaderDigest": "None", "DataDigest": "None", "InitialR2T": "No", "ImmediateData": "Yes", "MaxBurstLength": "262144",
		"FirstBurstLength": "65536", "MaxRecvDataSegmentLength": strconv.Itoa(maxData), "MaxOutstandingR2T": "1",
	}
	for _, p := range i.opts.Keys {
		offer[p.Key] = p.Value
	}
	var pairs []iscsi.Pair
	for _, key := range slices.Sorted(maps.Keys(offer)) {
		pairs = append(pairs, iscsi.Pair{Key: key, Value: offer[key]})
	}
	h, answers, err := i.Round(operationalToFull, pairs...)
	if err != nil {
		return err
	}
	if h[1] != operationalToFull {
		return fmt.Errorf("target stays in stage %#02x", h[1])
	}
	i.Answers = answers
	i.Digests = iscsi.Digests{Header: answers["HeaderDigest"] == "CRC32C", Data: answers["DataDigest"] == "CRC32C"}
	return nil
}

// Round sends one login request with the given second byte and returns the response.
func (i *Initiator) Round(stage byte, pairs ...iscsi.Pair) (iscsi.Header, map[string]string, error) {
	h := make(iscsi.Header, iscsi.HeaderLen)
	h[0], h[1] = byte(iscsi.OpLoginRequest)|0x40, stage
	copy(h[8:], i.opts.ISID[:])
	h.PutUint32(iscsi.OffCmdSN, i.CmdSN)
	h.PutUint32(iscsi.OffExpStat, i.StatSN)
	if err := i.Send(h, iscsi.AppendText(nil, pairs...)); err != nil {
		return nil, nil, err
	}
	p, err := iscsi.ReadPDU(i.Conn, iscsi.Digests{}, 8192)
	if err != nil {
		return nil, nil, err
	}
	if status := p.Header.Uint16(36); status != 0 {
		return nil, nil, &LoginError{status}
	}
	i.StatSN = p.Header.Uint32(iscsi.OffStatSN) + 1
	i.ExpCmdSN, i.MaxCmdSN = p.Header.Uint32(iscsi.OffExpCmd), p.Header.Uint32(iscsi.OffMaxCmd)
	answers := map[string]string{}
	list, err := iscsi.ParseText(p.Data)
	for _, pair := range list {
		answers[pair.Key] = pair.Value
	}
	return p.Header, answers, err
}

// proveCHAP answers the target's challenge, and with a MutualUser challenges it in
// turn. Like iPXE it wants to move on in every round.
func (i *Initiator) proveCHAP(iscsi.Header) (iscsi.Header, error) {
	o := &i.opts
	h, a, err := i.Round(securityToOperational, iscsi.Pair{Key: "CHAP_A", Value: "5"})
	if err != nil {
		return h, err
	}
	if h[1]&iscsi.FlagFinal != 0 {
		return h, fmt.Errorf("target moves on before authentication")
	}
	challenge, err := hex.DecodeString(strings.TrimPrefix(a["CHAP_C"], "0x"))
	if err != nil {
		return h, err
	}
	reply := []iscsi.Pair{{Key: "CHAP_N", Value: o.User}, {Key: "CHAP_R", Value: response(a["CHAP_I"], o.Secret, challenge)}}
	ours := []byte("sixteen bytes :)")
	if o.MutualUser != "" {
		reply = append(reply, iscsi.Pair{Key: "CHAP_I", Value: "7"}, iscsi.Pair{Key: "CHAP_C", Value: "0x" + hex.EncodeToString(ours)})
	}
	if h, a, err = i.Round(securityToOperational, reply...); err != nil || o.MutualUser == "" {
		return h, err
	}
	if a["CHAP_N"] != o.MutualUser || a["CHAP_R"] != response("7", o.MutualSecret, ours) {
		return h, fmt.Errorf("target does not prove that it is %s", o.MutualUser)
	}
	return h, nil
}

func response(id, secret string, challenge []byte) string {
	n, _ := strconv.Atoi(id)
	sum := md5.Sum(append([]byte{byte(n)}, secret+string(challenge)...))
	return "0x" + hex.EncodeToString(sum[:])
}
