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

// width is how many columns a page has beside the QR code: a screen has 80, a code 33.
const width = 46

// text is the page for a person, the QR code on its right and the menu below: 25 rows at most.
func (v view) text(menu string) string {
	secure := map[bool]string{true: "on", false: "off"}[v.SecureBoot]
	left := []string{fmt.Sprintf("Ironhook %s, slot %s, Secure Boot %s", v.Version, v.Slot, secure), ""}
	row := func(name, value string) {
		for i, line := range wrap(value, width-9) {
			if i > 0 {
				name = ""
			}
			left = append(left, fmt.Sprintf("%-9s%s", name, line))
		}
	}
	row("Page", cmp.Or(v.Page, "none yet"))
	if v.Password != "" {
		row("Password", v.Password)
		row("", "of the user admin; shown until the next start")
	}
	row("Network", v.Network)
	row("State", v.State)
	if v.Failed != "" {
		row("Upgrade", "slot "+v.Failed+" did not start properly: this is the version before")
	}
	row("Trouble", v.Trouble)
	v.list(row)
	return beside(left, strings.Split(strings.TrimSuffix(code(v.Link), "\n"), "\n")) + "\n" + menu
}

// wrap breaks a text into lines between words; a word longer than a line stays whole.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// beside puts two blocks of lines side by side.
func beside(left, right []string) string {
	var b strings.Builder
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		if r != "" {
			l += strings.Repeat(" ", max(width-len([]rune(l)), 0)) + r
		}
		b.WriteString(l + "\n")
	}
	return b.String()
}

// list has a line for each machine, as many as there is room for.
func (v view) list(row func(name, value string)) {
	row("Machines", fmt.Sprint(len(v.Machines)))
	for _, m := range v.Machines[:min(len(v.Machines), shown)] {
		line := cmp.Or(m.Name, m.UUID) + ": " + m.Provision + ", " + strings.TrimPrefix(cmp.Or(m.Power, "power not known"), "power ")
		if m.LastError != "" {
			line += ", " + m.LastError
		}
		row("", first(line, width-9))
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
// readers need at least; "" for no text and one that no code holds.
func code(text string) string {
	if text == "" {
		return ""
	}
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
