package conductor

import (
	"strings"

	"ironhook/baremetal"
	"ironhook/internal/python"
	"ironhook/store"
)

// milestones are the flows whose beginnings and ends a node's history has, in Ironic's words.
var milestones = map[string]string{"clean": "manual_cleaning", "deploy": "deployment", "service": "servicing"}

// begins makes the entry of a flow that begins.
func (f flow) begins(tx *store.Tx, n *baremetal.Node, steps []Step) error {
	if kind, ok := milestones[f.name]; ok {
		event := "Starting " + strings.ReplaceAll(kind, "_", " ") + " with steps=" + listed(steps)
		return tx.Record(baremetal.NewHistory(n, tx.Now(), kind+"_start", event))
	}
	return nil
}

// ends forgets a flow that has come to its end, and makes the entry of that.
func (f flow) ends(tx *store.Tx, n *baremetal.Node, steps []Step) error {
	f.end(n)
	if kind, ok := milestones[f.name]; ok {
		event := title(kind) + " completed successfully with steps=" + listed(steps)
		return tx.Record(baremetal.NewHistory(n, tx.Now(), kind+"_end", event))
	}
	return nil
}

// title is a kind of flow with capitals, as Python's str.title() makes them.
func title(kind string) string {
	words := strings.Split(kind, "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// listed are steps as Ironic's history has them: those that a client has given as they were given, and
// without secrets.
func listed(steps []Step) string {
	var texts []string
	for _, s := range steps {
		if s.Given != nil {
			texts = append(texts, literal(baremetal.Secrets.Mask(s.Given)))
			continue
		}
		texts = append(texts, python.Repr(map[string]any(s.shown()), "step", "priority", "abortable", "argsinfo", "interface"))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// failures are the event types of what went wrong in a state, as in Ironic's history.
var failures = map[baremetal.ProvisionState]string{
	baremetal.Verifying: "verify", baremetal.Deploying: "deploying", baremetal.Deleting: "unprovision", baremetal.Cleaning: "cleaning",
	baremetal.Inspecting: "introspection", baremetal.Adopting: "adoption", baremetal.Rescuing: "rescue", baremetal.Unrescuing: "rescue",
	baremetal.Servicing: "servicing",
}
