package iscsi

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Status classes and details of a login response (RFC 7143 §11.13.5).
type loginStatus uint16

const (
	loginOK            loginStatus = 0x0000
	initiatorError     loginStatus = 0x0200
	authFailure        loginStatus = 0x0201
	forbidden          loginStatus = 0x0202
	notFound           loginStatus = 0x0203
	unsupportedVersion loginStatus = 0x0205
	tooManyConnections loginStatus = 0x0206
	missingParameter   loginStatus = 0x0207
	badSessionType     loginStatus = 0x0209
	noSuchSession      loginStatus = 0x020a
	invalidDuringLogin loginStatus = 0x020b
	targetError        loginStatus = 0x0300
	serviceUnavailable loginStatus = 0x0301
	outOfResources     loginStatus = 0x0302
	maxLoginText                   = 16 << 10 // bytes of one request's text, over all its PDUs
	maxLoginRounds                 = 32
	maxNameLen                     = 223 // RFC 7143 §4.2.7.1
	loginWindow        uint32      = 1
)

// loginError is why a login failed, and what the initiator is told of it.
type loginError struct {
	status loginStatus
	err    error
}

func (e *loginError) Error() string { return e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }

func loginFailure(status loginStatus, format string, args ...any) error {
	return &loginError{status, fmt.Errorf(format, args...)}
}

// A stage of a login (RFC 7143 §11.12.3).
type stage byte

const (
	stageSecurity    stage = 0
	stageOperational stage = 1
	stageFull        stage = 3
)

// login is the target's side of a login phase: a state machine that takes requests and gives responses.
type login struct {
	lookup func(*login) (Grant, error)     // asked once the names are known; what it says of a discovery is its grant too
	admit  func() (tsih uint16, err error) // gives the session its place, which may be another's
	random io.Reader
	window uint32 // how many commands the initiator may send at first

	began  bool
	rounds int
	first  Header // a copy of the first request's: names this login
	stage  stage
	statSN uint32
	text   []byte // of a request that is not yet complete
	seen   map[string]bool

	params     Params
	identified bool
	declared   bool // our MaxRecvDataSegmentLength was told
	proof      proof
	chap       *chap
	grant      Grant
	tsih       uint16
}

// proof is how far the initiator has come in proving who it is.
type proof int

const (
	proofUnsettled proof = iota // no method agreed upon
	proofAlgorithm              // CHAP agreed upon, algorithm not
	proofChallenge              // challenged
	proofDone
)

func (l *login) cid() uint16          { return l.first.Uint16(offCID) }
func (l *login) cmdSN() uint32        { return l.first.Uint32(OffCmdSN) }
func (l *login) discovery() bool      { return l.params.SessionType == sessionDiscovery }
func (l *login) full() bool           { return l.stage == stageFull }
func requestStage(h Header) stage     { return stage(h[1] >> 2 & 3) }
func requestNextStage(h Header) stage { return stage(h[1] & 3) }

// key names the session that is to begin.
func (l *login) key() sessionKey {
	return sessionKey{l.params.Initiator, ISID(l.first[offISID:offTSIH]), l.params.TargetIQ}
}

// step takes one login request and returns the response to send. With an error the login is over; the response, if its header is not
// nil, tells the initiator why. After the response for which full() is true the session begins.
func (l *login) step(req PDU) (PDU, error) {
	if req.Header.Opcode() != OpLoginRequest {
		return PDU{}, protocolError("opcode %#02x before login", byte(req.Header.Opcode()))
	}
	if !l.began {
		l.begin(req.Header)
	}
	answers, transit, err := l.round(req)
	if err != nil {
		var le *loginError
		if !errors.As(err, &le) {
			le = &loginError{initiatorError, err}
		}
		return l.response(req.Header, false, le.status, nil), le
	}
	resp := l.response(req.Header, transit, loginOK, answers)
	if transit {
		l.stage = requestNextStage(req.Header)
	}
	return resp, nil
}

func (l *login) begin(h Header) {
	l.began = true
	l.first = append(Header(nil), h...)
	l.stage = requestStage(h)
	l.params = presets()
	l.seen = map[string]bool{}
}

