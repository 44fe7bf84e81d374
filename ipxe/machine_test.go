package ipxe

import (
	"fmt"
	"strings"
)

// machine runs a script as iPXE does, so that tests ask what a script does and
// not how it is spelled. It follows script.c (lines, labels, continuation),
// exec.c (words, operators, comments) and expand_settings in settings.c, and it
// knows the commands that scripts of this package may use: any other is a
// defect, as is a line that fails without an operator behind it.
type machine struct {
	settings map[string]string
	failing  func(command string, args []string) bool // nil: nothing fails
	present  bool                                     // a person presses a key at every prompt

	hooks      []hook   // every disk attached, in order
	drives     []string // attached now
	said       []string // on the screen
	fetched    []string // URIs of imgfetch and chain
	images     []string // kernel and initrd with all their words
	vlans      []string // arguments of vcreate
	configured []string // arguments of ifconf
	end        string   // how the script ended: boot, start, chain, exit, poweroff
	defect     string   // what iPXE would not have understood
}

// hook is one sanhook with the settings it met.
type hook struct {
	drive, initiator, user, password, reverseUser, reversePassword string
	described                                                      bool
	uris                                                           []string
}

func run(text string, m *machine) *machine {
	if m.settings == nil {
		m.settings = map[string]string{}
	}
	lines, labels := split(text)
	if !strings.HasPrefix(text, "#!ipxe\n") {
		m.defect = "no #!ipxe line"
	}
	for pc, steps := 0, 0; pc < len(lines) && m.end == "" && m.defect == ""; steps++ {
		if steps > 10000 {
			m.defect = "endless"
		}
		target, ok := m.line(lines[pc])
		switch {
		case target != "":
			to, known := labels[target]
			if !known {
				m.defect = "no label " + target
			}
			pc = to
		case !ok && m.end == "":
			m.defect = "unhandled failure of: " + lines[pc]
		default:
			pc++
		}
	}
	return m
}

