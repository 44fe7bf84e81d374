package replay

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Suite is a folder of recordings, and what they are held against.
type Suite struct {
	Folder string                    // of *.jsonl, deviations.txt and counts.txt
	Groups int                       // how many recordings there are
	Start  func(t *testing.T) string // starts an empty service and returns its address
}

// Run replays every recording of the suite, each on a service of its own.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	deviations := readDeviations(t, filepath.Join(s.Folder, "deviations.txt"))
	files, err := filepath.Glob(filepath.Join(s.Folder, "*.jsonl"))
	if err != nil || len(files) != s.Groups {
		t.Fatalf("found %d recordings (%v), want %d", len(files), err, s.Groups)
	}
	scores := make([]score, len(files))
	for i, file := range files {
		group := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		t.Run(group, func(t *testing.T) { scores[i] = s.replay(t, file, group, deviations) })
	}
	if t.Failed() {
		return
	}
	for name, d := range deviations {
		if !d.used {
			t.Errorf("deviations.txt lists %s, which is not there", name)
		}
	}
	holdCounts(t, filepath.Join(s.Folder, "counts.txt"), scores)
}

func (s Suite) replay(t *testing.T, file, group string, deviations map[string]*deviation) score {
	list, base := read(t, file)
	p := &player{base: s.Start(t), vars: map[string]string{}}
	p.want, p.got = normaliser{base, map[string]string{}}, normaliser{p.base, p.vars}
	total := score{group: group, total: len(list)}
	for _, ex := range list {
		v, d := p.play(t, ex), deviations[group+"/"+ex.Name]
		switch {
		case d != nil:
			d.used = true
			total.deviant++
			if v.pass {
				t.Errorf("deviations.txt lists %s/%s, which does not deviate", group, ex.Name)
			}
		case !v.pass:
			t.Errorf("%s/%s: %s %s -> %d, recorded %d\n%s", group, ex.Name, ex.Request.Method, ex.Request.Path, v.status, ex.Response.Status, v.why)
		default:
			total.count(ex, v)
		}
	}
	return total
}

// player replays the exchanges of a group.
type player struct {
	base      string
	vars      map[string]string // of the live answers
	want, got normaliser
}

// play sends the request and reports how close the answer is to the recorded one.
func (p *player) play(t *testing.T, ex exchange) verdict {
	t.Helper()
	answered := perform(t, p.base, ex, p.vars)
	for name, path := range ex.Bind {
		v, ok := dig(answered.Body, path).(string)
		if !ok {
			v = "UNBOUND-" + name
		}
		p.vars[name] = v
	}
	for name, v := range ex.Bound {
		p.want.vars[name] = v
	}
	return compare(ex, p.want.value(ex.Response.Body, ex.Ignore), p.got.value(answered.Body, ex.Ignore), answered.Status)
}

const countsHead = `# How the replay of each group ends: exchanges; answered as recorded; listed
# deviations; of those answered as recorded, where the service itself failed and any
# refusal will do; and with the very same text, error messages included.
# group                   exchanges   the same  deviations  failures  same text
`

// score counts a group's exchanges.
type score struct {
	group                               string
	total, passed, deviant, quirk, same int
}

func (s *score) count(ex exchange, v verdict) {
	s.passed++
	if ex.Quirk != "" {
		s.quirk++
	} else if v.exact {
		s.same++
	}
}

func (s *score) add(o score) {
	s.total, s.passed, s.deviant, s.quirk, s.same = s.total+o.total, s.passed+o.passed, s.deviant+o.deviant, s.quirk+o.quirk, s.same+o.same
}

func (s score) String() string {
	return fmt.Sprintf("%-25s %10d %10d %11d %9d %10d\n", s.group, s.total, s.passed, s.deviant, s.quirk, s.same)
}

// holdCounts compares the scores with those in the file, and prints the file as it should
// be when they differ.
func holdCounts(t *testing.T, path string, scores []score) {
	t.Helper()
	total := score{group: "total"}
	table := countsHead
	for _, s := range scores {
		total.add(s)
		table += s.String()
	}
	table += total.String()
	said, err := os.ReadFile(path)
	if err != nil || string(said) != table {
		t.Errorf("%s has other counts (%v); they are\n%s", path, err, table)
	}
}

type deviation struct {
	reason string
	used   bool
}

// readDeviations reads the list: a reason at the margin, below it, indented, the
// exchanges it holds for.
func readDeviations(t *testing.T, path string) map[string]*deviation {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]*deviation{}
	lines := bufio.NewScanner(f)
	reason := ""
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "" || line[0] == '#':
		case !strings.HasPrefix(line, "  "):
			reason = line
		case reason == "":
			t.Fatalf("deviations.txt: %q has no reason above it", line)
		default:
			all[strings.TrimSpace(line)] = &deviation{reason: reason}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
