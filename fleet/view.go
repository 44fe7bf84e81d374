package fleet

import (
	"context"
	"crypto/rand"
	"net/url"
	"regexp"

	"ironhook/baremetal"
	"ironhook/store"
)

// Views are the saved views of the dashboard, and the links to the wall. Its methods are
// safe for concurrent use.
type Views struct{ Store *store.Store }

// How many there may be, and how long a view's query.
const (
	maxViews = 100
	maxWalls = 100
	maxQuery = 1000
)

// viewName is what a person calls a view or a wall.
var viewName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._-]{0,63}$`)

func checkName(name string) error {
	if viewName.MatchString(name) {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrInvalid,
		"%.64q is no name: give at most 64 letters, digits, spaces, and . _ -, the first a letter or digit.", name)
}

// Save keeps a view under a name, in place of one that has it.
func (v Views) Save(ctx context.Context, name, query string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if _, err := url.ParseQuery(query); err != nil || len(query) > maxQuery {
		return baremetal.Errorf(baremetal.ErrInvalid,
			"The query of a view is that of the dashboard's address, such as only=trouble, of at most %d bytes.", maxQuery)
	}
	return v.Store.Update(ctx, func(tx *store.Tx) error {
		there, err := tx.Views().Find(name)
		switch {
		case err != nil:
			return err
		case there != nil:
			there.Query = query
			return tx.Views().Update(there)
		}
		if n, err := tx.Views().Count(); err != nil || n >= maxViews {
			return full(err, "views", maxViews)
		}
		return tx.Views().Insert(&baremetal.View{Name: name, Query: query})
	})
}

func full(err error, what string, most int) error {
	if err != nil {
		return err
	}
	return baremetal.Errorf(baremetal.ErrConflict, "There are %d %s, the most that may be: delete one first.", most, what)
}

// Drop deletes a view.
func (v Views) Drop(ctx context.Context, name string) error {
	return v.Store.Update(ctx, func(tx *store.Tx) error { return tx.Views().Delete(name) })
}

// Hang makes a link to the wall. Its token is returned and kept nowhere.
func (v Views) Hang(ctx context.Context, name string) (token string, err error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	token = rand.Text()
	return token, v.Store.Update(ctx, func(tx *store.Tx) error {
		if n, err := tx.Walls().Count(); err != nil || n >= maxWalls {
			return full(err, "links to the wall", maxWalls)
		}
		if err := tx.Walls().Insert(&baremetal.Wall{Name: name, Token: baremetal.TokenHash(token)}); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Kind: baremetal.EventUser, Detail: "link to the wall " + name + " created"})
	})
}

// Unhang deletes a link to the wall, which shows nothing from then on.
func (v Views) Unhang(ctx context.Context, name string) error {
	return v.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Walls().Delete(name); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Kind: baremetal.EventUser, Detail: "link to the wall " + name + " deleted"})
	})
}
