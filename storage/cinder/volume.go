package cinder

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// volume is a volume as Cinder shows it.
type volume struct {
	Status      string
	Encrypted   bool
	Multiattach bool
	Metadata    map[string]string
	Attachments []struct {
		ID       string `json:"attachment_id"`
		Instance string `json:"server_id"`
		Host     string `json:"host_name"`
	}
}

// attachmentOf returns the id of the attachment of a node that is complete, "" for none.
func (v volume) attachmentOf(node string) string {
	for _, a := range v.Attachments {
		if a.Instance == node || a.Host == node {
			return a.ID
		}
	}
	return ""
}

// taking reports whether the last note about the node is that it was about to take the volume, and no
// other node was: then what is incomplete is the node's.
func (v volume) taking(node string) bool {
	var nodes []string
	for key, text := range v.Metadata {
		var n note
		if who, ours := strings.CutPrefix(key, notePrefix); ours && json.Unmarshal([]byte(text), &n) == nil && n.Action == taking {
			nodes = append(nodes, who)
		}
	}
	return slices.Equal(nodes, []string{node})
}

func volumePath(id string) string { return "/volumes/" + url.PathEscape(id) }

func (c *Client) volume(ctx context.Context, id string) (volume, error) {
	var answer struct{ Volume volume }
	err := c.do(ctx, http.MethodGet, volumePath(id), "", nil, &answer)
	return answer.Volume, err
}

// action does one of the volume's actions.
func (c *Client) action(ctx context.Context, id, name string, args, out any) error {
	return c.do(ctx, http.MethodPost, volumePath(id)+"/action", "", map[string]any{name: args}, out)
}

// note is what the metadata of a volume says about a node, in Ironic's words: by it a volume
// is found again whose node is off.
type note struct {
	Node   string `json:"instance_uuid"`
	At     string `json:"last_seen"`
	Action string `json:"last_action"`
}

// The actions of a note. Ironic has no taking: it notes nothing before it is done.
const (
	taking   = "attaching"
	attached = "attached"
	detached = "detached"
)

const notePrefix = "ironic_node_"

func noteKey(node string) string { return notePrefix + node }

// write puts a note about the node into the volume's metadata.
func (c *Client) write(ctx context.Context, id, node, action string) error {
	text, err := json.Marshal(note{Node: node, At: time.Now().UTC().Format("2006-01-02T15:04:05.000000"), Action: action})
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, volumePath(id)+"/metadata", "",
		map[string]any{"metadata": map[string]string{noteKey(node): string(text)}}, nil)
}

// erase removes the note about the node.
func (c *Client) erase(ctx context.Context, id, node string) error {
	err := c.do(ctx, http.MethodDelete, volumePath(id)+"/metadata/"+noteKey(node), "", nil, nil)
	if refused(err, http.StatusNotFound) {
		return nil
	}
	return err
}
