package sandbox

import (
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
)

// TestRefusedCallsHaveNumbers: a name that an architecture does not know would keep the program from serving there.
func TestRefusedCallsHaveNumbers(t *testing.T) {
	for _, machine := range []*arch.Info{arch.X86_64, arch.AARCH64} {
		for _, name := range refused {
			if _, ok := machine.SyscallNames[name]; !ok {
				t.Errorf("%s has no system call %s", machine.Name, name)
			}
		}
	}
}
