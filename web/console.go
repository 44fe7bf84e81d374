package web

import (
	"net/http"
	"net/url"
	"strings"

	"ironhook/store"
)

// Console is the serial console of a machine as its page shows it.
type Console struct {
	Enabled   bool
	Connected bool
	Problem   string // why it is not connected
	Writer    string // who types, "" for nobody
	Text      []byte // the last of what the machine has written
}

// consolePage is a terminal; without JavaScript it is the text.
type consolePage struct {
	page
	Console
	UUID, Name string
	Can        bool // the machine has a console interface
	Plain      string
}

// terminalPolicy lets the terminal's script make the style elements that it draws with.
const terminalPolicy = "; style-src 'self' 'unsafe-inline'"

func (w *Web) consolePage(rw http.ResponseWriter, r *http.Request) {
	var d consolePage
	err := w.Store.View(r.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(r.PathValue("node"))
		if err != nil {
			return err
		}
		d.UUID, d.Name, d.page, d.Can = n.UUID, n.Label(), w.page("Console of "+n.Label()), n.Interfaces.HasLine()
		return nil
	})
	if err == nil && w.Consoles != nil {
		d.Console, err = w.Consoles(d.UUID)
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	d.Plain, d.Terminal = screenText(d.Text), d.Enabled
	rw.Header().Set("Content-Security-Policy", headers["Content-Security-Policy"]+terminalPolicy)
	w.render(rw, http.StatusOK, "console", d)
}

// consoleText sends all that is kept of a console. The API sends it, as it sends a disk: see exportDisk.
func (w *Web) consoleText(rw http.ResponseWriter, r *http.Request) {
	w.export(rw, r, "/ironhook/v1/nodes/"+r.PathValue("node")+"/console", url.Values{"from": {"0"}})
}

// screenText is what a machine wrote without the sequences that move a cursor or colour text (ECMA-48:
// ESC, then [ and parameters up to a letter, or ] up to BEL or ESC, or one character) and without other
// control characters.
func screenText(b []byte) string {
	var text strings.Builder
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x1b && i+1 < len(b) && b[i+1] == '[':
			for i += 2; i < len(b) && (b[i] < 0x40 || b[i] > 0x7e); i++ {
			}
		case c == 0x1b && i+1 < len(b) && b[i+1] == ']':
			for i += 2; i < len(b) && b[i] != 0x07 && b[i] != 0x1b; i++ {
			}
		case c == 0x1b:
			i++
		case c == '\n' || c == '\t' || c >= ' ' && c != 0x7f:
			text.WriteByte(c)
		}
	}
	return strings.ToValidUTF8(text.String(), "\uFFFD")
}
