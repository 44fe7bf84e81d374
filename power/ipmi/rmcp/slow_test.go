package rmcp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/types"

	"ironhook/power/ipmi/bmctest"
	"ironhook/power/ipmi/rmcp"
)

// A BMC that takes longer for each command than the first wait answers every command: it is not buried in repetitions, each of
// which it would answer, too.
func TestSlowBMC(t *testing.T) {
	const commands, late = 20, 60 * time.Millisecond
	m, err := bmctest.Start(bmctest.Quirks{Late: late}, []types.CipherSuiteID{17})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := rmcp.Dial(t.Context(),
		rmcp.Config{Address: fmt.Sprintf("127.0.0.1:%d", m.Port), Username: bmctest.User, Password: bmctest.Password,
			Level: rmcp.Operator, Suite: 17, Waits: []time.Duration{late / 2, 2 * late, 10 * late}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range commands {
		if _, err := s.Do(t.Context(), rmcp.NetFnChassis, 0x01); err != nil {
			t.Fatalf("command %d: %v", i+1, err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := m.Calls("status"); got > commands+commands/4 {
		t.Errorf("%d requests for %d commands", got, commands)
	}
}
