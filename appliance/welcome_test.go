package appliance

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ironhook/api/door"
)

// first is a data directory after the first start, with its users.
func first(t *testing.T) (data string, users *door.Users) {
	t.Helper()
	data = t.TempDir()
	path := filepath.Join(data, passwordFile)
	if err := makePassword(path, new(bytes.Buffer)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	more := "# people\nada:" + strings.TrimPrefix(strings.TrimSpace(string(text)), "admin:") + "\n" + string(text)
	if err := os.WriteFile(path, []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	if users, err = door.ReadUsers(strings.NewReader(more)); err != nil {
		t.Fatal(err)
	}
	return data, users
}

func TestWelcomeSetsThePasswordOnce(t *testing.T) {
	data, users := first(t)
	w := newWelcome(&passwords{data: data, users: users}, time.Now())
	link := w.link("http://lab:6385")
	_, key, _ := strings.Cut(link, "/ui/welcome?key=")
	if len(key) < 26 || !w.Opens(key) || w.Opens("") || w.Opens(key[1:]) {
		t.Fatalf("link %q", link)
	}
	if again := newWelcome(&passwords{data: data, users: users}, time.Now()).link(""); again == "" || again == link {
		t.Errorf("a restart meanwhile makes the link %q", again)
	}
	if _, err := w.Set(key, "short"); err == nil || !w.Opens(key) {
		t.Error("a short password is taken, or ends the link")
	}
	if user, err := w.Set("another", "long enough"); user != "" || err != nil {
		t.Errorf("another key sets the password of %q, %v", user, err)
	}
	if user, err := w.Set(key, "long enough"); user != firstUser || err != nil {
		t.Fatalf("set the password of %q, %v", user, err)
	}
	if !users.Verify(t.Context(), firstUser, "long enough") {
		t.Error("the password is not that")
	}
	text, err := os.ReadFile(filepath.Join(data, passwordFile))
	if err != nil || !strings.HasPrefix(string(text), "# people\nada:$2a$") || strings.Count(string(text), "\n") != 3 {
		t.Errorf("the file is %q, %v", text, err)
	}
	again, err := door.ReadUsers(bytes.NewReader(text))
	if err != nil || !again.Verify(t.Context(), firstUser, "long enough") {
		t.Errorf("after a restart the password is not that: %v", err)
	}
	if w.Opens(key) || newWelcome(&passwords{data: data, users: users}, time.Now()).link("") != "" {
		t.Error("the link lives on")
	}
}

func TestWelcomeEnds(t *testing.T) {
	data, users := first(t)
	if w := newWelcome(&passwords{data: data}, time.Now()); w.link("") != "" || w.Opens("") {
		t.Error("there is a link without authentication")
	}
	if w := newWelcome(&passwords{data: data, users: users}, time.Now().Add(2*welcomeFor)); w.link("") != "" {
		t.Error("there is a link days later")
	}
	if newWelcome(&passwords{data: data, users: users}, time.Now()).link("") != "" {
		t.Error("there is a link again")
	}
	data, users = first(t)
	w := newWelcome(&passwords{data: data, users: users}, time.Now())
	if err := w.Over(); err != nil || w.Opens(w.key) || newWelcome(&passwords{data: data, users: users}, time.Now()).link("") != "" {
		t.Errorf("it is not over: %v", err)
	}
	if err := w.Over(); err != nil {
		t.Error("over twice:", err)
	}
}

func TestLogTail(t *testing.T) {
	var out bytes.Buffer
	tail := newLogTail(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log := slog.New(tail).With("a", 1)
	if log.Info("quiet"); tail.name() != "warn" || out.Len() > 0 || len(tail.lines.newest()) > 0 {
		t.Errorf("level %s logs %q", tail.name(), out.String())
	}
	if err := tail.set("loud"); err == nil {
		t.Error("there is a level loud")
	}
	if err := tail.set("debug"); err != nil {
		t.Fatal(err)
	}
	log.Debug("heard", "b", 2)
	if got := tail.lines.newest(); tail.name() != "debug" || len(got) != 1 || !strings.HasSuffix(got[0], "msg=heard a=1 b=2") ||
		!strings.Contains(out.String(), "msg=heard a=1 b=2") {
		t.Errorf("kept %q, logged %q", got, out.String())
	}
	for range tailLines + 10 {
		log.Error("many")
	}
	if got := tail.lines.newest(); len(got) != tailLines || !strings.Contains(got[0], "many") {
		t.Errorf("%d lines are kept", len(got))
	}
	log.Error(strings.Repeat("ä", tailWidth))
	if got := tail.lines.newest()[0]; len(got) > tailWidth || !utf8.ValidString(got) {
		t.Errorf("a line of %d bytes is kept", len(got))
	}
}
