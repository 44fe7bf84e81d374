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

// The size of a screen in characters.
const (
	columns = 80
	rows    = 25
)

// text is the page for a person, the QR code on its right and the menu below.
func (v view) text(menu string) string {
	right := strings.Split(strings.TrimSuffix(code(v.Link), "\n"), "\n")
	width := columns - len([]rune(right[0])) - 1
	secure := map[bool]string{true: "on", false: "off"}[v.SecureBoot]
	left := []string{first(fmt.Sprintf("Ironhook %s, slot %s, Secure Boot %s", v.Version, v.Slot, secure), width), ""}
	row := func(name, value string) {
		for _, line := range wrap(value, width-9) {
			left = append(left, fmt.Sprintf("%-9s%s", name, line))
			name = ""
		}
	}
	row("Page", cmp.Or(v.Page, "none yet"))
	if v.Password != "" {
		row("Password", v.Password+" of the user admin, until you change it")
	}
	row("Network", v.Network)
	row("State", v.State)
	if v.Failed != "" {
		row("Upgrade", "slot "+v.Failed+" did not start properly: this is the version before")
	}
	row("Trouble", first(v.Trouble, 4*(width-9))) // all of it is in the log
	row("Machines", fmt.Sprint(len(v.Machines)))
	room := rows - len(left) - strings.Count(menu, "\n") - 2
	for _, line := range v.list(max(room, 1), width-9) {
		left = append(left, strings.Repeat(" ", 9)+line)
	}
	return beside(left, right, width) + "\n" + menu
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

// beside puts two blocks of lines side by side, the right one at a column.
func beside(left, right []string, column int) string {
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
			l += strings.Repeat(" ", max(column+1-len([]rune(l)), 0)) + r
		}
		b.WriteString(l + "\n")
	}
	return b.String()
}

// list has a line for each machine, as many as there is room for.
func (v view) list(room, width int) (lines []string) {
	for i, m := range v.Machines {
		if len(lines) == room-1 && len(v.Machines) > room {
			return append(lines, fmt.Sprintf("and %d more", len(v.Machines)-i))
		}
		line := cmp.Or(m.Name, m.UUID) + ": " + m.Provision + ", " + strings.TrimPrefix(cmp.Or(m.Power, "power not known"), "power ")
		if m.LastError != "" {
			line += ", " + m.LastError
		}
		lines = append(lines, first(line, width))
	}
	return lines
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