// round works out what to answer to one request, and whether the initiator's wish to move on is granted.
func (l *login) round(req PDU) (answers []Pair, transit bool, err error) {
	if err := l.checkHeader(req.Header); err != nil {
		return nil, false, err
	}
	if len(l.text)+len(req.Data) > maxLoginText {
		return nil, false, loginFailure(initiatorError, "login text of more than %d bytes", maxLoginText)
	}
	l.text = append(l.text, req.Data...)
	if req.Header[1]&flagContinue != 0 {
		return nil, false, nil // an empty response asks for the rest
	}
	pairs, err := ParseText(l.text)
	l.text = nil
	if err != nil {
		return nil, false, err
	}
	if answers, err = l.negotiate(pairs, req.Header.Final()); err != nil {
		return nil, false, err
	}
	transit, err = l.transit(req.Header)
	return answers, transit, err
}

func (l *login) checkHeader(h Header) error {
	l.rounds++
	next := requestNextStage(h)
	switch {
	case h[3] > 0:
		return loginFailure(unsupportedVersion, "initiator wants at least version %d of the protocol", h[3])
	case l.rounds > maxLoginRounds:
		return loginFailure(initiatorError, "more than %d login requests", maxLoginRounds)
	case string(h[offISID:offTSIH+2]) != string(l.first[offISID:offTSIH+2]), h.Uint16(offCID) != l.cid(), h.ITT() != l.first.ITT():
		return loginFailure(invalidDuringLogin, "login request of another session or task")
	case h.Uint16(offTSIH) != 0:
		// One connection a session and recovery level 0: there is nothing that a connection could join.
		return loginFailure(noSuchSession, "no session with tag %d", h.Uint16(offTSIH))
	case requestStage(h) != l.stage || l.stage > stageOperational:
		return loginFailure(initiatorError, "login request for stage %d in stage %d", requestStage(h), l.stage)
	case h.Final() && (next <= l.stage || next == 2 || h[1]&flagContinue != 0):
		return loginFailure(initiatorError, "login request to go from stage %d to %d", l.stage, next)
	}
	return nil
}

