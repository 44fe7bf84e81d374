// Package http serves boot scripts to iPXE and iPXE binaries to UEFI firmware:
//
//	/boot/<mac>                       the boot script of the machine with this card
//	/boot/<mac>/grub.cfg              the same for GRUB
//	/boot/<mac>/failed/<step>/<code>  its script gave up: iPXE's error number
//	/boot/<mac>/cloud/<file>          what its cloud-init fetches: meta-data, user-data, vendor-data
//	/boot/<mac>/loaded                its script has loaded the system and starts it
//	/boot.ipxe                        a script that leads any iPXE to its own
//	/agent/<arch>/<file>              kernel and ramdisk of the agent, by iPXE's name of the architecture
//	/ipxe/<name>                      iPXE binaries, their licence and source
//	/secure/<folder>/<name>           signed programs, for firmware with Secure Boot
//	/ipxe/autoexec.ipxe               what a UEFI iPXE loaded from here runs first
//
// There are no other paths. A failing store is answered with 503 and Retry-After, which
// iPXE obeys, and never with 404: a broken disk must not look like an unknown machine.
package http

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	nethttp "net/http"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"ironhook/baremetal"
	"ironhook/bootsrv/journal"
	"ironhook/internal/limit"
	"ironhook/internal/timing"
	"ironhook/ipxe"
)

// Request is a request for a boot script.
type Request struct {
	MAC  string         // as it says
	From netip.Addr     // where the question came from
	Here netip.AddrPort // where it reached us
	At   time.Time
	GRUB bool // it is GRUB that asks, and not iPXE
}

// Answer is the script for a machine, with its event.
type Answer struct {
	Script io.WriterTo // nil for one without commands
	// Event is script or refused; its Detail is one line in words, without secrets. The
	// zero value, no event, is for a request from another sender than the machine.
	Event baremetal.Event
	// Cloud is the files that the machine's cloud-init may fetch.
	Cloud map[string]string
	// Early reports that the answer may change in a moment: a missing record may be on its
	// way.
	Early bool
}

// Server serves boot files over HTTP.
type Server struct {
	// Boot returns the script of a machine; an error means: try again later.
	Boot    func(context.Context, Request) (Answer, error)
	Files   map[string][]byte // iPXE binaries by name
	Agent   fs.FS             // kernel and ramdisk of the agent, nil for none
	Journal *journal.Journal
	Times   *timing.Set // counts the requests
	Log     *slog.Logger
}

// Limits of one server. A boot file is at most a few megabytes, a request a few
// hundred bytes. In a crowd a request may take long to come; a connection that waits for
// one gives way to others.
const (
	connections   = 1024
	fromOneHost   = 32
	headerBytes   = 8 << 10
	headerTimeout = time.Minute
	writeTimeout  = 2 * time.Minute
	idleTimeout   = 15 * time.Second
	drainTimeout  = 5 * time.Second
)

// Serve answers on l until ctx ends, then finishes requests under way, within five seconds.
// It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &nethttp.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	limit.Attend(server)
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		drained <- server.Shutdown(end)
	})
	err := server.Serve(limit.NewConns(fromOneHost, connections, limit.AddressOf, limit.BootConnections, limit.BootSilence).Listener(l))
	if stop() {
		return fmt.Errorf("serve boot files: %w", err)
	}
	if err := <-drained; err != nil {
		return server.Close()
	}
	return nil
}

// Handler returns the handler of the server, without sockets.
func (s *Server) Handler() nethttp.Handler {
	r := mux.NewRouter()
	get := func(path string, h nethttp.HandlerFunc) {
		r.Handle(path, s.Times.Handler("http", path, h)).Methods(nethttp.MethodGet, nethttp.MethodHead)
	}
	get("/boot.ipxe", s.dispatcher)
	get("/boot/{mac}", s.script)
	get("/boot/{mac}/grub.cfg", s.script)
	get("/boot/{mac}/failed/{step}/{code:[0-9a-f]{8}}", s.failed)
	get("/boot/{mac}/cloud/{file}", s.cloud)
	get("/boot/{mac}/loaded", s.loaded)
	get("/agent/{arch}/{file:vmlinuz|initrd}", s.agentFile)
	get("/ipxe/autoexec.ipxe", s.autoexec)
	get("/ipxe/{name}", s.file)
	get("/secure/{folder}/autoexec.ipxe", s.autoexec)
	get("/secure/{folder}/{name}", s.file)
	return nethttp.MaxBytesHandler(r, 0)
}

// script answers a request for a boot script.
func (s *Server) script(w nethttp.ResponseWriter, r *nethttp.Request) {
	a, ok := s.ask(w, r)
	if !ok {
		return
	}
	if r.Method == nethttp.MethodGet && a.Event.Kind != "" {
		s.Journal.Note(r.Context(), a.Event)
	}
	s.send(w, r, a.Script)
}

// cloud serves what the machine's cloud-init fetches, to those who may have its script. It
// is no step of the boot.
func (s *Server) cloud(w nethttp.ResponseWriter, r *nethttp.Request) {
	a, ok := s.ask(w, r)
	if !ok {
		return
	}
	content, there := a.Cloud[mux.Vars(r)["file"]]
	if !there {
		nethttp.NotFound(w, r)
		return
	}
	s.write(w, r, bytes.NewBufferString(content))
}

