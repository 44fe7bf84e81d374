package applianceapi

import (
	"net/http"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
)

// userView is an account as it is shown: never its password, nor the digest of that.
type userView struct {
	Name      string         `json:"name"`
	Role      baremetal.Role `json:"role"`
	Source    string         `json:"source"` // store, or htpasswd: the file in the data directory
	CreatedAt string         `json:"created_at,omitempty"`
	UpdatedAt string         `json:"updated_at,omitempty"`
}

func viewOf(u *baremetal.User) userView {
	v := userView{Name: u.Name, Role: u.Role, Source: "store", CreatedAt: u.CreatedAt.UTC().Format(time.RFC3339)}
	if !u.UpdatedAt.IsZero() {
		v.UpdatedAt = u.UpdatedAt.UTC().Format(time.RFC3339)
	}
	return v
}

func (a *API) listUsers(w http.ResponseWriter, r *http.Request) {
	stored, err := a.Accounts.List(r.Context())
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	all := []userView{}
	for _, name := range a.Accounts.File {
		all = append(all, userView{Name: name, Role: baremetal.RoleAdmin, Source: "htpasswd"})
	}
	for _, u := range stored {
		all = append(all, viewOf(u))
	}
	rest.Reply(w, http.StatusOK, map[string]any{"users": all})
}

func (a *API) addUser(w http.ResponseWriter, r *http.Request) {
	in, err := readStrings(r, "name", "role", "password")
	if err == nil {
		var made *baremetal.User
		if made, err = a.Accounts.Add(r.Context(), in["name"], change(in)); err == nil {
			rest.Reply(w, http.StatusCreated, viewOf(made))
			return
		}
	}
	a.refuse(w, r, err)
}

func (a *API) changeUser(w http.ResponseWriter, r *http.Request) {
	in, err := readStrings(r, "role", "password")
	if err == nil {
		var changed *baremetal.User
		if changed, err = a.Accounts.Change(r.Context(), r.PathValue("name"), change(in)); err == nil {
			rest.Reply(w, http.StatusOK, viewOf(changed))
			return
		}
	}
	a.refuse(w, r, err)
}

func (a *API) deleteUser(w http.ResponseWriter, r *http.Request) {
	if err := a.Accounts.Delete(r.Context(), r.PathValue("name")); err != nil {
		a.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func change(in map[string]string) fleet.UserChange {
	return fleet.UserChange{Role: baremetal.Role(in["role"]), Password: in["password"]}
}

// readStrings reads an object of strings with no other members than these. An error names the
// member and never its value, which may be a password.
func readStrings(r *http.Request, members ...string) (map[string]string, error) {
	object, err := rest.ReadObject(r)
	if err != nil {
		return nil, err
	}
	in := map[string]string{}
	for _, name := range members {
		if v, given := object[name]; given {
			text, ok := v.(string)
			if !ok {
				return nil, baremetal.Errorf(baremetal.ErrInvalid, "%s must be a string.", name)
			}
			in[name] = text
			delete(object, name)
		}
	}
	if len(object) > 0 || len(in) == 0 {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Give an object with members of %q only.", members)
	}
	return in, nil
}
