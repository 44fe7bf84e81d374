package iscsi

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"ironhook/block"
)

const (
	maxLoginText   = 16 << 10 // bytes of one request's text, over all its PDUs
	maxLoginRounds = 32
)

// Stage is a stage of a login (RFC 7143 §11.12.3).
type Stage byte

// The stages. There is no stage 2.
const (
	SecurityStage    Stage = 0
	OperationalStage Stage = 1
	FullFeaturePhase Stage = 3
)

// login is the target's side of a login phase: a state machine that takes requests and
// gives responses.
type login struct {
	// lookup returns the grant once the names are known, also for a discovery.
	lookup func(sessionKey) (block.Grant, error)
	// admit registers the session; it may replace another one.
	admit  func() (tsih uint16, err error)
	random io.Reader
	window uint32 // initial command window

	began  bool
	rounds int
	first  LoginRequest // names this login
	stage  Stage
	statSN uint32
	text   []byte // of a request that is not yet complete
	seen   map[string]bool

	keys       negotiation
	identified bool
	key        sessionKey // once identified
	declared   bool       // our MaxRecvDataSegmentLength was sent
	proof      proof
	chap       *chap
	grant      block.Grant
	tsih       uint16
}

func (l *login) discovery() bool { return l.key.target == "" }
func (l *login) full() bool      { return l.stage == FullFeaturePhase }

// step takes one login request and returns the response to send. An error ends the login;
// the response, if its header is not nil, gives the initiator the reason. The session
// begins after the response for which full() is true.
func (l *login) step(req PDU) (PDU, error) {
	if req.Header.Opcode() != OpLoginRequest {
		return PDU{}, protocolError("opcode %#02x before login", byte(req.Header.Opcode()))
	}
	var m LoginRequest
	m.Decode(req.Header)
	if !l.began {
		l.begin(&m)
	}
	answers, transit, err := l.round(&m, req.Data)
	if err != nil {
		var le *loginError
		if !errors.As(err, &le) {
			le = &loginError{initiatorError, err}
		}
		return l.response(&m, false, le.status, nil), le
	}
	resp := l.response(&m, transit, loginOK, answers)
	if transit {
		l.stage = m.Next
	}
	return resp, nil
}

func (l *login) begin(m *LoginRequest) {
	l.began = true
	l.first = *m
	l.stage = m.Stage
	l.keys = newNegotiation()
	l.seen = map[string]bool{}
}

// round determines the answers to one request, and whether the transition that the
// initiator asks for is granted.
func (l *login) round(m *LoginRequest, data []byte) (answers []Pair, transit bool, err error) {
	if err := l.check(m); err != nil {
		return nil, false, err
	}
	if len(l.text)+len(data) > maxLoginText {
		return nil, false, loginFailure(initiatorError, "login text of more than %d bytes", maxLoginText)
	}
	l.text = append(l.text, data...)
	if m.Continue {
		return nil, false, nil // an empty response asks for the rest
	}
	pairs, err := ParseText(l.text)
	l.text = nil
	if err != nil {
		return nil, false, err
	}
	if answers, err = l.negotiate(pairs, m.Transit); err != nil {
		return nil, false, err
	}
	transit, err = l.transit(m)
	return answers, transit, err
}

// check refuses a request that does not belong to this login or to its stage.
func (l *login) check(m *LoginRequest) error {
	l.rounds++
	first := &l.first
	switch {
	case m.VersionMin > 0: // 0 is the only version
		return loginFailure(unsupportedVersion, "initiator wants at least version %d of the protocol", m.VersionMin)
	case l.rounds > maxLoginRounds:
		return loginFailure(initiatorError, "more than %d login requests", maxLoginRounds)
	case m.ISID != first.ISID || m.TSIH != first.TSIH || m.ITT != first.ITT || m.CID != first.CID:
		return loginFailure(invalidDuringLogin, "login request of another session or task")
	case m.TSIH != 0:
		// One connection a session and recovery level 0: there is no session to join.
		return loginFailure(noSuchSession, "no session with tag %d", m.TSIH)
	case m.Stage != l.stage || l.stage > OperationalStage:
		return loginFailure(initiatorError, "login request for stage %d in stage %d", m.Stage, l.stage)
	case m.Transit && (m.Next <= l.stage || m.Next == 2 || m.Continue):
		return loginFailure(initiatorError, "login request to go from stage %d to %d", l.stage, m.Next)
	}
	return nil
}

// negotiate answers the keys of one complete request.
func (l *login) negotiate(pairs []Pair, wantsOn bool) (answers []Pair, err error) {
	security := map[string]string{}
	for _, p := range pairs {
		if l.seen[p.Key] || l.identified && slices.Contains(notes, p.Key) {
			return nil, loginFailure(initiatorError, "key %s sent twice or too late", p.Key)
		}
		l.seen[p.Key] = true
		if l.stage == SecurityStage && (p.Key == "AuthMethod" || strings.HasPrefix(p.Key, "CHAP_")) {
			security[p.Key] = p.Value
		} else if answer := l.keys.take(p); answer != "" {
			answers = append(answers, Pair{p.Key, answer})
		}
	}
	if !l.identified {
		if err := l.identify(); err != nil {
			return nil, err
		}
		if !l.discovery() {
			answers = append(answers, Pair{"TargetPortalGroupTag", strconv.Itoa(portalGroup)})
		}
	}
	if l.stage == SecurityStage {
		proofs, err := l.prove(security, wantsOn)
		return append(answers, proofs...), err
	}
	if l.proof != proofDone && l.needsProof() {
		return nil, loginFailure(authFailure, "initiator %s skips authentication", l.key.initiator)
	}
	if !l.declared {
		l.declared = true
		answers = append(answers, Pair{"MaxRecvDataSegmentLength", strconv.Itoa(l.segment())})
	}
	return answers, nil
}

// segment is the longest data segment that we accept after the login.
func (l *login) segment() int {
	if l.discovery() {
		return maxLoginData
	}
	return maxRecvData
}

// transit decides whether the initiator may move to the stage that it asks for. iPXE sets
// the T bit in every round, so a T that comes too early is not an error: ours stays 0 until
// authentication is complete (ipxe issue 1444).
func (l *login) transit(m *LoginRequest) (bool, error) {
	if !m.Transit || l.needsProof() && l.proof != proofDone {
		return false, nil
	}
	if m.Next == FullFeaturePhase {
		tsih, err := l.admit()
		if err != nil {
			return false, err
		}
		l.tsih = tsih
	}
	return true, nil
}

func (l *login) response(req *LoginRequest, transit bool, status LoginStatus, answers []Pair) PDU {
	m := LoginResponse{
		ResponseFields: ResponseFields{ITT: req.ITT, StatSN: l.statSN, ExpCmdSN: l.first.CmdSN, MaxCmdSN: l.first.CmdSN + l.window - 1},
		Transit:        transit, Stage: l.stage,
		ISID: req.ISID, TSIH: cmp.Or(l.tsih, req.TSIH), Status: status,
	}
	if transit {
		m.Next = req.Next
	}
	l.statSN++
	return PDU{Header: m.Encode(make(Header, HeaderLen)), Data: AppendText(nil, answers...)}
}
