package iscsi

import (
	"bytes"
	"strings"
	"testing"

	"ironhook/block"
)

// A wrong CHAP response is refused, whatever it was made from.
func TestLoginCHAPRefused(t *testing.T) {
	challenge := bytes.Repeat([]byte{0xa5}, 16)
	md5 := algorithms["5"]
	right := formatBinary(md5.response(0xa5, "wonderland12", challenge))
	for name, text := range map[string]string{
		"wrong secret":              "CHAP_N=alice CHAP_R=" + formatBinary(md5.response(0xa5, "wrong", challenge)),
		"wrong name":                "CHAP_N=mallory CHAP_R=" + right,
		"no response":               "CHAP_N=alice",
		"not a number":              "CHAP_N=alice CHAP_R=right",
		"our own secret":            "CHAP_N=bob CHAP_R=" + formatBinary(md5.response(0xa5, "looking-glass", challenge)),
		"our challenge back at us":  "CHAP_N=alice CHAP_R=" + right + " CHAP_I=1 CHAP_C=" + formatBinary(challenge),
		"identifier out of range":   "CHAP_N=alice CHAP_R=" + right + " CHAP_I=256 CHAP_C=0x00",
		"challenge without its tag": "CHAP_N=alice CHAP_R=" + right + " CHAP_C=0x00",
		"challenge too long":        "CHAP_N=alice CHAP_R=" + right + " CHAP_I=1 CHAP_C=0x" + strings.Repeat("00", 1025),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDialogue(t, block.Grant{User: "alice", Secret: "wonderland12", MutualUser: "bob", MutualSecret: "looking-glass"}, nil)
			d.say(secToOp, names+" AuthMethod=CHAP")
			d.say(secToOp, "CHAP_A=5")
			if _, got := d.say(secToOp, text); got != "0201" {
				t.Errorf("proof %q = %s, want 0201", text, got)
			}
		})
	}
	t.Run("algorithm unknown", func(t *testing.T) {
		d := newDialogue(t, block.Grant{User: "alice", Secret: "wonderland12"}, nil)
		d.say(secToOp, names+" AuthMethod=CHAP")
		d.expect(secToOp, "CHAP_A=6,99", 0, "0201")
	})
	t.Run("asked to prove ourselves without a secret for it", func(t *testing.T) {
		d := newDialogue(t, block.Grant{User: "alice", Secret: "wonderland12"}, nil)
		d.say(secToOp, names+" AuthMethod=CHAP")
		d.say(secToOp, "CHAP_A=5")
		d.expect(secToOp, "CHAP_N=alice CHAP_R="+right+" CHAP_I=1 CHAP_C=0x00", 0, "0201")
	})
}

// The first algorithm in the initiator's list that we support is chosen.
func TestCHAPAlgorithms(t *testing.T) {
	for offer, want := range map[string]struct {
		number string
		length int
	}{"5": {"5", 16}, "7,5": {"7", 32}, "6,8,5": {"8", 32}} {
		c, err := newCHAP(offer, bytes.NewReader(make([]byte, 64)))
		if err != nil || c.algorithm.number != want.number || len(c.challenge) != want.length {
			t.Errorf("newCHAP(%s) = %+v, %v, want %+v", offer, c, err, want)
			continue
		}
		g := &block.Grant{User: "u", Secret: "s"}
		if err := c.verify(g, "u", formatBinary(c.algorithm.response(c.id, "s", c.challenge))); err != nil {
			t.Errorf("algorithm %s: %v", want.number, err)
		}
	}
}
