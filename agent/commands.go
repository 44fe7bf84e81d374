package agent

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The commands come as in Ironic's agent (ironic_python_agent/api/app.py and
// extensions/base.py): POST /v1/commands/ with a name and parameters, and GET for how a command
// does. One that takes long answers at once that it is running.

// status is how a command does.
type status string

const (
	running   status = "RUNNING"
	succeeded status = "SUCCEEDED"
	failed    status = "FAILED"
)

// command is one that was given.
type command struct {
	ID     string         `json:"id"`
	Name   string         `json:"command_name"`
	Params map[string]any `json:"command_params"`
	Status status         `json:"command_status"`
	Error  any            `json:"command_error"`
	Result any            `json:"command_result"`
	// Percent is how much of it is done while it runs. Ironic's agent does not say so.
	Percent int64 `json:"command_percent"`
}

// maxCommand is the limit of a command's body in bytes: a config drive is the most of it.
const maxCommand = 96 << 20

// keptCommands is how many commands are remembered.
const keptCommands = 64

// commands is the server of the agent.
type commands struct {
	agent *agent
	token string
	table map[string]operation
	ended chan struct{} // has something when a command has ended

	mu   sync.Mutex
	list []*command
	busy bool
}

// operation is what a command does.
type operation struct {
	do   func(ctx context.Context, params map[string]any) (any, error)
	long bool // it is answered before it ends
}

func newCommands(a *agent, token string) *commands {
	return &commands{agent: a, token: token, table: a.operations(), ended: make(chan struct{}, 1)}
}

func (c *commands) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.Trim(r.URL.Path, "/")
	id, one := strings.CutPrefix(name, "v1/commands/")
	switch {
	case r.Method == http.MethodGet && name == "v1/status":
		reply(w, http.StatusOK, map[string]any{"started_at": c.agent.began.Unix(), "version": agentVersion})
	case !c.may(r):
		refuse(w, http.StatusUnauthorized, "Invalid credentials", "Token invalid.")
	case r.Method == http.MethodGet && name == "v1/commands":
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.busy {
			c.list[len(c.list)-1].Percent = c.agent.progress.Load()
		}
		reply(w, http.StatusOK, map[string]any{"commands": c.list})
	case r.Method == http.MethodGet && one:
		c.show(w, id)
	case r.Method == http.MethodPost && name == "v1/commands":
		c.accept(w, r)
	default:
		refuse(w, http.StatusNotFound, "Not found", "There is no such path.")
	}
}

// may reports whether the request carries the agent's token.
func (c *commands) may(r *http.Request) bool {
	return c.token != "" && subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("agent_token")), []byte(c.token)) == 1
}

func (c *commands) show(w http.ResponseWriter, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.list {
		if one.ID == id {
			reply(w, http.StatusOK, one)
			return
		}
	}
	refuse(w, http.StatusNotFound, "Command not found", "Command with id "+id+" not found.")
}

func (c *commands) accept(w http.ResponseWriter, r *http.Request) {
	var given struct {
		Name   string         `json:"name"`
		Params map[string]any `json:"params"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, maxCommand)).Decode(&given); err != nil {
		refuse(w, http.StatusBadRequest, "Malformed request body", err.Error())
		return
	}
	one := &command{ID: rand.Text(), Name: given.Name, Params: given.Params, Status: running}
	op, known := c.table[one.Name]
	if !known {
		refuse(w, http.StatusNotFound, "Command not found", "Unknown command: "+one.Name)
		return
	}
	if !c.begin(one) {
		refuse(w, http.StatusConflict, "Agent is busy", "Another command is running.")
		return
	}
	done := make(chan struct{})
	go func() { defer close(done); c.do(op, one) }()
	if !op.long || r.URL.Query().Get("wait") == "true" {
		<-done
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	reply(w, http.StatusOK, one)
}

// begin takes the command up unless another one is running.
func (c *commands) begin(one *command) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy {
		return false
	}
	c.busy, c.list = true, append(c.list, one)
	c.agent.progress.Store(0)
	if len(c.list) > keptCommands {
		c.list = c.list[1:]
	}
	return true
}

// do carries the command out.
func (c *commands) do(op operation, one *command) {
	c.agent.say("%s", one.Name)
	begun := time.Now()
	result, err := safely(op, one.Params)
	c.mu.Lock()
	defer c.mu.Unlock()
	one.Result, one.Status, c.busy = result, succeeded, false
	if err != nil {
		one.Status, one.Error = failed,
			map[string]any{"type": "CommandExecutionError", "code": 500, "message": "Command execution failed", "details": err.Error()}
		c.agent.say("%s FAILED after %.1f s: %v", one.Name, time.Since(begun).Seconds(), err)
	} else {
		c.agent.say("%s done in %.1f s", one.Name, time.Since(begun).Seconds())
	}
	select {
	case c.ended <- struct{}{}:
	default:
	}
}

// safely makes a failure of a panic: the agent is the first process, and its end is that of
// the system.
func safely(op operation, params map[string]any) (result any, err error) {
	defer func() {
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("panic: %v", wrong)
		}
	}()
	return op.do(context.Background(), params)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the peer asks again
}

func refuse(w http.ResponseWriter, code int, message, details string) {
	reply(w, code, map[string]any{"type": message, "code": code, "message": message, "details": details})
}
