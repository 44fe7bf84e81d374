package cinder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// maxBody bounds what is read of a reply, in bytes.
const maxBody = 4 << 20

// Client talks to one Cinder. Its methods are safe for concurrent use.
type Client struct {
	config Config
	log    *slog.Logger
	http   http.Client

	mu       sync.Mutex
	token    string
	endpoint string
	attach   string // attachments or actions, "" before Cinder was asked
}

// New makes a client of a checked configuration. It sends nothing.
func New(c Config, log *slog.Logger) (*Client, error) {
	trust, err := c.trust()
	if err != nil {
		return nil, err
	}
	client := &Client{config: c, log: log, http: http.Client{
		Transport: &http.Transport{TLSClientConfig: trust, MaxResponseHeaderBytes: 64 << 10, Proxy: http.ProxyFromEnvironment,
			IdleConnTimeout: time.Minute},
		Timeout:       time.Duration(c.Timeout) * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.AttachAPI != auto {
		client.attach = c.AttachAPI
	}
	return client, nil
}

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Toggles reports whether volumes are detached from a machine that is switched off.
func (c *Client) Toggles() bool { return c.config.Toggle }

// refusal is an answer of Cinder that is no success.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s: %s", r.status, http.StatusText(r.status), r.text))
}

// refused reports whether err is an answer with one of these statuses.
func refused(err error, statuses ...int) bool {
	var r refusal
	for _, s := range statuses {
		if errors.As(err, &r) && r.status == s {
			return true
		}
	}
	return false
}

// temporary reports whether a failure may pass by itself: no answer at all, or one that says so.
func temporary(err error) bool {
	var r refusal
	return !errors.As(err, &r) || r.status >= 500 || r.status == http.StatusTooManyRequests
}

// do sends a request to Cinder at a microversion, 3.0 for "", and reads the answer into out unless that is nil.
// A token that has expired is replaced once.
func (c *Client) do(ctx context.Context, method, path, version string, in, out any) error {
	for again := false; ; again = true {
		endpoint, token, err := c.access(ctx, again)
		if err != nil {
			return fmt.Errorf("log in to Keystone at %s: %w", origin(c.config.AuthURL), err)
		}
		header := http.Header{}
		if version != "" {
			header.Set("OpenStack-API-Version", "volume "+version)
		}
		if token != "" {
			header.Set("X-Auth-Token", token)
		}
		_, err = c.send(ctx, method, endpoint+path, header, in, out)
		if refused(err, http.StatusUnauthorized) && c.config.keystone() && !again {
			continue
		}
		if err != nil {
			return fmt.Errorf("Cinder at %s: %w", origin(endpoint), err) //nolint:staticcheck // a name
		}
		return nil
	}
}

// send sends one request and returns the header of the answer. No error has its address, body or header.
func (c *Client) send(ctx context.Context, method, address string, header http.Header, in, out any) (http.Header, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
		header.Set("Content-Type", "application/json")
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("cannot make a request of this address")
	}
	header.Set("Accept", "application/json")
	header.Set("User-Agent", "ironhook")
	req.Header = header
	if c.config.AuthType == httpBasic {
		req.SetBasicAuth(c.config.Username, c.config.Password)
	}
	reply, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fmt.Errorf("no answer: %w", err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(reply.Body, maxBody))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case reply.StatusCode >= 400 || reply.StatusCode == 300 && out == nil || reply.StatusCode > 300 && reply.StatusCode < 400:
		return nil, refusal{reply.StatusCode, message(text)}
	case out == nil:
		return reply.Header, nil
	case json.Unmarshal(text, out) != nil:
		return nil, errors.New("its answer is not that of the Block Storage API: check endpoint_override")
	}
	return reply.Header, nil
}

// message is the text of an error of OpenStack's, {"badRequest": {"message": "..."}}.
func message(body []byte) string {
	var kinds map[string]json.RawMessage
	if json.Unmarshal(body, &kinds) != nil {
		return ""
	}
	for _, raw := range kinds {
		var fault struct{ Message string }
		if json.Unmarshal(raw, &fault) == nil && fault.Message != "" {
			return fmt.Sprintf("%.300s", fault.Message)
		}
	}
	return ""
}

// origin is what an error may say of an address: scheme, host and port.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "its address"
	}
	return u.Scheme + "://" + u.Host
}

// patiently repeats an operation that is safe to repeat, as often and at the intervals of the
// configuration, while its failures are such as again says. Its error is ErrStorage.
func (c *Client) patiently(ctx context.Context, what string, again func(error) bool, operation func() error) error {
	for try := 0; ; try++ {
		err := operation()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", what, errors.Join(ctx.Err(), err))
		case try >= c.config.Retries || !again(err):
			return baremetal.Errorf(baremetal.ErrStorage, "%s: %v", what, err)
		}
		c.log.Warn(what+"; it is tried again", "error", err, "in", c.config.interval())
		if err := limit.Pause(ctx, c.config.interval()); err != nil {
			return err
		}
	}
}
