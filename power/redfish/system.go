package redfish

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// system is what is read of a ComputerSystem (DSP0268).
type system struct {
	PowerState string
	Boot       struct {
		Target  string   `json:"BootSourceOverrideTarget"`
		Enabled string   `json:"BootSourceOverrideEnabled"`
		Mode    string   `json:"BootSourceOverrideMode"`
		Targets []string `json:"BootSourceOverrideTarget@Redfish.AllowableValues"`
	}
	Actions struct {
		Reset struct {
			Target string   `json:"target"`
			Types  []string `json:"ResetType@Redfish.AllowableValues"`
		} `json:"#ComputerSystem.Reset"`
	}

	path, etag string
	raw        json.RawMessage
}

// link is a reference to another resource.
type link struct {
	ID string `json:"@odata.id"`
}

// also reads more of the system than every call needs: a fault there must not keep the
// power from being switched.
func (s *system) also(v any) error {
	if json.Unmarshal(s.raw, v) != nil {
		return fmt.Errorf("%w: %s is no such object", errProtocol, s.path)
	}
	return nil
}

// powerStates are those of a ComputerSystem. A system on its way off still runs, and one on
// its way on may run already: both are on, so that no volume is taken from a running machine.
var powerStates = map[string]baremetal.PowerState{
	"On": baremetal.PowerOn, "PoweringOn": baremetal.PowerOn, "PoweringOff": baremetal.PowerOn, "Paused": baremetal.PowerOn,
	"Off": baremetal.PowerOff,
}

func (s *system) state() (baremetal.PowerState, error) {
	state, ok := powerStates[s.PowerState]
	if !ok {
		return "", fmt.Errorf("%w: PowerState is %.20q", errProtocol, s.PowerState)
	}
	return state, nil
}

// system reads the node's system: redfish_system_id, or the only one there is.
func (c *conversation) system(ctx context.Context) (*system, error) {
	path := c.info.system
	if path == "" {
		list, err := c.members(ctx, c.info.root+"Systems")
		if err != nil {
			return nil, err
		}
		if len(list) != 1 {
			var paths []string
			for _, m := range list[:min(len(list), 8)] {
				paths = append(paths, fmt.Sprintf("%.80s", m))
			}
			return nil, fmt.Errorf("%w: the BMC has %d systems [%s], and redfish_system_id names none", errSystem, len(list),
				strings.Join(paths, " "))
		}
		path = list[0]
	}
	s := &system{path: path}
	etag, err := c.get(ctx, path, &s.raw)
	if err == nil {
		err = s.also(s)
	}
	if r, ok := err.(refusal); ok && r.status == http.StatusNotFound {
		return nil, fmt.Errorf("%w: %w", errSystem, err)
	}
	s.etag = etag
	return s, err
}

// members lists the paths of a collection's members, of all its pages.
func (c *conversation) members(ctx context.Context, path string) (paths []string, err error) {
	for range maxPages {
		var list struct {
			Members []link
			Next    string `json:"Members@odata.nextLink"`
		}
		if _, err := c.get(ctx, path, &list); err != nil {
			return nil, err
		}
		for _, m := range list.Members {
			paths = append(paths, m.ID)
		}
		if path = list.Next; path == "" || len(paths) >= maxMembers {
			break
		}
	}
	return paths[:min(len(paths), maxMembers)], nil
}

// What is followed of one collection.
const (
	maxPages   = 16
	maxMembers = 128
)

// bounded are the items of a list within a resource that are looked at, as of a collection: a BMC says
// what it likes.
func bounded[T any](list []T) []T { return list[:min(len(list), maxMembers)] }

// resetTypes are the reset types of an order, the preferred one first: not every BMC has On.
var resetTypes = map[order][]string{
	on: {"On", "ForceOn"}, off: {"ForceOff"}, soft: {"GracefulShutdown"}, interrupt: {"Nmi"},
}

// reset gives an order.
func (c *conversation) reset(ctx context.Context, s *system, o order) error {
	kinds, offered := resetTypes[o], s.Actions.Reset.Types
	kind := kinds[0]
	if i := slices.IndexFunc(kinds, func(k string) bool { return slices.Contains(offered, k) }); i >= 0 {
		kind = kinds[i]
	} else if len(offered) > 0 {
		return baremetal.Errorf(baremetal.ErrUnsupported, "the BMC offers no reset of type %s, only %.200s.", kind, strings.Join(offered, ", "))
	}
	path := s.Actions.Reset.Target
	if path == "" {
		path = strings.TrimSuffix(s.path, "/") + "/Actions/ComputerSystem.Reset"
	}
	_, err := c.send(ctx, http.MethodPost, path, "", map[string]string{"ResetType": kind})
	return err
}
