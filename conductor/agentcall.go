package conductor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"ironhook/baremetal"
)

// Limits of a call to an agent, which runs on a machine that may be anybody's.
const (
	agentTime   = 60 * time.Second
	maxAgentSay = 16 << 20
)

// agentCommand is one command of an agent, as Ironic's agent answers.
type agentCommand struct {
	ID     string `json:"id"`
	Name   string `json:"command_name"`
	Status string `json:"command_status"` // RUNNING, SUCCEEDED, FAILED and others
	Error  any    `json:"command_error"`
	Result any    `json:"command_result"`
	// Percent is how much is done of a command that runs, as our own agent says.
	Percent int `json:"command_percent"`
}

// failure is why the command failed, nil for one that did not.
func (c agentCommand) failure() error {
	switch c.Status {
	case "SUCCEEDED", "RUNNING":
		return nil
	}
	text := fmt.Sprint(c.Error)
	if e, ok := c.Error.(map[string]any); ok {
		text = baremetal.Object(e).Text("details")
		if text == "" {
			text = baremetal.Object(e).Text("message")
		}
	}
	return fmt.Errorf("the agent: %.1000s", text)
}

// tell gives the agent of the node a command; with wait the answer comes when it is done.
func (c *Conductor) tell(ctx context.Context, n *baremetal.Node, wait bool, name string, params baremetal.Object) (agentCommand, error) {
	query := url.Values{"wait": {fmt.Sprint(wait)}}
	body, err := json.Marshal(map[string]any{"name": name, "params": params})
	if err != nil {
		return agentCommand{}, err
	}
	var answer agentCommand
	if err := c.callAgent(ctx, n, http.MethodPost, "/v1/commands/", query, body, &answer); err != nil {
		return answer, fmt.Errorf("%s: %w", name, err)
	}
	if err := answer.failure(); err != nil {
		return answer, fmt.Errorf("%s: %w", name, err)
	}
	return answer, nil
}

// told is how the last command of this name does; over reports whether it has succeeded.
func (c *Conductor) told(ctx context.Context, n *baremetal.Node, name string) (over bool, err error) {
	var answer struct {
		Commands []agentCommand `json:"commands"`
	}
	if err := c.callAgent(ctx, n, http.MethodGet, "/v1/commands/", nil, nil, &answer); err != nil {
		if errors.As(err, new(unreached)) && c.heard(n) {
			return false, nil // a cable, a restart of a switch: it is asked again
		}
		return false, err
	}
	for i := len(answer.Commands) - 1; i >= 0; i-- {
		if one := answer.Commands[i]; one.Name == name {
			return one.Status == "SUCCEEDED", errors.Join(one.failure(), c.progressed(ctx, n, one))
		}
	}
	return false, fmt.Errorf("the agent does not know of its command %s: it was started anew", name)
}

// progressed appends an event when the agent has done another tenth of what it does: at most nine
// for each command, whatever an agent says.
func (c *Conductor) progressed(ctx context.Context, n *baremetal.Node, one agentCommand) error {
	done := min(one.Percent, 99) / 10 * 10
	if one.Status != "RUNNING" || done <= number(n.DriverInternalInfo[baremetal.AgentPercent]) {
		return nil
	}
	return c.change(ctx, n.UUID, func(n *baremetal.Node, _ time.Time) []baremetal.Event {
		n.DriverInternalInfo = with(n.DriverInternalInfo, baremetal.AgentPercent, done)
		what, _ := flowOf(n)
		return []baremetal.Event{{Kind: baremetal.EventProgress, Detail: fmt.Sprintf("%s: %d %% done", what.doing(n), done)}}
	})
}

// errNoAgent is a node whose agent has not reported.
var errNoAgent = errors.New("no agent has reported from the machine")

// callAgent sends a request to the node's agent, whose certificate must be the one that its
// heartbeat has brought.
func (c *Conductor) callAgent(ctx context.Context, n *baremetal.Node, method, path string, query url.Values, body []byte, out any) error {
	at, token := n.DriverInternalInfo.Text("agent_url"), n.DriverInternalInfo.Text("agent_secret_token")
	if at == "" {
		return errNoAgent
	}
	ctx, cancel := context.WithTimeout(ctx, agentTime)
	defer cancel()
	if query == nil {
		query = url.Values{}
	}
	query.Set("agent_token", token)
	u, err := url.Parse(at)
	if err != nil {
		return withoutToken(err, token)
	}
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+path, ""
	u.RawQuery, u.Fragment, u.User = query.Encode(), "", nil // a machine may have put there what leads elsewhere
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return withoutToken(err, token)
	}
	r.Header.Set("Content-Type", "application/json")
	dialer := &net.Dialer{ControlContext: c.reaches(n.DriverInternalInfo.Text(baremetal.AgentFrom))}
	transport := &http.Transport{
		DisableKeepAlives: true, DialContext: dialer.DialContext, TLSClientConfig: pinned(n.DriverInternalInfo.Text("agent_verify_ca")),
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return withoutToken(err, token)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAgentSay))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the agent answers %s: %.300s", answer.Status, bytes.TrimSpace(b))
	}
	return json.Unmarshal(b, out)
}

// reaches judges the addresses at which an agent is called: that from which its heartbeat came, and
// those of other machines. The machine says where, and must not lead to services of this one, of its
// links or of its cloud.
func (c *Conductor) reaches(sender string) func(context.Context, string, string, syscall.RawConn) error {
	from, _ := netip.ParseAddr(sender) // none is nowhere
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err == nil && to.Addr().Unmap().WithZone("") != from.Unmap().WithZone("") && c.agents.Check(to.Addr()) != nil {
			err = fmt.Errorf("its heartbeat came from %s and wants answers at %s, where no agent is", sender, to.Addr())
		}
		return err
	}
}

// unreached is an agent that could not be asked.
type unreached struct{ error }

func (e unreached) Unwrap() error { return e.error }

// silence is how long an agent may send no heartbeat before it is given up: that of Ironic's
// [api]ramdisk_heartbeat_timeout.
const silence = 5 * time.Minute

// heard reports whether the node's agent has sent a heartbeat lately.
func (c *Conductor) heard(n *baremetal.Node) bool {
	last, err := time.Parse("2006-01-02T15:04:05.000000", n.DriverInternalInfo.Text("agent_last_heartbeat"))
	return err == nil && time.Since(last) < silence
}

// withoutToken keeps the token of a URL out of an error.
func withoutToken(err error, token string) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	if token != "" && strings.Contains(err.Error(), token) {
		return unreached{errors.New("the agent cannot be reached")}
	}
	return unreached{fmt.Errorf("reach the agent: %w", err)}
}

// pinned accepts the certificates in PEM that the agent has sent, and what they sign.
func pinned(certificates string) *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(certificates))
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
}