// negotiate answers the keys of one complete request.
func (l *login) negotiate(pairs []Pair, wantsOn bool) (answers []Pair, err error) {
	security := map[string]string{}
	for _, p := range pairs {
		if l.seen[p.Key] {
			return nil, loginFailure(initiatorError, "key %s sent twice", p.Key)
		}
		l.seen[p.Key] = true
		if l.stage == stageSecurity && (p.Key == "AuthMethod" || strings.HasPrefix(p.Key, "CHAP_")) {
			security[p.Key] = p.Value
		} else if answer := l.params.negotiate(p); answer != "" {
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
	if l.stage == stageSecurity {
		proofs, err := l.prove(security, wantsOn)
		return append(answers, proofs...), err
	}
	if l.proof != proofDone && l.needsProof() {
		return nil, loginFailure(authFailure, "initiator %s skips authentication", l.params.Initiator)
	}
	if !l.declared {
		l.declared = true
		answers = append(answers, Pair{"MaxRecvDataSegmentLength", strconv.Itoa(maxRecvData)})
	}
	return answers, nil
}

// identify learns from the first request who wants what, and asks whether it may.
func (l *login) identify() error {
	l.identified = true
	p := &l.params
	p.Initiator, p.TargetIQ = strings.ToLower(p.Initiator), strings.ToLower(p.TargetIQ)
	if !validName(p.Initiator) {
		return loginFailure(missingParameter, "login without a proper InitiatorName")
	}
	switch p.SessionType {
	case sessionDiscovery:
		p.TargetIQ = ""
	case sessionNormal:
		if !validName(p.TargetIQ) {
			return loginFailure(missingParameter, "login without a proper TargetName")
		}
	default:
		return loginFailure(badSessionType, "session type %.20q", p.SessionType)
	}
	var err error
	l.grant, err = l.lookup(l)
	switch {
	case errors.Is(err, ErrNoTarget):
		return loginFailure(notFound, "open %s: %w", p.TargetIQ, err)
	case errors.Is(err, ErrForbidden):
		return loginFailure(forbidden, "open %s: %w", p.TargetIQ, err)
	case err != nil:
		return loginFailure(targetError, "open %s: %w", p.TargetIQ, err)
	case l.needsProof() && l.grant.Secret == "", l.needsProof() && l.grant.Secret == l.grant.MutualSecret:
		return loginFailure(targetError, "open %s: its CHAP secrets are empty or the same both ways; set two different ones", p.TargetIQ)
	}
	return nil
}

func (l *login) needsProof() bool { return l.grant.User != "" }

// prove advances the security stage by one round.
func (l *login) prove(keys map[string]string, wantsOn bool) ([]Pair, error) {
	switch l.proof {
	case proofUnsettled:
		return l.chooseMethod(keys["AuthMethod"], wantsOn)
	case proofAlgorithm:
		c, err := newCHAP(keys["CHAP_A"], l.random)
		if errors.Is(err, errCHAP) {
			return nil, loginFailure(authFailure, "%w", err)
		} else if err != nil {
			return nil, loginFailure(targetError, "%w", err)
		}
		l.chap, l.proof = c, proofChallenge
		return c.offer(), nil
	case proofChallenge:
		return l.checkProof(keys)
	}
	return nil, nil
}

// chooseMethod takes the one AuthMethod that will do. iPXE offers "CHAP,None" and wants to read exactly "CHAP".
func (l *login) chooseMethod(offer string, wantsOn bool) ([]Pair, error) {
	method := none
	if l.needsProof() {
		method = "CHAP"
	}
	if offer == "" && !(wantsOn && l.needsProof()) {
		return nil, nil // not spoken of: None, unless it comes in a later round
	}
	if firstSupported(cmp.Or(offer, none), []string{method}) == "" {
		return nil, loginFailure(authFailure, "initiator %s offers AuthMethod %.40q, needed is %s", l.params.Initiator, offer, method)
	}
	l.proof = proofDone
	if l.needsProof() {
		l.proof = proofAlgorithm
	}
	return []Pair{{"AuthMethod", method}}, nil
}

func (l *login) checkProof(keys map[string]string) (answers []Pair, err error) {
	if err := l.chap.verify(&l.grant, keys["CHAP_N"], keys["CHAP_R"]); err != nil {
		return nil, loginFailure(authFailure, "%w", err)
	}
	if c, ok := keys["CHAP_C"]; ok {
		if answers, err = l.chap.prove(&l.grant, keys["CHAP_I"], c); err != nil {
			return nil, loginFailure(authFailure, "%w", err)
		}
	}
	l.proof = proofDone
	return answers, nil
}

// transit decides whether the initiator may go where it wants. iPXE sets the T bit in every round, so a T that comes too early is not
// an error: ours stays 0 until authentication is complete (ipxe issue 1444).
func (l *login) transit(h Header) (bool, error) {
	if !h.Final() || l.needsProof() && l.proof != proofDone {
		return false, nil
	}
	if requestNextStage(h) == stageFull {
		l.params.FirstBurst = min(l.params.FirstBurst, l.params.MaxBurst)
		tsih, err := l.admit()
		if err != nil {
			return false, err
		}
		l.tsih = tsih
	}
	return true, nil
}

func (l *login) response(req Header, transit bool, status loginStatus, answers []Pair) PDU {
	h := make(Header, HeaderLen)
	h[0] = byte(OpLoginResponse)
	h[1] = byte(l.stage) << 2
	if transit {
		h[1] |= FlagFinal | byte(requestNextStage(req))
	}
	copy(h[offISID:offTSIH], req[offISID:])
	h.PutUint16(offTSIH, cmp.Or(l.tsih, req.Uint16(offTSIH)))
	h.PutUint32(OffITT, req.ITT())
	h.PutUint32(OffStatSN, l.statSN)
	l.statSN++
	h.PutUint32(OffExpCmd, l.cmdSN())
	h.PutUint32(OffMaxCmd, l.cmdSN()+l.window-1)
	h.PutUint16(36, uint16(status))
	return PDU{Header: h, Data: AppendText(nil, answers...)}
}

// validName reports whether s can be an iSCSI name: the characters of RFC 3722 as far as ASCII goes, so that it may stand in logs and
// tables as it is.
func validName(s string) bool {
	for _, c := range []byte(s) {
		ok := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == ':' || c == '_'
		if !ok {
			return false
		}
	}
	return s != "" && len(s) <= maxNameLen
}
