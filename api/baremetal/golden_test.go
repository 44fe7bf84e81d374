package baremetalapi

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGolden replays every recorded exchange with a real Ironic 21.4.4 and allows
// no difference but those listed in testdata/golden/deviations.txt.
func TestGolden(t *testing.T) { replayFolder(t, "testdata/golden", 13) }

// TestRecorded does the same with the groups that were recorded later.
func TestRecorded(t *testing.T) { replayFolder(t, "testdata/recorded", 7) }

// TestNewest replays what was recorded with Ironic 39.0.0, API 1.83 to 1.115.
func TestNewest(t *testing.T) { replayFolder(t, "testdata/newest", 16) }

// TestLater replays other groups of the same features, recorded with the same Ironic.
func TestLater(t *testing.T) { replayFolder(t, "testdata/later", 16) }

func replayFolder(t *testing.T, folder string, groups int) {
	deviations := readDeviations(t, filepath.Join(folder, "deviations.txt"))
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil || len(files) != groups {
		t.Fatalf("found %d recordings (%v), want %d", len(files), err, groups)
	}
	scores := make([]score, len(files))
	t.Run("groups", func(t *testing.T) {
		for i, file := range files {
			group := strings.TrimSuffix(filepath.Base(file), ".jsonl")
			t.Run(group, func(t *testing.T) {
				t.Parallel() // much of it is waiting for locks
				scores[i] = replay(t, file, group, deviations)
			})
		}
	})
	if t.Failed() {
		return
	}
	for name, d := range deviations {
		if !d.used {
			t.Errorf("deviations.txt lists %s, which is not there", name)
		}
	}
	holdCounts(t, filepath.Join(folder, "counts.txt"), scores)
}

// holdCounts compares the scores with those in the file, and prints the
// file as it should be when they differ.
func holdCounts(t *testing.T, path string, scores []score) {
	total := score{group: "total"}
	table := countsHead
	for _, s := range scores {
		total.add(s)
		table += s.String()
	}
	table += total.String()
	t.Log("\n" + table)
	if share := total.share(); share < 97 {
		t.Errorf("%.1f%% of the answers that are Ironic's have the very same text, want at least 97%%", share)
	}
	told, err := os.ReadFile(path)
	if err != nil || string(told) != table {
		t.Errorf("%s has other counts (%v); they are\n%s", path, err, table)
	}
}

const countsHead = `# How the replay of each group ends: exchanges; answered as Ironic did; listed
# deviations; of those answered as Ironic, where Ironic itself failed (500) and any
# refusal will do; and with the very same text, error messages included.
# group                   exchanges  as Ironic  deviations  failures  same text
`

// score counts a group's exchanges.
type score struct {
	group                               string
	total, passed, deviant, quirk, same int
}

func (s *score) add(o score) {
	s.total, s.passed, s.deviant, s.quirk, s.same = s.total+o.total, s.passed+o.passed, s.deviant+o.deviant, s.quirk+o.quirk, s.same+o.same
}

// share is how many of the exchanges that pass have the very same text, in percent.
func (s *score) share() float64 { return 100 * float64(s.same) / float64(s.passed) }

func (s score) String() string {
	return fmt.Sprintf("%-25s %10d %10d %11d %9d %10d  %5.1f%%\n", s.group, s.total, s.passed, s.deviant, s.quirk, s.same, s.share())
}

type deviation struct {
	reason string
	used   bool
	unsent bool // what it does here would spoil what follows
}

// readDeviations reads the list: a reason at the margin, below it, indented, the
// exchanges it holds for.
func readDeviations(t *testing.T, path string) map[string]*deviation {
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
			name, unsent := strings.CutSuffix(strings.TrimSpace(line), " (not sent)")
			all[name] = &deviation{reason: reason, unsent: unsent}
		}
	}
	return all
}

func replay(t *testing.T, file, group string, deviations map[string]*deviation) score {
	list, base := readExchanges(t, file)
	s, p := score{group: group, total: len(list)}, newPlayer(t, base)
	for i, ex := range list {
		d := deviations[group+"/"+ex.Name]
		ex.deviates = d != nil
		var v verdict
		if d != nil && d.unsent {
			v = playAside(t, base, list[:i], ex, deviations)
		} else {
			v = p.play(t, ex)
		}
		if d != nil {
			d.used = true
			s.deviant++
			if v.pass {
				t.Errorf("deviations.txt lists %s/%s, which does not deviate", group, ex.Name)
			}
			continue
		}
		if !v.pass {
			t.Errorf("%s/%s: %s %s -> %d, Ironic %d\n%s", group, ex.Name, ex.Request.Method, ex.Request.Path, v.status, ex.Response.Status, v.why)
			continue
		}
		s.passed++
		switch {
		case ex.Quirk != "":
			s.quirk++
		case v.exact:
			s.same++
		default:
			t.Logf("other text in %s/%s: %s", group, ex.Name, v.why)
		}
	}
	return s
}

// playAside plays an exchange that would spoil what follows: on a lab of its own,
// after everything that came before it.
func playAside(t *testing.T, base string, before []exchange, ex exchange, deviations map[string]*deviation) verdict {
	p := newPlayer(t, base)
	for _, earlier := range before {
		if d := deviations[ex.Group+"/"+earlier.Name]; d == nil || !d.unsent {
			p.play(t, earlier)
		}
	}
	return p.play(t, ex)
}
