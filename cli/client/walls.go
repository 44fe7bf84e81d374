package client

import (
	"fmt"
	"net/http"
	"net/url"
)

const walls = "/ironhook/v1/walls"

// wallVerbs are the commands on links to the wall.
func wallVerbs() []verb {
	return []verb{
		{"add <name>", "Make a link that shows the wall of machines without a login; it is shown once", nothing, nil, addWall},
		{"list", "List links to the wall", many, nil, listWalls},
		{"delete <wall>...", "Delete links to the wall; they show nothing from then on", nothing, nil, func(c *call) error {
			return c.each(c.args, func(name string) error {
				if _, err := c.do(c.ctx, http.MethodDelete, walls+"/"+url.PathEscape(name), nil); err != nil {
					return fmt.Errorf("failed to delete the link %s: %w", name, err)
				}
				return nil
			})
		}},
	}
}

func addWall(c *call) error {
	made, err := object(c.do(c.ctx, http.MethodPost, walls, map[string]any{"name": c.args[0]}))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, plainOr(made["url"], c.openly()+plain(made["path"])), "(shown once)")
	return err
}

func listWalls(c *call) error {
	answer, err := c.get(c.ctx, walls)
	if err != nil {
		return err
	}
	f := findings{columns: []string{"Name", "Created"}}
	list, _ := answer["walls"].([]any)
	for _, one := range list {
		w, _ := one.(map[string]any)
		f.rows = append(f.rows, []any{w["name"], w["created_at"]})
	}
	return c.show(f)
}
