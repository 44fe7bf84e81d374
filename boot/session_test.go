package boot

import (
	"fmt"
	"strings"
	"testing"

	"ironhook/baremetal"
)

func TestNext(t *testing.T) {
	const (
		firmware = true
		system   = false // or firmware that is not known to be one
	)
	for _, c := range []struct {
		log      string
		act      Act
		firmware bool
		want     baremetal.EventKind
	}{
		{"", SessionOpened, firmware, "login"},
		{"script", SessionOpened, firmware, "login"},
		{"script", SessionOpened, system, "login"},
		{"script login", SessionOpened, firmware, ""}, // sanhook, then again at sanboot
		{"script login", SessionOpened, system, "system"},
		{"script login first-read", SessionOpened, system, "system"},
		{"script login first-read system", SessionOpened, system, ""},
		{"script login first-read system", SessionOpened, firmware, ""},
		{"script login", SessionRead, firmware, "first-read"},
		{"script", SessionRead, system, ""}, // told late, of the boot before
		{"script login first-read", SessionRead, system, ""},
		{"script login first-read", SessionWrote, firmware, ""}, // firmware that writes is not a system
		{"script login", SessionWrote, system, ""},
		{"script login first-read system", SessionWrote, system, "up"},
		{"script login first-read system", SessionWrote, firmware, ""},
		{"script login system up", SessionWrote, system, ""},
		{"script login system up", SessionClosed, system, "logout"},
		{"script login first-read", SessionClosed, firmware, ""}, // it hands over to the system

		// The machine renews its session.
		{"script login system up logout", SessionClosed, system, ""},
		{"script login system up logout", SessionOpened, system, "system"},
		{"script login system up logout refused/login", SessionOpened, system, "system"},
		{"script login system up logout system", SessionOpened, system, ""},
		{"script login system up logout system", SessionClosed, system, "logout"},
		{"script login system up logout system", SessionWrote, system, ""},

		// It boots again.
		{"script login system up power-off power-on", SessionOpened, firmware, "login"},
		{"script login system up power-off", SessionOpened, firmware, "login"},
		{"script login system up power-off", SessionClosed, system, ""},
		{"script login system up power-off", SessionRead, system, ""},
		{"script login system up power-off", SessionWrote, system, ""},
		{"script login system up logout script", SessionOpened, firmware, "login"},
		{"script login system up file script", SessionOpened, firmware, "login"},
		{"script login system up discover", SessionOpened, firmware, "login"},
		{"script login system up discover", SessionClosed, system, ""}, // the old session, noticed late
		{"script login system up logout refused/offer", SessionOpened, firmware, "login"},

		// What is seen late or belongs to others does not disturb it.
		{"discover script login system power-on", SessionWrote, system, "up"},
		{"script login system up" + strings.Repeat(" refused/login", 9), SessionClosed, system, "logout"},
		{"script login error/login", SessionOpened, firmware, "login"}, // it tries again
	} {
		log := ""
		for i, kind := range strings.Fields(c.log) {
			log += fmt.Sprintf("%s@%ds ", kind, i)
		}
		if got := NewHistory(events(t, log)).Next(c.act, c.firmware); got != c.want {
			t.Errorf("after %q: Next(%d, %v) = %q, want %q", c.log, c.act, c.firmware, got, c.want)
		}
	}
}
