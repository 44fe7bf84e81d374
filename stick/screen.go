package stick

import (
	"cmp"
	"fmt"
	"strings"

	"rsc.io/qr"
)

// view is what the screen shows.
type view struct {
	Version    string
	Slot       string
	SecureBoot bool
	Failed     string // the slot of an upgrade that did not prove itself, "" for none
	Page       string // its address, "" while there is none
	Password   string // of the user admin, while it is new
	Link       string // that the QR code leads to, "" for none
	Network    string // how the stick is on the network
	State      string // what the appliance does now
	Trouble    string // what is wrong and what to do, "" for nothing
	Machines   []machine
}

// machine is a node as the API tells it.
type machine struct {
	Name      string `json:"name"`
	UUID      string `json:"uuid"`
	Provision string `json:"provision_state"`
	Power     string `json:"power_state"`
	LastError string `json:"last_error"`
}

// shown is how many machines have a line of their own: a screen has 25.
const shown = 8

// text is the page for a person, with menu below.
func (v view) text(menu string) string {
	var b strings.Builder
	secure := map[bool]string{true: "on", false: "off"}[v.SecureBoot]
	fmt.Fprintf(&b, "Ironhook %s, slot %s, Secure Boot %s\n\n", v.Version, v.Slot, secure)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-9s%s\n", name, value)
		}
	}
	row("Page", cmp.Or(v.Page, "none yet"))
	if v.Password != "" {
		row("Password", v.Password+"   user admin; shown until the next start")
	}
	row("Network", v.Network)
	row("State", v.State)
	if v.Failed != "" {
		row("Upgrade", "slot "+v.Failed+" did not start properly: this is the version before")
	}
	row("Trouble", v.Trouble)
	v.list(row)
	if v.Link != "" {
		b.WriteString("\n" + code(v.Link))
	}
	return b.String() + "\n" + menu
}

// list has a line for each machine, as many as there is room for.
func (v view) list(row func(name, value string)) {
	row("Machines", fmt.Sprint(len(v.Machines)))
	for _, m := range v.Machines[:min(len(v.Machines), shown)] {
		line := fmt.Sprintf("%s: %s, %s", cmp.Or(m.Name, m.UUID), m.Provision, cmp.Or(m.Power, "power not known"))
		if m.LastError != "" {
			line += ": " + first(m.LastError, 40)
		}
		row("", line)
	}
	if more := len(v.Machines) - shown; more > 0 {
		row("", fmt.Sprintf("and %d more", more))
	}
}

// first is the begin of a text, at most n characters.
func first(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-3]) + "..."
	}
	return s
}

// code draws a QR code in half blocks, light on dark, with the border of two modules that
// readers need at least; "" for a text that no code holds.
func code(text string) string {
	c, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	const border = 2
	dark := func(x, y int) bool { return c.Black(x, y) }
	blocks := map[[2]bool]rune{{true, true}: ' ', {false, true}: '▀', {true, false}: '▄', {false, false}: '█'}
	var b strings.Builder
	for y := -border; y < c.Size+border; y += 2 {
		for x := -border; x < c.Size+border; x++ {
			b.WriteRune(blocks[[2]bool{dark(x, y), dark(x, y+1)}])
		}
		b.WriteByte('\n')
	}
	return b.String()
}
