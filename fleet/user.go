package fleet

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"ironhook/baremetal"
	"ironhook/store"
)

// Users are the accounts that are stored. Its methods are safe for concurrent use.
type Users struct {
	Store *store.Store
	File  []string // the names of the accounts in the file htpasswd, which are made and deleted there
	// Renew gives a user of the file another password, by its digest.
	Renew func(name string, digest []byte) error
}

// userName has no space and no colon: HTTP basic authentication ends a name at a colon,
// and the users that the appliance itself names have spaces.
var userName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// Lengths of a password in bytes. bcrypt takes no more.
const (
	minPassword = 8
	maxPassword = 72
)

// UserChange is what of a user is to be changed; "" leaves it.
type UserChange struct {
	Role     baremetal.Role
	Password string
}

// Names are the users of the file.
func (u Users) Names() []string { return u.File }

// List returns the users in the order of their names.
func (u Users) List(ctx context.Context) (all []*baremetal.User, err error) {
	err = u.Store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Users().List(store.Query{})
		return err
	})
	slices.SortFunc(all, func(a, b *baremetal.User) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// Add makes a user; role and password must be there.
func (u Users) Add(ctx context.Context, name string, c UserChange) (*baremetal.User, error) {
	if !userName.MatchString(name) {
		return nil, baremetal.Errorf(baremetal.ErrInvalid,
			"%.64q is no name for a user: give at most 64 letters, digits, and . _ @ -, the first a letter or digit.", name)
	}
	if c.Role == "" || c.Password == "" {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "A user needs a role and a password.")
	}
	if err := u.stored(name); err != nil {
		return nil, err
	}
	made := &baremetal.User{Name: name}
	if err := c.apply(made); err != nil {
		return nil, err
	}
	err := u.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Users().Insert(made); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Kind: baremetal.EventUser, Detail: fmt.Sprintf("user %s created, role %s", name, made.Role)})
	})
	return made, err
}

// Change changes the role or the password of a user. Of a user of the file, it changes the
// password.
func (u Users) Change(ctx context.Context, name string, c UserChange) (changed *baremetal.User, err error) {
	if slices.Contains(u.File, name) && c.Role == "" && u.Renew != nil {
		return u.renew(ctx, name, c.Password)
	}
	if err := u.stored(name); err != nil {
		return nil, err
	}
	var fresh baremetal.User // hashing takes long, and no transaction waits for it
	if err := c.apply(&fresh); err != nil {
		return nil, err
	}
	err = u.Store.Update(ctx, func(tx *store.Tx) error {
		if changed, err = tx.Users().Get(name); err != nil {
			return err
		}
		detail := "user " + name + " updated"
		if fresh.Role != "" && fresh.Role != changed.Role {
			detail += fmt.Sprintf(", role %s instead of %s", fresh.Role, changed.Role)
			changed.Role = fresh.Role
		}
		if fresh.Digest != "" {
			detail += ", another password"
			changed.Digest = fresh.Digest
		}
		if err := tx.Users().Update(changed); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Kind: baremetal.EventUser, Detail: detail})
	})
	return changed, err
}

func (u Users) renew(ctx context.Context, name, password string) (*baremetal.User, error) {
	digest, err := Digest(password)
	if err != nil {
		return nil, err
	}
	if err := u.Renew(name, digest); err != nil {
		return nil, err
	}
	event := baremetal.Event{Kind: baremetal.EventUser, Detail: "user " + name + " updated, another password"}
	return &baremetal.User{Name: name, Role: baremetal.RoleAdmin}, u.Store.Append(ctx, event)
}

// Delete deletes a user, whose sessions end.
func (u Users) Delete(ctx context.Context, name string) error {
	if err := u.stored(name); err != nil {
		return err
	}
	return u.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Users().Delete(name); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Kind: baremetal.EventUser, Detail: "user " + name + " deleted"})
	})
}

// stored refuses the users of the file.
func (u Users) stored(name string) error {
	if slices.Contains(u.File, name) {
		return baremetal.Errorf(baremetal.ErrConflict, "The user %s is in the file htpasswd of the data directory: change it there, and restart.",
			name)
	}
	return nil
}

// apply checks the change and makes it.
func (c UserChange) apply(u *baremetal.User) error {
	if c.Role != "" && !slices.Contains(baremetal.Roles, c.Role) {
		return baremetal.Errorf(baremetal.ErrInvalid, "%.20q is no role: give one of %v.", c.Role, baremetal.Roles)
	}
	u.Role = c.Role
	if c.Password == "" {
		return nil
	}
	digest, err := Digest(c.Password)
	u.Digest = string(digest)
	return err
}

// Digest is the bcrypt of a password, or an error of kind ErrInvalid for one that is too
// short or too long.
func Digest(password string) ([]byte, error) {
	if len(password) < minPassword || len(password) > maxPassword {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "A password has %d to %d bytes.", minPassword, maxPassword)
	}
	return bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
}