// split makes commands of a script, and finds its labels.
func split(text string) (lines []string, labels map[string]int) {
	labels = map[string]int{}
	whole := ""
	for _, raw := range strings.Split(text, "\n") {
		whole += raw
		whole = strings.TrimSuffix(whole, "\r")
		if strings.HasSuffix(whole, `\`) {
			whole = whole[:len(whole)-1]
			continue
		}
		line := strings.TrimLeft(whole, " \t\v\f")
		if strings.HasPrefix(line, ":") {
			label, rest, _ := strings.Cut(line[1:], " ")
			labels[label], line = len(lines), rest
		}
		lines, whole = append(lines, line), ""
	}
	return lines, labels
}

// line runs the commands of one line; target is the label it goes to.
func (m *machine) line(line string) (target string, ok bool) {
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' })
	ok, process := true, true
	for {
		n, operator := 0, ""
		for n < len(words) && operator == "" {
			if words[n] == "||" || words[n] == "&&" || words[n] == ";" || words[n][0] == '#' {
				operator = words[n]
				break
			}
			n++
		}
		if process {
			args := make([]string, n)
			for i := range n {
				args[i] = m.expand(words[i])
			}
			if target, ok = m.command(args); target != "" || m.end != "" || m.defect != "" {
				return target, ok
			}
		}
		switch {
		case operator == "" || operator[0] == '#':
			return "", ok
		case operator == "||":
			process = !ok
		case operator == "&&":
			process = ok
		default:
			process = true
		}
		words = words[n+1:]
	}
}

func (m *machine) expand(word string) string {
	for range 100 {
		start := -1
		end := -1
		for i := range len(word) {
			if strings.HasPrefix(word[i:], "${") {
				start = i
			}
			if start >= 0 && word[i] == '}' {
				end = i
				break
			}
		}
		if end < 0 {
			return word
		}
		name, _, _ := strings.Cut(word[start+2:end], ":")
		word = word[:start] + m.settings[name] + word[end+1:]
	}
	m.defect = "endless expansion"
	return word
}

func (m *machine) command(args []string) (target string, ok bool) {
	if len(args) == 0 {
		return "", true
	}
	name, args := args[0], args[1:]
	if m.failing != nil && m.failing(name, args) {
		m.settings["errno"] = "2c0d603b"
		return "", false
	}
	do, known := commands[name]
	if !known {
		m.defect = "unknown command: " + name
		return "", false
	}
	return do(m, args)
}

var commands = map[string]func(*machine, []string) (string, bool){
	"set": func(m *machine, a []string) (string, bool) {
		name, _, _ := strings.Cut(a[0], ":")
		m.settings[name] = strings.Join(a[1:], " ")
		return "", true
	},
	"clear": func(m *machine, a []string) (string, bool) {
		_, was := m.settings[a[0]]
		delete(m.settings, a[0])
		return "", was
	},
	"inc": func(m *machine, a []string) (string, bool) {
		n := 0
		_, err := fmt.Sscan(m.settings[a[0]], &n)
		m.settings[a[0]] = fmt.Sprint(n + 1)
		return "", err == nil
	},
	"iseq":    func(_ *machine, a []string) (string, bool) { return "", len(a) == 2 && a[0] == a[1] },
	"goto":    func(_ *machine, a []string) (string, bool) { return a[0], true },
	"sleep":   func(*machine, []string) (string, bool) { return "", true },
	"prompt":  func(m *machine, _ []string) (string, bool) { return "", m.present },
	"imgfree": func(*machine, []string) (string, bool) { return "", true },
	"ifconf": func(m *machine, a []string) (string, bool) {
		m.configured = append(m.configured, strings.Join(a, " "))
		return "", true
	},
	"isset": func(_ *machine, a []string) (string, bool) { return "", len(a) == 1 && a[0] != "" },
	"vcreate": func(m *machine, a []string) (string, bool) {
		m.vlans = append(m.vlans, strings.Join(a, " "))
		return "", true
	},
	"echo": func(m *machine, a []string) (string, bool) {
		m.said = append(m.said, strings.Join(a, " "))
		return "", true
	},
	"imgfetch": func(m *machine, a []string) (string, bool) {
		m.fetched = append(m.fetched, a[len(a)-1])
		return "", true
	},
	"chain": func(m *machine, a []string) (string, bool) {
		m.fetched = append(m.fetched, a[len(a)-1])
		m.end = "chain"
		return "", true
	},
	"exit": func(m *machine, a []string) (string, bool) {
		m.end = strings.TrimSpace("exit " + strings.Join(a, " "))
		return "", true
	},
	"kernel": func(m *machine, a []string) (string, bool) {
		m.images = append(m.images, "kernel "+strings.Join(a, " "))
		return "", true
	},
	"initrd": func(m *machine, a []string) (string, bool) {
		m.images = append(m.images, "initrd "+strings.Join(a, " "))
		return "", true
	},
	"boot":      func(m *machine, _ []string) (string, bool) { m.end = "start"; return "", true },
	"poweroff":  func(m *machine, _ []string) (string, bool) { m.end = "poweroff"; return "", true },
	"sanhook":   (*machine).sanhook,
	"sanunhook": (*machine).sanunhook,
	"sanboot": func(m *machine, a []string) (string, bool) {
		m.end = "boot " + strings.Join(a, " ")
		return "", true
	},
}

func (m *machine) sanhook(args []string) (string, bool) {
	h := hook{
		initiator: m.settings["initiator-iqn"], user: m.settings["username"], password: m.settings["password"],
		reverseUser: m.settings["reverse-username"], reversePassword: m.settings["reverse-password"], described: true,
	}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "--no-describe":
			h.described = false
			args = args[1:]
		case "--drive":
			h.drive = args[1]
			args = args[2:]
		default:
			m.defect = "sanhook " + args[0]
			return "", false
		}
	}
	for _, d := range m.drives {
		if d == h.drive {
			return "", false // in use
		}
	}
	h.uris = args
	m.hooks, m.drives = append(m.hooks, h), append(m.drives, h.drive)
	return "", true
}

func (m *machine) sanunhook(args []string) (string, bool) {
	for i, d := range m.drives {
		if d == args[1] {
			m.drives = append(m.drives[:i:i], m.drives[i+1:]...)
			return "", true
		}
	}
	return "", false
}
