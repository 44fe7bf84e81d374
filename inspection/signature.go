package inspection

import (
	"errors"
	"slices"
	"strings"
)

// Signature is the arguments that an operation takes.
type Signature struct {
	Required, Optional []string
	// formatted are those in which {inventory[cpu][count]} and its like are replaced. In a
	// loop all are.
	formatted []string
}

// Named returns the arguments by name, and what is wrong with them. They may come as a
// list, in the order of the signature.
func (s Signature) Named(args any) (named map[string]any, err error) {
	all := slices.Concat(s.Required, s.Optional)
	named = map[string]any{}
	switch args := args.(type) {
	case map[string]any:
		named = args
	case []any:
		if len(args) > len(all) {
			return named, errors.New("too many arguments")
		}
		for i, v := range args {
			named[all[i]] = v
		}
	}
	var missing, unexpected []string
	for _, name := range s.Required {
		if _, ok := named[name]; !ok {
			missing = append(missing, name)
		}
	}
	for name := range named {
		if !slices.Contains(all, name) {
			unexpected = append(unexpected, name)
		}
	}
	slices.Sort(unexpected)
	var wrong []string
	if missing != nil {
		wrong = append(wrong, "missing required argument(s): "+strings.Join(missing, ", "))
	}
	if unexpected != nil {
		wrong = append(wrong, "unexpected argument(s): "+strings.Join(unexpected, ", "))
	}
	if wrong != nil {
		return named, errors.New(strings.Join(wrong, "; "))
	}
	return named, nil
}

// arguments are those of one use of an operation, with what they name put in.
func (s scope) arguments(sig Signature, op string, given any) (map[string]any, error) {
	named, err := sig.Named(given)
	if err != nil {
		return nil, err
	}
	args := map[string]any{}
	for name, v := range named {
		if s.loops || slices.Contains(sig.formatted, name) {
			v = s.fill(v, op == "is-empty")
		}
		args[name] = v
	}
	return args, nil
}
