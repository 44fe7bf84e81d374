package iscsi_test

import (
	"errors"
	"strings"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

func TestCHAP(t *testing.T) {
	s := serve(t, newRAM(1<<20), func(s *server) {
		s.grant.User, s.grant.Secret, s.grant.MutualUser, s.grant.MutualSecret = "alice", "wonderland12", "bob", "looking-glass"
	})
	good := initiatortest.Options{User: "alice", Secret: "wonderland12"}
	s.login(good)
	good.MutualUser, good.MutualSecret = "bob", "looking-glass"
	s.login(good)
	for name, o := range map[string]initiatortest.Options{
		"wrong secret": {User: "alice", Secret: "guess"},
		"wrong name":   {User: "eve", Secret: "wonderland12"},
		"no proof":     {},
	} {
		_, err := s.dial(o)
		var refused *initiatortest.LoginError
		if !errors.As(err, &refused) || refused.Status != 0x0201 {
			t.Errorf("%s: login = %v, want status 0201", name, err)
		}
		if e := s.event(iscsi.LoginFailed); strings.Contains(e.Reason, "wonderland") || e.Initiator != initiatorName {
			t.Errorf("%s: event %+v names a secret or the wrong initiator", name, e)
		}
	}
}
