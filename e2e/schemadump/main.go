// Schemadump lets a program live for a while, and prints the database that it leaves behind as
// SQL. The tests of the migrations begin with these dumps:
//
//	schemadump PROGRAM >store/testdata/schema-N.sql
package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/bcrypt"
	_ "modernc.org/sqlite" // the driver

	"ironhook/internal/limit"
)

const user, password = "admin", "of-a-dump"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: schemadump PROGRAM")
		os.Exit(2)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	dir, err := os.MkdirTemp("", "schemadump-")
	if err == nil {
		err = errors.Join(run(ctx, os.Args[1], dir), os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemadump:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program, dir string) (err error) {
	digest, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "htpasswd"), fmt.Appendf(nil, "%s:%s\n", user, digest), 0o600)
	}
	if err != nil {
		return err
	}
	const address = "127.0.0.1:16385"
	serve := exec.CommandContext(ctx, program, "serve", "--data", dir, "--dhcp", "off", "--api", address, "--http", "127.0.0.1:16386",
		"--iscsi", "127.0.0.1:16387", "--hardware-types", "fake-hardware")
	serve.Stderr = os.Stderr
	if err := serve.Start(); err != nil {
		return err
	}
	c := &client{base: "http://" + address, ids: map[string]string{}}
	err = await(ctx, "the API", func(ctx context.Context) error { _, err := c.do(ctx, "GET", "/v1", ""); return err })
	database, err2 := open(dir, "rw")
	if err = errors.Join(err, err2); err == nil {
		err = c.live(ctx, database)
	}
	err = errors.Join(err, serve.Process.Signal(syscall.SIGTERM), serve.Wait())
	if err != nil {
		return err
	}
	return errors.Join(dump(ctx, database, os.Stdout), database.Close())
}

func open(dir, mode string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+filepath.Join(dir, "ironhook.db")+"?_pragma=busy_timeout(10000)&mode="+mode)
}

// client asks an appliance, and keeps the ids of what it makes.
type client struct {
	base string
	ids  map[string]string
}

// live has the requests done that the program knows, and writes what takes machines on a wire: leases.
func (c *client) live(ctx context.Context, db *sql.DB) error {
	var schema int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&schema); err != nil {
		return err
	}
	for _, r := range life {
		if r.since > schema {
			continue
		}
		if err := c.ask(ctx, r); err != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
	}
	form := url.Values{"user": {user}, "password": {password}, "next": {"/ui/"}}
	if reply, err := http.PostForm(c.base+"/ui/login", form); err != nil || reply.Body.Close() != nil ||
		reply.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("sign in: %v %w", reply, err)
	}
	_, err := db.ExecContext(ctx, `INSERT INTO leases (mac, address, interface, expires, updated_at) VALUES
		('52:54:00:00:00:02', '10.0.0.2', 'eth0', 1800000000000000, 1790000000000000), ('52:54:00:00:00:09', '10.0.0.3', 'eth0', 1, 1)`)
	return err
}

func (c *client) ask(ctx context.Context, r request) error {
	fill := func(text string) string {
		for name, id := range c.ids {
			text = strings.ReplaceAll(text, "{"+name+"}", id)
		}
		return text
	}
	answer, err := c.do(ctx, r.method, fill(r.path), fill(r.body))
	if err != nil {
		return err
	}
	if r.name != "" {
		c.ids[r.name] = member(answer, "uuid", "id")
	}
	if r.wait == "" {
		return nil
	}
	path := fill(r.path) + "/" + c.ids[r.name]
	if r.name == "" {
		path = strings.TrimSuffix(r.path, "/states/provision")
	}
	return await(ctx, path+" "+r.wait, func(ctx context.Context) error {
		answer, err := c.do(ctx, "GET", path, "")
		if state := member(answer, "provision_state", "status"); err == nil && state != r.wait {
			err = errors.New(state)
		}
		return err
	})
}

// await asks until there is no error.
func await(ctx context.Context, what string, ask func(context.Context) error) error {
	err := ask(ctx)
	for ; err != nil; err = ask(ctx) {
		if limit.Pause(ctx, 10*time.Millisecond) != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
	}
	return nil
}

// member is the first of the named members of an answer, or of the one object in it.
func member(answer []byte, names ...string) string {
	var all map[string]any
	_ = json.Unmarshal(answer, &all) // without members the next request fails
	for len(all) == 1 {
		for _, inner := range all {
			all, _ = inner.(map[string]any)
		}
	}
	for _, name := range names {
		if text, ok := all[name].(string); ok {
			return text
		}
	}
	return ""
}

func (c *client) do(ctx context.Context, method, path, body string) ([]byte, error) {
	kind := "application/json"
	if strings.HasSuffix(path, "/file") {
		kind, body = "application/octet-stream", strings.Repeat("golden..", 8<<10)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(user, password)
	request.Header.Set("Content-Type", kind)
	request.Header.Set("OpenStack-API-Version", "volume 3.70")
	request.Header.Set("X-OpenStack-Ironic-API-Version", "latest")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	answer, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s: %s", reply.Status, bytes.TrimSpace(answer))
	}
	return answer, err
}
