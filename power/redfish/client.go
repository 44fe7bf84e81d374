package redfish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ironhook/internal/limit"
	"ironhook/power/webclient"
)

// The kinds of failure; each has a remedy.
var (
	errLogin    = errors.New("it refuses the login")
	errNoAnswer = errors.New("no answer")
	errProtocol = errors.New("its answer is not Redfish")
	errSystem   = errors.New("no such system")
)

// refusal is an answer that is no success.
type refusal struct {
	status int
	id     string // MessageId of the first message, "" for none
}

func (r refusal) Error() string {
	s := strings.TrimSpace(fmt.Sprintf("it answers %d %s", r.status, http.StatusText(r.status)))
	if r.id != "" {
		s += " (" + r.id + ")"
	}
	return s
}

// conversation is one login at a BMC.
type conversation struct {
	http     *webclient.Client
	info     info
	header   http.Header
	session  string // path of the session, "" with basic authentication
	patience time.Duration
}

// defaultRoot is the path of the service (DSP0266), unless redfish_address has another.
const defaultRoot = "/redfish/v1/"

// login begins a conversation; end it. The type auto prefers a session, and takes basic
// authentication where there is no session service.
func login(ctx context.Context, i info, patience time.Duration) (*conversation, error) {
	c := &conversation{http: webclient.New(i.trust, i.timeout), info: i, patience: patience, header: http.Header{
		"Accept": {"application/json"}, "Content-Type": {"application/json"}, "Odata-Version": {"4.0"}, "User-Agent": {"ironhook"},
	}}
	if i.user == "" && i.password == "" {
		return c, nil
	}
	if i.auth != "basic" {
		err := c.openSession(ctx)
		none := refusal{}
		if err == nil {
			return c, nil
		}
		if i.auth == "session" || !errors.As(err, &none) || none.status != http.StatusNotFound && none.status != http.StatusMethodNotAllowed &&
			none.status != http.StatusNotImplemented {
			c.http.Close()
			return nil, err
		}
	}
	q := http.Request{Header: c.header}
	q.SetBasicAuth(i.user, i.password)
	return c, nil
}

// openSession waits for the answer also when ctx ends, as long as for any request: the id
// of the session is in it, and one without is left open at the BMC.
func (c *conversation) openSession(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	reply, err := c.send(context.WithoutCancel(ctx), http.MethodPost, c.info.root+"SessionService/Sessions", "",
		map[string]string{"UserName": c.info.user, "Password": c.info.password})
	if err != nil {
		return err
	}
	token := reply.Header.Get("X-Auth-Token")
	if token == "" {
		return fmt.Errorf("%w: a session without X-Auth-Token", errProtocol)
	}
	c.header.Set("X-Auth-Token", token)
	c.session = reply.Header.Get("Location")
	return nil
}

// end closes the session, also when ctx has ended: a BMC has few.
func (c *conversation) end(ctx context.Context) {
	defer c.http.Close()
	if c.session == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	c.patience = 0
	_, _ = c.send(ctx, http.MethodDelete, c.session, "", nil) // the BMC ends it by itself later
}

// get reads a resource into v and returns its ETag.
func (c *conversation) get(ctx context.Context, path string, v any) (etag string, err error) {
	reply, err := c.send(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(reply.Body, v); err != nil {
		return "", fmt.Errorf("%w: %s is no such object", errProtocol, path)
	}
	return reply.Header.Get("ETag"), nil
}

// send sends a request. A BMC that is busy (429, 503) is asked again when it says, as long
// as patience lasts: it has not done anything.
func (c *conversation) send(ctx context.Context, method, path, etag string, body any) (*webclient.Reply, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	if body == nil {
		text = nil
	}
	address, err := c.address(path)
	if err != nil {
		return nil, err
	}
	header := c.header.Clone()
	if etag != "" {
		header.Set("If-Match", etag)
	}
	for until := time.Now().Add(c.patience); ; {
		reply, err := c.http.Do(ctx, method, address, string(text), header)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
		}
		wait, busy := retryAfter(reply)
		if !busy || time.Now().Add(wait).After(until) {
			return reply, check(reply)
		}
		if err := limit.Pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// address is that of a path that the BMC or the operator gave; it is always on the BMC.
func (c *conversation) address(path string) (string, error) {
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return "", fmt.Errorf("%w: it names a resource that is no path", errProtocol)
	}
	address := c.info.address + u.EscapedPath()
	if u.RawQuery != "" { // of the next page of a collection
		address += "?" + u.RawQuery
	}
	return address, nil
}

// retryAfter reports whether the BMC is busy, and how long it asks to wait (RFC 9110).
func retryAfter(r *webclient.Reply) (time.Duration, bool) {
	if r.Status != http.StatusServiceUnavailable && r.Status != http.StatusTooManyRequests {
		return 0, false
	}
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 3600 {
		return time.Second, true
	}
	return time.Duration(seconds) * time.Second, true
}

// refused reports whether the BMC has understood the request and will not do it so: another form of it
// may do.
func refused(err error) bool {
	var r refusal
	return errors.As(err, &r) && !errors.Is(err, errLogin) && r.status >= 400 && r.status < http.StatusInternalServerError
}

// messageID is what an error may repeat of an answer: it cannot hold what was sent.
var messageID = regexp.MustCompile(`^[A-Za-z]+(\.\d+)*\.[A-Za-z]+$`)

// check makes an error of anything but success.
func check(r *webclient.Reply) error {
	if r.Status >= 200 && r.Status < 300 {
		return nil
	}
	var body struct {
		Error struct {
			Info []struct {
				MessageID string `json:"MessageId"`
			} `json:"@Message.ExtendedInfo"`
		} `json:"error"`
	}
	e := refusal{status: r.Status}
	if json.Unmarshal(r.Body, &body) == nil && len(body.Error.Info) > 0 && messageID.MatchString(body.Error.Info[0].MessageID) {
		e.id = body.Error.Info[0].MessageID
	}
	if r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden {
		return fmt.Errorf("%w: %w", errLogin, e)
	}
	return e
}
