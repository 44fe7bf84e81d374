package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	// maxAnswer limits what is read of one answer, which a thousand nodes do not fill.
	maxAnswer = 256 << 20
	// patience is how long an answer may take to begin; the appliance holds a
	// request for its events for a minute.
	patience = 2 * time.Minute
	// volumeVersion is the microversion of the Block Storage API that is spoken.
	volumeVersion = "3.70"
	// onThisMachine stands for the appliance behind the local socket.
	onThisMachine = "http://ironhook"
)

// server is a connection to an appliance.
type server struct {
	http           *http.Client
	uploads        *http.Client // for requests that are answered when the appliance has worked on a file
	base, place    string       // the latter to be shown
	user, password string
	token          string // of a Keystone, for another Ironic
	version        string // microversion of the Bare Metal API
}

// find decides which server to talk to: --url, else $IRONHOOK_URL, else
// $OS_ENDPOINT, else the appliance on this machine.
func (c Config) find(flag string) (*server, error) {
	s := &server{version: cmp.Or(c.Getenv("OS_BAREMETAL_API_VERSION"), "latest")}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: patience}
	place := cmp.Or(flag, c.Getenv("IRONHOOK_URL"), c.Getenv("OS_ENDPOINT"))
	if place == "" {
		s.base = onThisMachine
		transport.Proxy, transport.DialContext = nil, local(c.Socket())
	}
	s.http, s.uploads = &http.Client{Transport: transport}, patient(transport)
	if place == "" {
		return s, nil
	}
	u, err := url.Parse(place)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, misuse("%q is no address of an appliance; give one like http://ironhook:6385 with --url, IRONHOOK_URL or OS_ENDPOINT", place)
	}
	s.base, s.place = strings.TrimSuffix(place, "/"), u.Redacted()
	switch method := c.Getenv("OS_AUTH_TYPE"); method {
	case "none":
	case "token", "v3token":
		s.token = c.Getenv("OS_TOKEN")
	case "", "http_basic":
		s.user, s.password = c.Getenv("OS_USERNAME"), c.Getenv("OS_PASSWORD")
	default:
		return nil, misuse("OS_AUTH_TYPE=%s: want http_basic, none, or token with OS_TOKEN (of openstack token issue)", method)
	}
	return s, nil
}

// patient is a client that waits for an answer for as long as the connection lives: the
// checksums of a large disk take many minutes.
func patient(of *http.Transport) *http.Client {
	transport := of.Clone()
	transport.ResponseHeaderTimeout = 0
	return &http.Client{Transport: transport}
}

// local dials the appliance on this machine.
func local(socket string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("no appliance listens at %s; start one with ironhook serve, or say where it is with --url", socket)
		case errors.Is(err, fs.ErrPermission):
			return nil, fmt.Errorf("%s belongs to another user; run this as the user that runs ironhook serve, or give --url, OS_USERNAME and "+
				"OS_PASSWORD", socket)
		case err != nil:
			return nil, fmt.Errorf("no appliance answers at %s; start it with ironhook serve: %w", socket, err)
		}
		return c, nil
	}
}

// send makes a request. An answer of 400 or more is a *refusal; any other is the
// caller's to close.
func (s *server) send(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("X-OpenStack-Ironic-API-Version", s.version)
	request.Header.Set("OpenStack-API-Version", "volume "+volumeVersion)
	for name, values := range header {
		request.Header[name] = values
	}
	by := s.http
	if f, ok := body.(*os.File); ok { // net/http does not know the length of a file
		by = s.uploads
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			request.ContentLength = info.Size()
		}
	}
	if s.token != "" {
		request.Header.Set("X-Auth-Token", s.token)
	}
	if s.user != "" {
		request.SetBasicAuth(s.user, s.password)
	}
	response, err := by.Do(request)
	if err != nil {
		return nil, s.unreached(err)
	}
	if response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return nil, refused(response, text)
}

// openly is the server's address for others: without the password that may stand in it.
func (s *server) openly() string {
	u, err := url.Parse(s.base)
	if err != nil {
		return s.base
	}
	u.User = nil
	return u.String()
}

// unreached names the server that was not reached, without the text that net/http adds:
// the whole URL, which may carry a password.
func (s *server) unreached(err error) error {
	if e := new(url.Error); errors.As(err, &e) {
		err = e.Err
	}
	if s.base == onThisMachine || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("no appliance answers at %s: %w", s.place, err)
}

// do sends in as JSON, where it is not nil, and returns what the answer's JSON says:
// objects as map[string]any, numbers as [json.Number], nothing as nil.
func (s *server) do(ctx context.Context, method, path string, in any) (any, error) {
	return s.doAs(ctx, method, path, "application/json", in)
}

func (s *server) doAs(ctx context.Context, method, path, mediaType string, in any) (any, error) {
	header, body := http.Header{}, io.Reader(nil)
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		header.Set("Content-Type", mediaType)
		body = bytes.NewReader(text)
	}
	response, err := s.send(ctx, method, path, header, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return decode(response.Body)
}

func decode(r io.Reader) (out any, err error) {
	d := json.NewDecoder(io.LimitReader(r, maxAnswer))
	d.UseNumber()
	if err := d.Decode(&out); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the answer is no JSON; is that an appliance? %w", err)
	}
	return out, nil
}

// get reads an object.
func (s *server) get(ctx context.Context, path string) (map[string]any, error) {
	return object(s.do(ctx, http.MethodGet, path, nil))
}

// object makes sure that an answer is one.
func object(answer any, err error) (map[string]any, error) {
	if err != nil {
		return nil, err
	}
	o, ok := answer.(map[string]any)
	if !ok {
		return nil, errors.New("the answer is no JSON object; is that an appliance?")
	}
	return o, nil
}
