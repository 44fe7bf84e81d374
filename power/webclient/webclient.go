// Package webclient is the HTTP that power drivers talk to devices with: no redirects, no
// proxy, bodies with a limit, and errors that name the host and nothing else of an
// address, whose path and query may be a secret.
package webclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
)

// MaxBody bounds what is read of a reply, in bytes.
const MaxBody = 1 << 20

const maxCA = 1 << 20 // bytes of a file of certificates

// Trust reads a key like redfish_verify_ca: true or nothing trusts the certificates of
// this host, false any certificate, and a path those in that file or directory of this host, in
// PEM.
func Trust(r *driverinfo.Reader, key string) *tls.Config {
	v := r.Text(key, "true")
	verify, isFlag := driverinfo.Truth(v)
	switch {
	case isFlag:
		return &tls.Config{InsecureSkipVerify: !verify} //nolint:gosec // the operator said so
	case !filepath.IsAbs(v):
		r.Wrong("%s is %q, want true, false or the absolute path of a file or directory with certificates", key, v)
		return nil
	}
	pool, err := readCA(v)
	if err != nil {
		r.Wrong("%s: %v", key, err)
	}
	return &tls.Config{RootCAs: pool}
}

// readCA reads certificates from a file, or from the files of a directory, of which others are
// passed over.
func readCA(path string) (*x509.CertPool, error) {
	files, err := os.ReadDir(path)
	pool := x509.NewCertPool()
	if err != nil {
		return pool, addCA(pool, path) // no directory
	}
	found := false
	for _, f := range files {
		found = addCA(pool, filepath.Join(path, f.Name())) == nil || found
	}
	if !found {
		return nil, fmt.Errorf("no file of %s has a certificate in PEM", path)
	}
	return pool, nil
}

// addCA adds the certificates of a file, never of a device or a pipe.
func addCA(pool *x509.CertPool, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxCA {
		return fmt.Errorf("%s is no file of certificates", path)
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s has no certificate in PEM", path)
	}
	return nil
}

// New makes a client for one conversation; Close it.
func New(trust *tls.Config, timeout time.Duration) *Client {
	t := &http.Transport{
		TLSClientConfig: trust, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 64 << 10,
		DialContext: (&net.Dialer{Timeout: timeout}).DialContext,
	}
	return &Client{http.Client{
		Transport: t, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Client sends requests. Its methods are safe for concurrent use.
type Client struct{ http http.Client }

// Close closes the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Reply is a reply with its whole body.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// ErrTooLarge is a body of more than MaxBody.
var ErrTooLarge = fmt.Errorf("reply of more than %d bytes", MaxBody)

// Do sends a request and reads the reply, whatever its status.
func (c *Client) Do(ctx context.Context, method, address, body string, header http.Header) (*Reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, errors.New("cannot make a request of this method and address")
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the reply: %w", err)
	case len(b) > MaxBody:
		return nil, ErrTooLarge
	}
	return &Reply{resp.StatusCode, resp.Header, b}, nil
}

// withoutURL takes the address out of the error of an http.Client.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Origin is what an error may say of an address: scheme, host and port.
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "its address"
	}
	return u.Scheme + "://" + u.Host
}

// CheckURL adds a finding unless the value of key is an http or https URL with a host. The
// finding does not tell it.
func CheckURL(r *driverinfo.Reader, key, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" {
		r.Wrong("%s must be an http:// or https:// URL", key)
	}
}

// Failure is an operator's error: its text, and its kinds, of which one is
// baremetal.ErrBMC.
type Failure struct {
	Text  string
	Cause error
}

// Error returns the text alone.
func (f *Failure) Error() string { return f.Text }

// Unwrap returns the kinds.
func (f *Failure) Unwrap() []error { return []error{f.Cause, baremetal.ErrBMC} }
