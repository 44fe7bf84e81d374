package herald

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ironhook/baremetal"
)

// secretPrefix begins the key of signatures in its written form.
const secretPrefix = "whsec_"

// NewSecret makes a key for signatures.
func NewSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// keyOf reads a key: 24 to 64 bytes as base64 behind its prefix.
func keyOf(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "A secret is whsec_ and 24 to 64 bytes in base64: leave it out to have one made.")
	}
	return key, nil
}

// body is what is posted for an event: its type is "ironhook." and the kind, its data the
// event as GET /ironhook/v1/events shows it.
func body(e *baremetal.Event) (string, error) {
	text, err := json.Marshal(map[string]any{"type": "ironhook." +
		string(e.Kind), "timestamp": e.At.UTC().Format(time.RFC3339Nano), "data": e})
	return string(text), err
}

// sign is the header webhook-signature of a message.
func sign(key []byte, id string, at time.Time, body string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body) // never fails
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// rejected is an answer that is none of success.
type rejected int

func (r rejected) Error() string {
	return fmt.Sprintf("it answered %d %s", int(r), http.StatusText(int(r)))
}

// post sends one message. The error names the host at most: the URL may be a secret.
func post(ctx context.Context, client *http.Client, h *baremetal.Hook, seq int64, body string) error {
	key, err := keyOf(h.Secret)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, strings.NewReader(body))
	if err != nil {
		return errors.New("its URL is malformed")
	}
	now, id := time.Now(), fmt.Sprintf("%s-%d", h.UUID, seq)
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"ironhook"}, "Webhook-Id": {id},
		"Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {sign(key, id, now, body)},
	}
	answer, err := client.Do(r)
	if err != nil {
		var named *url.Error
		if errors.As(err, &named) {
			err = named.Err
		}
		return fmt.Errorf("%s: %w", r.URL.Host, err)
	}
	defer answer.Body.Close()                                      //nolint:errcheck // only read
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)) // so that the connection may serve again
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("%s: %w", r.URL.Host, rejected(answer.StatusCode))
	}
	return nil
}
