package applianceapi

import (
	"encoding/json"
	"net/http"
	"net/url"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/herald"
)

// hookView is a webhook as it is shown: never its secret, and of its URL, by which anybody
// may post to some services, the host alone.
type hookView struct {
	UUID      string                `json:"uuid"`
	URL       string                `json:"url"`
	Secret    string                `json:"secret"` // a mask, but in the answer to its creation
	Kinds     []baremetal.EventKind `json:"kinds"`
	Node      any                   `json:"node"`
	Enabled   bool                  `json:"enabled"`
	Position  int64                 `json:"position"`
	Failures  int64                 `json:"failures"`
	LastError any                   `json:"last_error"`
	Dead      int                   `json:"dead_letters"`
	Delivered json.RawMessage       `json:"delivered_at"`
	RetryAt   json.RawMessage       `json:"retry_at"`
	CreatedAt json.RawMessage       `json:"created_at"`
}

func viewOfHook(h *baremetal.Hook, dead int) hookView {
	v := hookView{
		UUID: h.UUID, URL: baremetal.Mask, Secret: baremetal.Mask, Kinds: h.Kinds, Node: rest.Text(h.Node), Enabled: h.Enabled,
		Position: h.Position,
		Failures: h.Failures, LastError: rest.Text(h.LastError), Dead: dead,
		Delivered: rest.AppendTime(nil, h.Delivered), RetryAt: rest.AppendTime(nil, h.RetryAt), CreatedAt: rest.AppendTime(nil, h.CreatedAt),
	}
	if u, err := url.Parse(h.URL); err == nil {
		v.URL = u.Scheme + "://" + u.Host + "/" + baremetal.Mask
	}
	if v.Kinds == nil {
		v.Kinds = []baremetal.EventKind{}
	}
	return v
}

func (a *API) listHooks(w http.ResponseWriter, r *http.Request) {
	hooks, dead, err := a.Herald.List(r.Context())
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	all := []hookView{}
	for _, h := range hooks {
		all = append(all, viewOfHook(h, dead[h.UUID]))
	}
	rest.Reply(w, http.StatusOK, map[string]any{"webhooks": all})
}

func (a *API) addHook(w http.ResponseWriter, r *http.Request) {
	change, err := readHook(r)
	if err == nil {
		var made *baremetal.Hook
		if made, err = a.Herald.Add(r.Context(), change); err == nil {
			v := viewOfHook(made, 0)
			v.Secret = made.Secret // once: the receiver needs it
			rest.Reply(w, http.StatusCreated, v)
			return
		}
	}
	a.refuse(w, r, err)
}

func (a *API) changeHook(w http.ResponseWriter, r *http.Request) {
	change, err := readHook(r)
	if err == nil {
		var changed *baremetal.Hook
		if changed, err = a.Herald.Alter(r.Context(), r.PathValue("id"), change); err == nil {
			letters, err := a.Herald.Letters(r.Context(), changed.UUID)
			if err == nil {
				rest.Reply(w, http.StatusOK, viewOfHook(changed, len(letters)))
				return
			}
			a.refuse(w, r, err)
			return
		}
	}
	a.refuse(w, r, err)
}

func (a *API) deleteHook(w http.ResponseWriter, r *http.Request) {
	a.done(w, r, a.Herald.Delete(r.Context(), r.PathValue("id")))
}

// letterView is a dead letter as it is shown.
type letterView struct {
	UUID      string          `json:"uuid"`
	Seq       int64           `json:"seq"`
	Attempts  int64           `json:"attempts"`
	Error     string          `json:"error"`
	CreatedAt json.RawMessage `json:"created_at"`
	Body      json.RawMessage `json:"body"`
}

func (a *API) listLetters(w http.ResponseWriter, r *http.Request) {
	letters, err := a.Herald.Letters(r.Context(), r.PathValue("id"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	all := []letterView{}
	for _, d := range letters {
		all = append(all, letterView{d.UUID, d.Seq, d.Attempts, d.Error, rest.AppendTime(nil, d.CreatedAt), json.RawMessage(d.Body)})
	}
	rest.Reply(w, http.StatusOK, map[string]any{"dead_letters": all})
}

func (a *API) resendLetter(w http.ResponseWriter, r *http.Request) {
	a.done(w, r, a.Herald.Resend(r.Context(), r.PathValue("id"), r.PathValue("letter")))
}

func (a *API) deleteLetter(w http.ResponseWriter, r *http.Request) {
	a.done(w, r, a.Herald.Discard(r.Context(), r.PathValue("id"), r.PathValue("letter")))
}

// done answers without a body.
func (a *API) done(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readHook reads the members of a webhook. An error never shows a value, which may be a secret.
func readHook(r *http.Request) (c herald.Change, err error) {
	object, err := rest.ReadObject(r)
	if err != nil {
		return c, err
	}
	for name, v := range object {
		text, isText := v.(string)
		on, isFlag := v.(bool)
		list, isList := v.([]any)
		switch {
		case name == "url" && isText:
			c.URL = &text
		case name == "secret" && isText:
			c.Secret = &text
		case name == "node" && (isText || v == nil):
			c.Node = &text
		case name == "enabled" && isFlag:
			c.Enabled = &on
		case name == "kinds" && isList:
			kinds := make([]baremetal.EventKind, len(list))
			for i, k := range list {
				kind, _ := k.(string)
				kinds[i] = baremetal.EventKind(kind)
			}
			c.Kinds = &kinds
		default:
			return c, baremetal.Errorf(baremetal.ErrInvalid,
				"Give an object of url, secret and node (strings), kinds (a list of strings) and enabled (true or false); %.32q is none of them.", name)
		}
	}
	if len(object) == 0 {
		return c, baremetal.Errorf(baremetal.ErrInvalid, "Give an object of url, secret, node, kinds and enabled.")
	}
	return c, nil
}
