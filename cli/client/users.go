package client

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const users = "/ironhook/v1/users"

// roleOption says what a user may do.
var roleOption = option{name: "role", choices: []string{"viewer", "operator", "admin"},
	usage: "what the user may do: see; also power, deploy and reset; or everything"}

// fromStdin is how a password is given: not as an argument, which other users of the
// machine can see.
var fromStdin = option{name: "password-stdin", kind: yes, field: "-",
	usage: "read the password from the standard input instead of making one"}

// userVerbs are the commands on accounts.
func userVerbs() []verb {
	must := roleOption
	must.must = true
	return []verb{
		{"add <name>", "Make an account; its password is shown once", nothing, []option{must, fromStdin}, addUser},
		{"list", "List accounts", many, nil, listUsers},
		{"set <user>", "Change what a user may do, or the password", nothing, []option{roleOption, fromStdin,
			{name: "new-password", kind: yes, field: "-", usage: "make another password and show it once"}}, setUser},
		{"delete <user>...", "Delete accounts; who is signed in is so no longer", nothing, nil, func(c *call) error {
			return c.each(c.args, func(name string) error {
				if _, err := c.do(c.ctx, http.MethodDelete, users+"/"+url.PathEscape(name), nil); err != nil {
					return fmt.Errorf("failed to delete user %s: %w", name, err)
				}
				return nil
			})
		}},
	}
}

func addUser(c *call) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	body["name"] = c.args[0]
	made, err := c.password(body, true)
	if err != nil {
		return err
	}
	if _, err := c.do(c.ctx, http.MethodPost, users, body); err != nil {
		return err
	}
	return c.showPassword(made)
}

func setUser(c *call) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	made, err := c.password(body, c.has("new-password"))
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return misuse("there is nothing to change: give --role, --new-password or --password-stdin")
	}
	if _, err := c.do(c.ctx, http.MethodPatch, users+"/"+url.PathEscape(c.args[0]), body); err != nil {
		return err
	}
	return c.showPassword(made)
}

// password puts the password from the standard input into body, or one that is made, which
// it returns.
func (c *call) password(body map[string]any, wanted bool) (made string, err error) {
	if c.has("password-stdin") {
		line, err := bufio.NewReader(io.LimitReader(c.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		body["password"] = strings.TrimRight(string(unmarked([]byte(line))), "\r\n")
		return "", nil
	}
	if wanted {
		made = rand.Text()
		body["password"] = made
	}
	return made, nil
}

func (c *call) showPassword(made string) error {
	if made == "" {
		return nil
	}
	_, err := fmt.Fprintf(c.out, "user %s, password %s (shown once)\n", c.args[0], made)
	return err
}

func listUsers(c *call) error {
	answer, err := c.get(c.ctx, users)
	if err != nil {
		return err
	}
	f := findings{columns: []string{"Name", "Role", "Source"}}
	list, _ := answer["users"].([]any)
	for _, one := range list {
		u, _ := one.(map[string]any)
		f.rows = append(f.rows, []any{u["name"], u["role"], u["source"]})
	}
	return c.show(f)
}
