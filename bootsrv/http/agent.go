package http

import (
	"io"
	"io/fs"
	nethttp "net/http"
	"time"

	"github.com/gorilla/mux"
)

// agentTime bounds the transfer of a file of the agent: 40 MB at 100 kB/s.
const agentTime = 7 * time.Minute

// agentSuffix is how the agent's files end, by the architecture as iPXE names it. iPXE for BIOS
// is a program of 32 bits on any processor.
var agentSuffix = map[string]string{"i386": "", "x86_64": "", "arm64": "-arm64"}

// agentFile sends the agent's kernel or ramdisk.
func (s *Server) agentFile(w nethttp.ResponseWriter, r *nethttp.Request) {
	suffix, known := agentSuffix[mux.Vars(r)["arch"]]
	if !known || s.Agent == nil {
		nethttp.NotFound(w, r)
		return
	}
	name := mux.Vars(r)["file"] + suffix
	f, err := s.Agent.Open(name)
	if err != nil {
		s.Log.Error("a machine asks for the agent, which cannot be read", "file", name, "error", err)
		nethttp.NotFound(w, r)
		return
	}
	defer f.Close() //nolint:errcheck // only read
	content, seeks := f.(io.ReadSeeker)
	if info, err := fs.Stat(s.Agent, name); err != nil || !seeks || !info.Mode().IsRegular() {
		nethttp.NotFound(w, r)
		return
	}
	_ = nethttp.NewResponseController(w).SetWriteDeadline(time.Now().Add(agentTime)) // without a socket there is none
	w.Header().Set("Content-Type", "application/octet-stream")
	nethttp.ServeContent(w, r, name, time.Time{}, content)
}
