package stick

import (
	"net/netip"
	"strings"
)

// command is a line of the menu.
type command struct {
	key, title string
	do         func(*stick)
}

// commands are the menu, in its order.
func commands() []command {
	return []command{
		{"n", "network", (*stick).askNetwork},
		{"p", "new password", (*stick).newPassword},
		{"d", "disk for images", (*stick).askDisk},
		{"v", "version before", (*stick).askDowngrade},
		{"s", "shut down", func(t *stick) { t.end(powerOff) }},
		{"r", "restart", func(t *stick) { t.end(restart) }},
		{"f", "factory reset", (*stick).askReset},
	}
}

// menu is its text.
func menu() string {
	var list []string
	for _, c := range commands() {
		list = append(list, c.key+" "+c.title)
	}
	return strings.Join(list[:4], "   ") + "\n" + strings.Join(list[4:], "   ") + "\nType a letter and Enter: "
}

// choose does what a person has typed.
func (t *stick) choose(typed string) {
	for _, c := range commands() {
		if strings.EqualFold(typed, c.key) {
			c.do(t)
		}
	}
}

// askNetwork asks how the stick is on the network.
func (t *stick) askNetwork() {
	typed := t.console.ask("An address for the stick such as 192.168.1.5/24, or a for an address by DHCP; Enter changes nothing:")
	next := t.settings
	next.Leased, next.Address, next.Gateway = false, netip.Prefix{}, netip.Addr{}
	switch {
	case typed == "":
		return
	case !strings.EqualFold(typed, "a"):
		p, err := netip.ParsePrefix(typed)
		if err != nil || !p.Addr().Is4() || p.Addr() == p.Masked().Addr() || p.Bits() > 30 {
			t.console.ask("%q is not an address with its length, such as 192.168.1.5/24. Enter:", typed)
			return
		}
		next.Address = p
		if typed := t.console.ask("The address of the router, Enter for none:"); typed != "" {
			next.Gateway, err = netip.ParseAddr(typed)
			if err != nil || !p.Contains(next.Gateway) {
				t.console.ask("%q is not an address in %s. Enter:", typed, p.Masked())
				return
			}
		}
	}
	t.save(next)
	t.renetwork()
}

// newPassword gives the user admin a new password.
func (t *stick) newPassword() {
	if t.confirm("The user admin gets a new password, and other users of the file htpasswd go", "new") {
		t.restartServing(forgetPassword)
	}
}

// confirm asks for a word before something that cannot be undone.
func (t *stick) confirm(what, word string) bool {
	return t.console.ask("%s. Type the word %s to do it, Enter for no:", what, word) == word
}

// askReset asks whether all data shall go.
func (t *stick) askReset() {
	if t.confirm("A factory reset deletes all machines, images and volumes of this stick; a disk for images is left alone", "erase") {
		t.reset()
	}
}
