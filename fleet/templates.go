package fleet

import (
	"context"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

var templates = kind[baremetal.DeployTemplate]{(*store.Tx).DeployTemplates, func(v *baremetal.DeployTemplate) *string { return &v.UUID }}

// CreateTemplate adds a deploy template.
func (f *Fleet) CreateTemplate(ctx context.Context, v *baremetal.DeployTemplate) error {
	if err := distinctSteps("deploy template", v.Steps); err != nil {
		return err
	}
	return f.store.Update(ctx, func(tx *store.Tx) error { return templates.insert(tx, v) })
}

// UpdateTemplate changes the deploy template and returns it.
func (f *Fleet) UpdateTemplate(ctx context.Context, ident string, p Patch[baremetal.DeployTemplate]) (*baremetal.DeployTemplate, error) {
	return templates.update(ctx, f, ident, p,
		func(_ *store.Tx, v *baremetal.DeployTemplate) error { return distinctSteps("deploy template", v.Steps) })
}

// DeleteTemplate deletes the deploy template.
func (f *Fleet) DeleteTemplate(ctx context.Context, ident string) error {
	return templates.remove(ctx, f, ident, func(*store.Tx, *baremetal.DeployTemplate) error { return nil })
}

// distinctSteps refuses a step that a template or a runbook contains twice. noun is the
// word of Ironic's message for either.
func distinctSteps(noun string, steps []baremetal.Object) error {
	seen := map[string]bool{}
	var twice []string
	for _, step := range steps {
		key := "interface: " + step.Text("interface") + ", step: " + step.Text("step")
		if seen[key] {
			twice = append(twice, key)
		}
		seen[key] = true
	}
	if twice == nil {
		return nil
	}
	return invalid("Deploy template invalid: Duplicate deploy steps. A %s cannot have multiple deploy steps "+
		"with the same interface and step. Duplicates: %s.", noun, strings.Join(twice, "; "))
}
