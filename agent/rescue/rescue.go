// Package rescue lets people in who have a password, by SSH: a shell with or without a terminal, and
// commands. No ports are forwarded, and there are no other subsystems.
package rescue

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/ssh"
)

// The account's name is that of Ironic's rescue ramdisks.
const account = "rescue"

// maxPeople is how many may be there at once, and as many may be logging in; patience is how long a login
// may take. A wrong password costs a delay, against guessing.
const (
	maxPeople = 16
	patience  = time.Minute
	slow      = 2 * time.Second
)

// Door lets in who has the password.
type Door struct {
	Hash []byte // of the password, bcrypt
	Say  func(format string, args ...any)
	// Run runs a session's program until it ends.
	Run  func(s *Session) (status int, err error)
	key  ssh.Signer
	slow time.Duration
}

// Open makes the key of the host, and returns its fingerprint.
func (d *Door) Open() (fingerprint string, err error) {
	if _, err := bcrypt.Cost(d.Hash); err != nil {
		return "", fmt.Errorf("the password is no hash of bcrypt: %w", err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	d.slow = slow
	if d.key, err = ssh.NewSignerFromKey(private); err != nil {
		return "", err
	}
	return ssh.FingerprintSHA256(d.key.PublicKey()), nil
}

// errRefused is the answer to every wrong name or password.
var errRefused = errors.New("wrong name or password")

func (d *Door) config() *ssh.ServerConfig {
	c := &ssh.ServerConfig{MaxAuthTries: 3, PasswordCallback: func(who ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if bcrypt.CompareHashAndPassword(d.Hash, password) == nil && who.User() == account {
			return nil, nil
		}
		time.Sleep(d.slow)
		return nil, errRefused
	}}
	c.AddHostKey(d.key)
	return c
}

// Serve answers until ctx ends, and sends everybody away then.
func (d *Door) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { l.Close() })() //nolint:errcheck // nothing is left to lose
	config, places, before := d.config(), make(chan struct{}, maxPeople), new(queue)
	var people sync.WaitGroup
	defer people.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		before.enter(c)
		people.Go(func() { d.answer(ctx, c, config, before, places) })
	}
}

func (d *Door) answer(ctx context.Context, c net.Conn, config *ssh.ServerConfig, before *queue, places chan struct{}) {
	defer c.Close()                                      //nolint:errcheck // what counts was sent
	defer context.AfterFunc(ctx, func() { c.Close() })() //nolint:errcheck // as above
	c.SetDeadline(time.Now().Add(patience))              //nolint:errcheck // a dead connection shows below
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	before.leave(c)
	if err != nil {
		d.Say("ssh: %s was not let in: %v", c.RemoteAddr(), err)
		return
	}
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	default:
		d.Say("ssh: %s was not let in: %d are here", c.RemoteAddr(), maxPeople)
		return
	}
	c.SetDeadline(time.Time{}) //nolint:errcheck // as above
	d.Say("ssh: %s is here", c.RemoteAddr())
	go ssh.DiscardRequests(requests)
	for asked := range channels {
		if asked.ChannelType() != "session" {
			asked.Reject(ssh.UnknownChannelType, "sessions only") //nolint:errcheck // the peer has gone
			continue
		}
		channel, requests, err := asked.Accept()
		if err != nil {
			break
		}
		go (&Session{channel: channel, run: d.Run}).serve(requests)
	}
	conn.Wait() //nolint:errcheck // how it ended is no matter
	d.Say("ssh: %s has left", c.RemoteAddr())
}

// queue are the connections that are logging in, the oldest first. Anybody can open one, so that no more
// than maxPeople are kept: then the oldest of the address that has most of them gives way.
type queue struct {
	mu  sync.Mutex
	all []net.Conn // mu guards it
}

func (q *queue) enter(c net.Conn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = append(q.all, c)
	if len(q.all) <= maxPeople {
		return
	}
	held, most := map[string]int{}, ""
	for _, o := range q.all {
		of := hostOf(o)
		if held[of]++; held[of] > held[most] {
			most = of
		}
	}
	i := slices.IndexFunc(q.all, func(o net.Conn) bool { return hostOf(o) == most })
	q.all[i].Close() //nolint:errcheck // its login fails
	q.all = slices.Delete(q.all, i, i+1)
}

func (q *queue) leave(c net.Conn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = slices.DeleteFunc(q.all, func(o net.Conn) bool { return o == c })
}

func hostOf(c net.Conn) string {
	host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	return host
}
