package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// apiVersion is the microversion that the agent asks for. Older servers refuse it and say what
// they have; then the agent asks for that.
const apiVersion = "1.84"

// callTime bounds one call, and maxAnswer what an answer may be.
const (
	callTime  = 60 * time.Second
	maxAnswer = 16 << 20
)

// client speaks to the API.
type client struct {
	http    *http.Client
	api     string
	version string
}

// errCertificate is the refusal of a certificate that is not the pinned one.
var errCertificate = errors.New("the certificate of the API is not the one whose SHA-256 the kernel's argument ironhook-certificate names")

// client makes the client. With a pinned certificate, that one is accepted and no other; the
// clock of a machine may be wrong, so its dates are not looked at.
func (a *agent) client() (*client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case a.Pin != nil:
		config.InsecureSkipVerify = true //nolint:gosec // verified by what follows
		config.VerifyConnection = func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].Raw)
			if subtle.ConstantTimeCompare(sum[:], a.Pin) != 1 {
				return errCertificate
			}
			return nil
		}
	case a.Insecure:
		config.InsecureSkipVerify = true //nolint:gosec // asked for
	default:
		config.RootCAs = x509.NewCertPool() // the system has none
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: false, DisableKeepAlives: true}
	return &client{http: &http.Client{Transport: transport}, api: a.API, version: apiVersion}, nil
}

// statusError is an answer that is no success.
type statusError struct {
	status int
	text   string
}

func (e statusError) Error() string { return fmt.Sprintf("%d %s", e.status, e.text) }

// call sends a request with in as its JSON body and reads the answer into out; both may be nil.
func (c *client) call(ctx context.Context, method, to string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, to, &body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-OpenStack-Ironic-API-Version", c.version)
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusNotAcceptable:
		if newest := answer.Header.Get("X-OpenStack-Ironic-API-Maximum-Version"); newest != "" && newest != c.version {
			c.version = newest
		}
		return statusError{answer.StatusCode, "another version is spoken here"}
	case answer.StatusCode >= 300:
		return statusError{answer.StatusCode, firstLine(b)}
	case out == nil:
		return nil
	}
	return json.Unmarshal(b, out)
}

func firstLine(b []byte) string {
	text := strings.Join(strings.Fields(string(b)), " ")
	return text[:min(len(text), 300)]
}

// report sends what was found.
func (c *client) report(ctx context.Context, to string, found any) error {
	return c.call(ctx, http.MethodPost, to, found, nil)
}

// looked is the answer to a lookup.
type looked struct {
	Node   map[string]any `json:"node"`
	Config struct {
		HeartbeatTimeout int    `json:"heartbeat_timeout"`
		Token            string `json:"agent_token"`
	} `json:"config"`
}

// maskedToken is in the place of a token that was given away before.
const maskedToken = "******"

// errTokenGone is a machine that was started anew by nobody who looks after its node: its agent was
// given the token, and took it with it. Without a token it must not serve.
var errTokenGone = errors.New("the token of this machine's agent was given to an earlier one; the node must boot the agent anew")

// lookup finds the node that the machine with these cards is, and the token of its agent.
func (c *client) lookup(ctx context.Context, macs []string) (l looked, err error) {
	err = c.call(ctx, http.MethodGet, c.api+"/v1/lookup?addresses="+url.QueryEscape(strings.Join(macs, ",")), nil, &l)
	if err == nil && l.Config.Token == maskedToken {
		err = errTokenGone
	}
	return l, err
}

// heartbeat says that the agent lives, and where.
func (c *client) heartbeat(ctx context.Context, node string, beat map[string]any) error {
	return c.call(ctx, http.MethodPost, c.api+"/v1/heartbeat/"+url.PathEscape(node), beat, nil)
}
