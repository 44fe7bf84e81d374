package iscsi

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"ironhook/block"
)

// proof is the progress of the initiator's authentication.
type proof int

const (
	proofUnsettled proof = iota // no method negotiated
	proofAlgorithm              // CHAP negotiated, algorithm not
	proofChallenge              // challenged
	proofDone
)

// identify reads the names of the initiator and the target from the first request, and
// looks up the grant.
func (l *login) identify() error {
	l.identified = true
	key, err := l.parseNames()
	if err != nil {
		return err
	}
	l.key = key
	l.grant, err = l.lookup(key)
	g := &l.grant
	switch {
	case errors.Is(err, block.ErrNoTarget):
		return loginFailure(notFound, "open %s: %w", key.target, err)
	case errors.Is(err, block.ErrForbidden):
		return loginFailure(forbidden, "open %s: %w", key.target, err)
	case err != nil:
		return loginFailure(targetError, "open %s: %w", key.target, err)
	case g.User != "" && (g.Secret == "" || g.Secret == g.MutualSecret):
		return loginFailure(targetError, "open %s: CHAP secrets are empty or the same both ways; set two that differ", key.target)
	}
	return nil
}

func (l *login) parseNames() (key sessionKey, err error) {
	text := l.keys.texts
	key.initiator, key.isid = strings.ToLower(text["InitiatorName"]), l.first.ISID
	if !ValidName(key.initiator) {
		return key, loginFailure(missingParameter, "InitiatorName is %s", improper(text["InitiatorName"]))
	}
	switch text["SessionType"] {
	case sessionDiscovery:
		return key, nil
	case sessionNormal:
		key.target = strings.ToLower(text["TargetName"])
		if !ValidName(key.target) {
			return key, loginFailure(missingParameter, "TargetName is %s", improper(text["TargetName"]))
		}
		return key, nil
	}
	return key, loginFailure(badSessionType, "session type %.20q", text["SessionType"])
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

// chooseMethod chooses the AuthMethod that the grant requires. iPXE offers "CHAP,None" and
// expects exactly "CHAP".
func (l *login) chooseMethod(offer string, wantsOn bool) ([]Pair, error) {
	method := none
	if l.needsProof() {
		method = "CHAP"
	}
	if offer == "" && !(wantsOn && l.needsProof()) {
		return nil, nil // not offered: None, unless an offer comes in a later round
	}
	if firstSupported(cmp.Or(offer, none), []string{method}) == "" {
		return nil, loginFailure(authFailure, "initiator %s offers AuthMethod %.40q, wanted is %s", l.key.initiator, offer, method)
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

// improper says of what can be no iSCSI name why.
func improper(name string) string {
	if name == "" {
		return "missing"
	}
	return fmt.Sprintf("%.80q: want at most %d letters, digits, '.', '-', ':' and '_'", name, maxNameLen)
}

const maxNameLen = 223 // bytes (RFC 7143 §4.2.7.1)

// ValidName reports whether s can be an iSCSI name: the ASCII characters of RFC 3722, so
// that it may appear in logs and tables as it is.
func ValidName(s string) bool {
	for _, c := range []byte(s) {
		ok := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == ':' || c == '_'
		if !ok {
			return false
		}
	}
	return s != "" && len(s) <= maxNameLen
}