// ask gets the answer to a request about a machine. Without one it has sent an error.
func (s *Server) ask(w nethttp.ResponseWriter, r *nethttp.Request) (a Answer, ok bool) {
	mac, err := baremetal.ParseMAC(mux.Vars(r)["mac"])
	if err != nil {
		nethttp.NotFound(w, r)
		return a, false
	}
	a, err = s.Boot(r.Context(),
		Request{MAC: mac, From: from(r), Here: here(r), At: time.Now(), GRUB: strings.HasSuffix(r.URL.Path, "/grub.cfg")})
	if err != nil {
		s.Log.Error("boot script not made; the machine will ask again", "mac", mac, "error", err)
		notNow(w)
		return a, false
	}
	a.Event.MAC = mac
	return a, true
}

// steps are those that a script reports: the step of the boot that has failed, and the
// object in words. What a script loads itself is the last step of its boot.
var steps = map[string]struct {
	kind baremetal.EventKind
	of   string
}{
	"reach":  {baremetal.EventLogin, "the VLAN of its storage"},
	"attach": {baremetal.EventLogin, "its volume"},
	"boot":   {baremetal.EventSystem, "its volume"},
	"load":   {baremetal.EventUp, "its kernel or ramdisk"},
	"start":  {baremetal.EventUp, "its kernel or ISO"},
}

// failed takes the report of a script that gave up.
func (s *Server) failed(w nethttp.ResponseWriter, r *nethttp.Request) {
	vars := mux.Vars(r)
	step, known := steps[vars["step"]]
	if !known {
		nethttp.NotFound(w, r)
		return
	}
	s.report(w, r, baremetal.Event{Kind: baremetal.EventError, Step: step.kind,
		Detail: fmt.Sprintf("could not %s %s and gave up: https://ipxe.org/%s", vars["step"], step.of, vars["code"])})
}

// loaded takes the report of a script whose system starts now. Such a boot shows no later
// step: it does not use our disks.
func (s *Server) loaded(w nethttp.ResponseWriter, r *nethttp.Request) {
	s.report(w, r, baremetal.Event{Kind: baremetal.EventUp,
		Detail: "what iPXE has loaded takes over; what it does then cannot be seen from here"})
}

// report appends the event that a script reports, for the machine itself only.
func (s *Server) report(w nethttp.ResponseWriter, r *nethttp.Request, e baremetal.Event) {
	if _, err := baremetal.ParseMAC(mux.Vars(r)["mac"]); err != nil {
		nethttp.NotFound(w, r)
		return
	}
	if r.Method == nethttp.MethodGet {
		s.Journal.NoteAt(r.Context(), from(r), e)
	}
	s.send(w, r, ipxe.Script{})
}

func (s *Server) dispatcher(w nethttp.ResponseWriter, r *nethttp.Request) {
	s.send(w, r, ipxe.Dispatcher())
}

// autoexec returns a script that chains to the dispatcher at the address that the machine
// reached.
func (s *Server) autoexec(w nethttp.ResponseWriter, r *nethttp.Request) {
	here := here(r)
	if !here.IsValid() {
		notNow(w)
		return
	}
	script, err := ipxe.Autoexec("http://" + here.String() + "/boot.ipxe")
	if err != nil {
		s.Log.Error("autoexec.ipxe not made", "address", here, "error", err)
		notNow(w)
		return
	}
	s.send(w, r, script)
}

// here is the address that the request has reached, invalid outside a server.
func here(r *nethttp.Request) netip.AddrPort {
	if a, ok := r.Context().Value(nethttp.LocalAddrContextKey).(*net.TCPAddr); ok {
		return netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
	}
	return netip.AddrPort{}
}

func (s *Server) file(w nethttp.ResponseWriter, r *nethttp.Request) {
	name := mux.Vars(r)["name"]
	if folder := mux.Vars(r)["folder"]; folder != "" {
		name = path.Join(ipxe.SecureFolder, folder, name)
	}
	content, ok := s.Files[name]
	if !ok {
		nethttp.NotFound(w, r)
		return
	}
	note := func() bool {
		e := baremetal.Event{Kind: baremetal.EventFile, Detail: fmt.Sprintf("%s over HTTP, %d bytes", name, len(content))}
		return s.Journal.NoteAt(context.WithoutCancel(r.Context()), from(r), e)
	}
	noted := r.Method != nethttp.MethodGet || note()
	w.Header().Set("Content-Type", contentType(name))
	nethttp.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	if !noted {
		note() // another server gave it the address a moment ago, and our record of that may have come in meanwhile
	}
}

// contentType is for EDK2, which recognises an EFI application by its type or, without one,
// by the suffix of its URL.
func contentType(name string) string {
	switch {
	case len(name) > 4 && name[len(name)-4:] == ".efi":
		return "application/efi"
	case name == "copyright" || name == "README.md":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

func (s *Server) send(w nethttp.ResponseWriter, r *nethttp.Request, script io.WriterTo) {
	if script == nil {
		script = ipxe.Script{}
	}
	var b bytes.Buffer
	if _, err := script.WriteTo(&b); err != nil {
		notNow(w)
		return
	}
	s.write(w, r, &b)
}

// write sends a text that no proxy may keep.
func (s *Server) write(w nethttp.ResponseWriter, r *nethttp.Request, b *bytes.Buffer) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", fmt.Sprint(b.Len()))
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == nethttp.MethodHead {
		return
	}
	if _, err := b.WriteTo(w); err != nil {
		s.Log.Debug("boot script not sent", "to", r.RemoteAddr, "error", err)
	}
}

// notNow makes iPXE retry in two seconds (http_parse_retry_after in its source).
func notNow(w nethttp.ResponseWriter) {
	w.Header().Set("Retry-After", "2")
	nethttp.Error(w, "not now, ask again", nethttp.StatusServiceUnavailable)
}

func from(r *nethttp.Request) netip.Addr {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().Unmap()
}
