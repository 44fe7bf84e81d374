package herald

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
)

const (
	maxHooks   = 50
	maxLetters = 1000 // of a hook; the oldest go first
)

func newUUID() string { return uuid.NewString() }

// isGone reports whether the last answer was 410, by which a receiver unsubscribes.
func isGone(text string) bool { return strings.HasSuffix(text, rejected(http.StatusGone).Error()) }

// Change is what a client gives of a hook; nil leaves it.
type Change struct {
	URL, Secret, Node *string
	Kinds             *[]baremetal.EventKind
	Enabled           *bool
}

// apply checks the change and makes it.
func (c Change) apply(tx *store.Tx, h *baremetal.Hook) error {
	if c.URL != nil {
		u, err := url.Parse(*c.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Fragment != "" {
			return baremetal.Errorf(baremetal.ErrInvalid, "url must begin with http:// or https:// and name a host.")
		}
		h.URL = *c.URL
	}
	if c.Secret != nil {
		if _, err := keyOf(*c.Secret); err != nil {
			return err
		}
		h.Secret = *c.Secret
	}
	if c.Kinds != nil {
		for _, k := range *c.Kinds {
			if !slices.Contains(baremetal.EventKinds, k) {
				return baremetal.Errorf(baremetal.ErrInvalid, "There is no kind of event %.32q: they are %s.", k, baremetal.EventKinds)
			}
		}
		h.Kinds = *c.Kinds
	}
	if c.Node != nil {
		h.Node = ""
		if *c.Node != "" {
			n, err := tx.Nodes().Get(*c.Node)
			if err != nil {
				return err
			}
			h.Node = n.UUID
		}
	}
	if c.Enabled != nil {
		if *c.Enabled && !h.Enabled {
			h.Attempts, h.Failures, h.LastError = 0, 0, ""
		}
		h.Enabled = *c.Enabled
	}
	return nil
}

// Add makes a hook, which is told of what happens from now on.
func (h *Herald) Add(ctx context.Context, c Change) (made *baremetal.Hook, err error) {
	if c.URL == nil {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "A webhook needs a url.")
	}
	made = &baremetal.Hook{UUID: newUUID(), Secret: NewSecret(), Enabled: true}
	err = h.Store.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Hooks().Count()
		if err == nil && n >= maxHooks {
			err = baremetal.Errorf(baremetal.ErrConflict, "There are %d webhooks, which is the most: delete one.", maxHooks)
		}
		if err == nil {
			err = c.apply(tx, made)
		}
		if err == nil {
			err = tell(tx, made, "created")
		}
		if err != nil {
			return err
		}
		last, err := tx.Events(store.EventQuery{Last: true, Limit: 1})
		if err != nil {
			return err
		}
		if len(last) > 0 {
			made.Position = last[0].Seq
		}
		return tx.Hooks().Insert(made)
	})
	return made, err
}

// tell appends the event of a change of a hook.
func tell(tx *store.Tx, h *baremetal.Hook, what string) error {
	return tx.Append(baremetal.Event{Kind: baremetal.EventUser, Detail: fmt.Sprintf("webhook %s to %s %s", h.UUID, Host(h), what)})
}

// Host is where a hook posts to, without what may be a secret.
func Host(h *baremetal.Hook) string {
	u, err := url.Parse(h.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Alter changes a hook. Its next attempt is at once.
func (h *Herald) Alter(ctx context.Context, id string, c Change) (hook *baremetal.Hook, err error) {
	err = h.Store.Update(ctx, func(tx *store.Tx) error {
		if hook, err = tx.Hooks().Get(id); err != nil {
			return err
		}
		if err := c.apply(tx, hook); err != nil {
			return err
		}
		hook.RetryAt = tx.Now()
		return errors.Join(tx.Hooks().Update(hook), tell(tx, hook, "updated"))
	})
	return hook, err
}

// Delete deletes a hook with its dead letters.
func (h *Herald) Delete(ctx context.Context, id string) error {
	return h.Store.Update(ctx, func(tx *store.Tx) error {
		hook, err := tx.Hooks().Get(id)
		if err == nil {
			err = tell(tx, hook, "deleted")
		}
		if err == nil {
			err = tx.Hooks().Delete(id)
		}
		return err
	})
}

// List returns all hooks, and how many dead letters each has.
func (h *Herald) List(ctx context.Context) (hooks []*baremetal.Hook, dead map[string]int, err error) {
	dead = map[string]int{}
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		if hooks, err = tx.Hooks().List(store.Query{}); err != nil {
			return err
		}
		return tx.DeadLetters().Each(store.Query{Columns: []string{"hook_uuid"}}, func(d *baremetal.DeadLetter) error {
			dead[d.Hook]++
			return nil
		})
	})
	return hooks, dead, err
}

// Letters returns the dead letters of a hook, oldest first.
func (h *Herald) Letters(ctx context.Context, id string) (letters []*baremetal.DeadLetter, err error) {
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Hooks().Get(id); err != nil {
			return err
		}
		letters, err = tx.DeadLetters().List(store.Where("hook_uuid", id))
		return err
	})
	return letters, err
}

// Resend posts a dead letter of a hook again: delivered, it is deleted.
func (h *Herald) Resend(ctx context.Context, id, letter string) error {
	hook, dead, err := h.letter(ctx, id, letter)
	if err != nil {
		return err
	}
	failed := post(ctx, h.client, hook, dead.Seq, dead.Body)
	err = h.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if failed == nil {
			return tx.DeadLetters().Delete(letter)
		}
		dead.Attempts, dead.Error = dead.Attempts+1, failed.Error()
		return tx.DeadLetters().Update(dead)
	})
	if failed != nil {
		return baremetal.Errorf(baremetal.ErrConflict, "It was not delivered: %s.", failed)
	}
	return err
}

// Discard deletes a dead letter of a hook.
func (h *Herald) Discard(ctx context.Context, id, letter string) error {
	if _, _, err := h.letter(ctx, id, letter); err != nil {
		return err
	}
	return h.Store.Update(ctx, func(tx *store.Tx) error { return tx.DeadLetters().Delete(letter) })
}

func (h *Herald) letter(ctx context.Context, id, letter string) (hook *baremetal.Hook, dead *baremetal.DeadLetter, err error) {
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		if hook, err = tx.Hooks().Get(id); err == nil {
			dead, err = tx.DeadLetters().Get(letter)
		}
		if err == nil && dead.Hook != id {
			err = baremetal.Errorf(baremetal.ErrNotFound, "Dead letter %s could not be found.", letter)
		}
		return err
	})
	return hook, dead, err
}

// bury adds a dead letter and drops the oldest beyond those that are kept.
func bury(tx *store.Tx, d *baremetal.DeadLetter) error {
	all, err := tx.DeadLetters().List(store.Query{Columns: []string{"uuid"}, Filters: []store.Filter{{Column: "hook_uuid", Value: d.Hook}}})
	if err != nil {
		return err
	}
	for i := 0; i+maxLetters <= len(all); i++ {
		if err := tx.DeadLetters().Delete(all[i].UUID); err != nil {
			return fmt.Errorf("drop a dead letter: %w", err)
		}
	}
	return tx.DeadLetters().Insert(d)
}
