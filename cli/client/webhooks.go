package client

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const webhooks = "/ironhook/v1/webhooks"

// hookOptions say what a webhook is told.
var hookOptions = []option{
	{name: "kind", kind: words, field: "kinds", usage: "kind of event to send (repeatable); all if none is given"},
	{name: "node", usage: "send the events of this node only"},
}

// webhookVerbs are the commands on webhooks.
func webhookVerbs() []verb {
	return []verb{
		{"add <url>", "Post events to a URL; the key of the signatures is shown once", nothing, hookOptions, addWebhook},
		{"list", "List webhooks, and what became of the last event", many, nil, listWebhooks},
		{"set <webhook>", "Change a webhook, or switch it on again", nothing, append([]option{
			{name: "url", usage: "where to post to"},
			{name: "on", kind: yes, field: "-", usage: "post to it"}, {name: "off", kind: yes, field: "-", usage: "post nothing to it"},
		}, hookOptions...), setWebhook},
		{"delete <webhook>...", "Delete webhooks with what they did not take", nothing, nil, func(c *call) error {
			return c.each(c.args, func(id string) error {
				_, err := c.do(c.ctx, http.MethodDelete, webhooks+"/"+url.PathEscape(id), nil)
				return err
			})
		}},
		{"dead <webhook>", "List the events that a webhook did not take and that were given up", many, nil, listDead},
		{"resend <webhook> <letter>...", "Send such events again", nothing, nil, func(c *call) error { return c.letters(http.MethodPost) }},
		{"drop <webhook> <letter>...", "Forget such events", nothing, nil, func(c *call) error { return c.letters(http.MethodDelete) }},
	}
}

func addWebhook(c *call) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	body["url"] = c.args[0]
	made, err := c.do(c.ctx, http.MethodPost, webhooks, body)
	if err != nil {
		return err
	}
	hook, _ := made.(map[string]any)
	_, err = fmt.Fprintf(c.out, "webhook %s, secret %s (shown once)\n", plain(hook["uuid"]), plain(hook["secret"]))
	return err
}

func setWebhook(c *call) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	switch {
	case c.has("on") && c.has("off"):
		return misuse("give --on or --off")
	case c.has("on") || c.has("off"):
		body["enabled"] = c.has("on")
	}
	if len(body) == 0 {
		return misuse("there is nothing to change: give --url, --kind, --node, --on or --off")
	}
	_, err = c.do(c.ctx, http.MethodPatch, webhooks+"/"+url.PathEscape(c.args[0]), body)
	return err
}

func listWebhooks(c *call) error {
	answer, err := c.get(c.ctx, webhooks)
	if err != nil {
		return err
	}
	f := findings{columns: []string{"UUID", "URL", "Kinds", "Node", "On", "Delivered", "Failures", "Dead letters", "Last error"}}
	list, _ := answer["webhooks"].([]any)
	for _, one := range list {
		h, _ := one.(map[string]any)
		kinds, _ := h["kinds"].([]any)
		f.rows = append(f.rows, []any{h["uuid"], h["url"], strings.Join(texts(kinds), ","), h["node"], h["enabled"], h["delivered_at"],
			h["failures"],
			h["dead_letters"], h["last_error"]})
	}
	return c.show(f)
}

func listDead(c *call) error {
	answer, err := c.get(c.ctx, webhooks+"/"+url.PathEscape(c.args[0])+"/dead")
	if err != nil {
		return err
	}
	f := findings{columns: []string{"UUID", "Event", "Attempts", "Error", "Given up"}}
	list, _ := answer["dead_letters"].([]any)
	for _, one := range list {
		d, _ := one.(map[string]any)
		f.rows = append(f.rows, []any{d["uuid"], d["seq"], d["attempts"], d["error"], d["created_at"]})
	}
	return c.show(f)
}

// letters does something with dead letters of a webhook, the first argument.
func (c *call) letters(method string) error {
	return c.each(c.args[1:], func(id string) error {
		_, err := c.do(c.ctx, method, webhooks+"/"+url.PathEscape(c.args[0])+"/dead/"+url.PathEscape(id), nil)
		return err
	})
}
