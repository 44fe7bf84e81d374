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
type LoginError struct{ Status iscsi.LoginStatus }

// Error names the status (RFC 7143 section 11.13.5).
func (e *LoginError) Error() string {
	return fmt.Sprintf("login refused with status %#04x", uint16(e.Status))
}

// A Move is what a login request asks for: from one stage to another.
type Move struct{ From, To iscsi.Stage }

// The moves of a login.
var (
	SecurityToOperational = Move{iscsi.SecurityStage, iscsi.OperationalStage}
	SecurityToFull        = Move{iscsi.SecurityStage, iscsi.FullFeaturePhase}
	OperationalToFull     = Move{iscsi.OperationalStage, iscsi.FullFeaturePhase}
)

// made reports whether the target agreed to the move.
func (m Move) made(r iscsi.LoginResponse) bool {
	return r.Transit && r.Stage == m.From && r.Next == m.To
}

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
	resp, answers, err := i.Round(SecurityToOperational, append(names, iscsi.Pair{Key: "AuthMethod", Value: method})...)
	if err != nil {
		return err
	}
	if answers["AuthMethod"] != method {
		return fmt.Errorf("AuthMethod=%s, want %s", answers["AuthMethod"], method)
	}
	if o.User != "" {
		if resp, err = i.proveCHAP(); err != nil {
			return err
		}
	}
	if !SecurityToOperational.made(resp) {
		return fmt.Errorf("after authentication the target answers %+v", resp)
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
	resp, answers, err := i.Round(OperationalToFull, pairs...)
	if err != nil {
		return err
	}
	if !OperationalToFull.made(resp) {
		return fmt.Errorf("target stays in the operational stage: %+v", resp)
	}
	i.Answers = answers
	i.Digests = iscsi.Digests{Header: answers["HeaderDigest"] == "CRC32C", Data: answers["DataDigest"] == "CRC32C"}
	return nil
}

// Round sends one login request and returns the response and its keys.
func (i *Initiator) Round(move Move, pairs ...iscsi.Pair) (resp iscsi.LoginResponse, answers map[string]string, err error) {
	m := iscsi.LoginRequest{
		RequestFields: iscsi.RequestFields{Immediate: true, CmdSN: i.CmdSN, ExpStatSN: i.StatSN},
		Transit:       true, Stage: move.From, Next: move.To, ISID: i.opts.ISID,
	}
	if err := i.Send(m, iscsi.AppendText(nil, pairs...)); err != nil {
		return resp, nil, err
	}
	p, err := iscsi.ReadPDU(i.Conn, iscsi.Digests{}, 8192)
	if err != nil {
		return resp, nil, err
	}
	if resp = Decode[iscsi.LoginResponse](p); resp.Status != 0 {
		return resp, nil, &LoginError{resp.Status}
	}
	i.StatSN = resp.StatSN + 1
	i.ExpCmdSN, i.MaxCmdSN = resp.ExpCmdSN, resp.MaxCmdSN
	answers = map[string]string{}
	list, err := iscsi.ParseText(p.Data)
	for _, pair := range list {
		answers[pair.Key] = pair.Value
	}
	return resp, answers, err
}

// proveCHAP answers the target's challenge, and with a MutualUser challenges it in turn.
// Like iPXE it sets the T bit in every round.
func (i *Initiator) proveCHAP() (iscsi.LoginResponse, error) {
	o := &i.opts
	resp, a, err := i.Round(SecurityToOperational, iscsi.Pair{Key: "CHAP_A", Value: "5"})
	if err != nil {
		return resp, err
	}
	if resp.Transit {
		return resp, fmt.Errorf("target moves on before authentication")
	}
	challenge, err := hex.DecodeString(strings.TrimPrefix(a["CHAP_C"], "0x"))
	if err != nil {
		return resp, err
	}
	reply := []iscsi.Pair{{Key: "CHAP_N", Value: o.User}, {Key: "CHAP_R", Value: response(a["CHAP_I"], o.Secret, challenge)}}
	ours := []byte("sixteen bytes :)")
	if o.MutualUser != "" {
		reply = append(reply, iscsi.Pair{Key: "CHAP_I", Value: "7"}, iscsi.Pair{Key: "CHAP_C", Value: "0x" + hex.EncodeToString(ours)})
	}
	if resp, a, err = i.Round(SecurityToOperational, reply...); err != nil || o.MutualUser == "" {
		return resp, err
	}
	if a["CHAP_N"] != o.MutualUser || a["CHAP_R"] != response("7", o.MutualSecret, ours) {
		return resp, fmt.Errorf("target does not prove that it is %s", o.MutualUser)
	}
	return resp, nil
}

func response(id, secret string, challenge []byte) string {
	n, _ := strconv.Atoi(id)
	sum := md5.Sum(append([]byte{byte(n)}, secret+string(challenge)...))
	return "0x" + hex.EncodeToString(sum[:])
}
