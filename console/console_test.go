package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const node = "c0ffee00-0000-4000-8000-000000000007"

// machine is one whose console comes and goes.
type machine struct {
	mu    sync.Mutex
	typed strings.Builder
	says  *io.PipeWriter // nil while no console is open
	opens int
	dead  bool
	came  chan struct{} // a token for each opened console
}

type terminal struct {
	*io.PipeReader
	m *machine
}

func (t terminal) Write(p []byte) (int, error) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return t.m.typed.Write(p)
}

func (t terminal) Break() error { _, err := t.Write([]byte("<break>")); return err }

func (m *machine) open(context.Context, string) (baremetal.Terminal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opens++
	if m.dead {
		return nil, errors.New("no answer")
	}
	r, w := io.Pipe()
	m.says = w
	m.came <- struct{}{}
	return terminal{r, m}, nil
}

// say writes once a console is open.
func (m *machine) say(t *testing.T, text string) {
	t.Helper()
	m.mu.Lock()
	w := m.says
	m.mu.Unlock()
	if _, err := w.Write([]byte(text)); err != nil {
		t.Error(err)
	}
}

// start runs a hub over a store with one node; the returned function ends it.
func start(t *testing.T, s *store.Store, dir string, m *machine) (h *Hub, stop func()) {
	t.Helper()
	h = New(Config{Store: s, Dir: dir, Open: m.open, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return h, stop
}

func enrolled(t *testing.T) *store.Store {
	t.Helper()
	s := storetest.Open(t)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Nodes().Insert(&baremetal.Node{UUID: node, Name: "pc-07", Driver: "ipmi", ConsoleEnabled: true,
			Interfaces: baremetal.Interfaces{"console": "ipmitool-socat"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read waits for a text from a position, and returns the position after it.
func read(t *testing.T, h *Hub, from int64, text string) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got := ""
	for !strings.Contains(got, text) {
		at, b, err := h.Read(ctx, node, from, 1000, true)
		if err != nil {
			t.Fatalf("after %q: %v, want %q", got, err, text)
		}
		got, from = got+string(b), at+int64(len(b))
	}
	return from
}

// What a machine writes is kept over a restart, and positions go on; the line comes back by itself.
func TestHub(t *testing.T) {
	s, dir, m := enrolled(t), filepath.Join(t.TempDir(), "consoles"), &machine{came: make(chan struct{}, 10)}
	h, stop := start(t, s, dir, m)
	<-m.came
	m.say(t, "first ")
	read(t, h, 0, "first ")
	m.says.CloseWithError(errors.New("BMC restarted"))
	<-m.came
	m.say(t, "second")
	end := read(t, h, 0, "first second")
	stop()

	h, stop = start(t, s, dir, m)
	<-m.came
	m.say(t, "third")
	if at := read(t, h, end, "third"); at != end+5 {
		t.Errorf("position after a restart = %d, want %d", at, end+5)
	}
	info, err := os.Stat(filepath.Join(dir, node, "00000000000000000000"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("kept file: %v, %v", info, err)
	}
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.Nodes().Delete(node) }); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, node)); errors.Is(err, os.ErrNotExist) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	var details []string
	err = s.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{Limit: 100})
		for _, e := range events {
			details = append(details, e.Detail)
		}
		return err
	})
	want := "console connected, console lost: BMC restarted, console connected, console connected"
	if got := strings.Join(details, ", "); err != nil || got != want {
		t.Errorf("events: %s, %v, want %s", got, err, want)
	}
}

// One types; another may take that, and the first learns of it. What is typed is in no file.
func TestOneWriter(t *testing.T) {
	s, dir, m := enrolled(t), t.TempDir(), &machine{came: make(chan struct{}, 10)}
	h, _ := start(t, s, dir, m)
	<-m.came
	m.say(t, "login: ")
	read(t, h, 0, "login: ")
	anna, err := h.Claim(t.Context(), node, "anna", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Claim(t.Context(), node, "bert", false); !errors.Is(err, baremetal.ErrConflict) ||
		!strings.Contains(err.Error(), "anna types") {
		t.Errorf("second writer: %v", err)
	}
	if _, err := anna.Write([]byte("hunter2")); err != nil {
		t.Error(err)
	}
	bert, err := h.Claim(t.Context(), node, "bert", true)
	if err != nil {
		t.Fatal(err)
	}
	<-anna.Lost()
	if _, err := anna.Write([]byte("late")); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("writer who lost the right: %v", err)
	}
	anna.Release() // takes nothing from bert
	if err := bert.Break(); err != nil {
		t.Error(err)
	}
	if got := h.Status(node); !got.Connected || got.Writer != "bert" {
		t.Errorf("status = %+v", got)
	}
	bert.Release()
	if got := h.Status(node).Writer; got != "" {
		t.Errorf("writer after release = %q", got)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if got := m.typed.String(); got != "hunter2<break>" {
		t.Errorf("typed %q", got)
	}
	b, err := os.ReadFile(filepath.Join(dir, node, "00000000000000000000"))
	if err != nil || string(b) != "login: " {
		t.Errorf("kept %q, %v", b, err)
	}
}

// A dead BMC is one event, however often it is tried, and typing says why it cannot be.
func TestDeadLine(t *testing.T) {
	s, m := enrolled(t), &machine{came: make(chan struct{}, 10), dead: true}
	h, _ := start(t, s, t.TempDir(), m)
	for h.Status(node).Problem == "" {
		time.Sleep(10 * time.Millisecond)
	}
	w, err := h.Claim(t.Context(), node, "anna", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); !errors.Is(err, baremetal.ErrConflict) || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("typing on a dead line: %v", err)
	}
	for opens := 0; opens < 2; {
		m.mu.Lock()
		opens = m.opens
		m.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	lost := 0
	err = s.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{Limit: 100})
		for _, e := range events {
			lost += strings.Count(e.Detail, "console lost")
		}
		return err
	})
	if err != nil || lost != 1 {
		t.Errorf("%d events of a lost console, %v, want 1", lost, err)
	}
}

// The kept text has a limit, and a reader that stood before it goes on at its beginning.
func TestKeptLimit(t *testing.T) {
	k, err := openKept(filepath.Join(t.TempDir(), node))
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	line := []byte(strings.Repeat("x", 1<<16))
	for range 40 {
		if err := k.append(line); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(k.dir)
	if err != nil || len(files) != 2 {
		t.Errorf("%d files, %v, want 2", len(files), err)
	}
	total := int64(0)
	for from := int64(0); ; {
		at, b, _, err := k.read(from, 10000)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 {
			if at != 40<<16 {
				t.Errorf("end = %d", at)
			}
			break
		}
		if from == 0 && at < 40<<16-2*partSize {
			t.Errorf("begins at %d", at)
		}
		total, from = total+int64(len(b)), at+int64(len(b))
	}
	if total < partSize || total > 2*partSize {
		t.Errorf("%d bytes are kept", total)
	}
	if at, b, _, err := k.read(1<<40, 10); at != 40<<16 || len(b) > 0 || err != nil {
		t.Errorf("position of another log: %d, %q, %v", at, b, err)
	}
}
