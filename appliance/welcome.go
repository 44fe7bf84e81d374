package appliance

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"ironhook/fleet"
)

// firstRunFile stands in the data directory from the first start until somebody has signed
// in, so that a restart meanwhile prints another link.
const firstRunFile = "first-run"

// welcomeFor is how long after the first start there is a link.
const welcomeFor = 24 * time.Hour

func beginFirstRun(data string) error {
	return writeDurably(filepath.Join(data, firstRunFile), nil)
}

// welcome is a link that sets the password of the first user, once. It is safe for
// concurrent use.
type welcome struct {
	passwords *passwords
	until     time.Time

	mu  sync.Mutex
	key string // mu guards it; "" when the link is over
}

// newWelcome makes a link where the first run is not over, else one that opens nothing.
func newWelcome(p *passwords, now time.Time) *welcome {
	w := &welcome{passwords: p}
	if p.users == nil {
		return w
	}
	info, err := os.Stat(filepath.Join(p.data, firstRunFile))
	switch {
	case err != nil:
	case !slices.Contains(p.users.Names(), firstUser) || now.Sub(info.ModTime()) > welcomeFor:
		_ = w.Over() // the next start tries again
	default:
		w.key, w.until = rand.Text(), info.ModTime().Add(welcomeFor)
	}
	return w
}

// link is where a browser sets the password, "" for nowhere.
func (w *welcome) link(pages string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.key == "" {
		return ""
	}
	return pages + "/ui/welcome?key=" + url.QueryEscape(w.key)
}

// Opens reports whether key is that of the link, and the link is not over.
func (w *welcome) Opens(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opens(key)
}

func (w *welcome) opens(key string) bool {
	return w.key != "" && time.Now().Before(w.until) && subtle.ConstantTimeCompare([]byte(key), []byte(w.key)) == 1
}

// Set sets the password and returns the user's name, "" when the key opens nothing. An error
// of kind ErrInvalid is about the password, and the link lives on.
func (w *welcome) Set(key, password string) (user string, err error) {
	digest, err := fleet.Digest(password)
	if err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.opens(key) {
		return "", nil
	}
	if err := w.passwords.renew(firstUser, digest); err != nil {
		return "", err
	}
	return firstUser, w.over()
}

// Over ends the link: somebody has signed in.
func (w *welcome) Over() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over()
}

func (w *welcome) over() error {
	w.key = ""
	if err := os.Remove(filepath.Join(w.passwords.data, firstRunFile)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
