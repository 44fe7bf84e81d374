package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// UsageError is a mistake of the person who typed the command. Its text is one line
// that names the option and the remedy.
type UsageError struct{ error }

func misuse(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// refusal is an answer of 400 or more, in the server's own words.
type refusal struct {
	status  int
	text    string
	request string // by which the server's log knows the request
}

func (r *refusal) Error() string {
	text := fmt.Sprintf("%s (HTTP %d)", Harmless(strings.TrimRight(r.text, " \n")), r.status)
	switch {
	case r.status == http.StatusUnauthorized:
		return text + "; set OS_USERNAME and OS_PASSWORD"
	case r.status >= http.StatusInternalServerError && r.request != "":
		return text + "; the server's log has more under " + r.request
	}
	return text
}

func refused(response *http.Response, body []byte) error {
	text := said(body)
	if text == "" {
		text = http.StatusText(response.StatusCode)
	}
	return &refusal{response.StatusCode, text, response.Header.Get("X-Openstack-Request-Id")}
}

// said extracts the message from an error's body. Each service of OpenStack has an
// envelope of its own, and the bare metal service puts JSON into a string of JSON. From
// an HTML page, such as the image service's, it takes the text after the heading; any
// other body is returned as it is.
func said(body []byte) string {
	var envelope any
	if json.Unmarshal(body, &envelope) != nil {
		text := html.UnescapeString(string(bytes.TrimSpace(body)))
		if _, behind, ok := strings.Cut(text, "</h1>"); ok {
			text, _, _ = strings.Cut(behind, "<")
		}
		return strings.TrimSpace(text)
	}
	return message(envelope)
}

func message(envelope any) string {
	switch e := envelope.(type) {
	case string:
		return said([]byte(e))
	case map[string]any:
		for _, key := range []string{"faultstring", "message"} {
			if text, ok := e[key].(string); ok {
				return text
			}
		}
		for _, inner := range e {
			if text := message(inner); text != "" {
				return text
			}
		}
	}
	return ""
}
