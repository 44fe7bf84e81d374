package redfish

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// chassis is what is read of a Chassis (DSP0268).
type chassis struct {
	lit
	ID, UUID        string
	NetworkAdapters link
	Thermal, Power  link
	Sensors         link
}

// lit is a resource with an indicator light: the older property, or the one in its place.
type lit struct {
	IndicatorLED            string
	LocationIndicatorActive *bool

	path, etag string
}

// chassis reads those that the system is in.
func (c *conversation) chassis(ctx context.Context, s *system) (all []*chassis, err error) {
	var at struct{ Links struct{ Chassis []link } }
	if err := s.also(&at); err != nil {
		return nil, err
	}
	for _, l := range bounded(at.Links.Chassis) {
		ch := new(chassis)
		etag, err := c.get(ctx, l.ID, ch)
		if err != nil {
			return nil, err
		}
		ch.path, ch.etag = l.ID, etag
		all = append(all, ch)
	}
	return all, nil
}

// lights are Ironic's names of the states of an indicator and those of IndicatorLED.
var lights = map[string]string{"on": "Lit", "off": "Off", "blinking": "Blinking"}

// state is that of the light, in Ironic's words; "" is none.
func (l *lit) state() string {
	for name, value := range lights {
		if l.IndicatorLED == value {
			return name
		}
	}
	if l.LocationIndicatorActive == nil {
		return ""
	}
	return map[bool]string{true: "blinking", false: "off"}[*l.LocationIndicatorActive]
}

// indicators reads the lights of the system and its chassis, by component and UUID.
func (c *conversation) indicators(ctx context.Context, s *system) (map[[2]string]*lit, error) {
	var self struct {
		lit
		UUID, ID string
	}
	if err := s.also(&self); err != nil {
		return nil, err
	}
	self.path, self.etag = s.path, s.etag
	all := map[[2]string]*lit{{"system", cmp.Or(self.UUID, self.ID)}: &self.lit}
	boxes, err := c.chassis(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, ch := range boxes {
		all[[2]string{"chassis", cmp.Or(ch.UUID, ch.ID)}] = &ch.lit
	}
	for name, l := range all {
		if l.state() == "" {
			delete(all, name)
		}
	}
	return all, nil
}

// Indicators lists the lights that show a person which machine it is.
func (d *Driver) Indicators(ctx context.Context, n *baremetal.Node) (list []baremetal.Indicator, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		all, err := c.indicators(ctx, s)
		for name, l := range all {
			list = append(list, baremetal.Indicator{Component: name[0], Name: name[1], State: l.state(), States: l.states()})
		}
		slices.SortFunc(list, func(a, b baremetal.Indicator) int {
			return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Name, b.Name))
		})
		return err
	})
	return list, err
}

// states are those that the light can be set to.
func (l *lit) states() []string {
	if l.IndicatorLED == "" {
		return []string{"blinking", "off"}
	}
	return []string{"blinking", "off", "on"}
}

// SetIndicator sets a light.
func (d *Driver) SetIndicator(ctx context.Context, n *baremetal.Node, component, name, state string) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		all, err := c.indicators(ctx, s)
		if err != nil {
			return err
		}
		l, ok := all[[2]string{component, name}]
		if !ok {
			return baremetal.NoIndicator(n, component, name)
		}
		state = strings.ToLower(state) // clients of Ironic send either
		if !slices.Contains(l.states(), state) {
			return baremetal.Errorf(baremetal.ErrInvalid, "indicator state %q is none of %v", state, l.states())
		}
		if l.IndicatorLED != "" {
			return c.patch(ctx, l.path, l.etag, map[string]string{"IndicatorLED": lights[state]})
		}
		return c.patch(ctx, l.path, l.etag, map[string]bool{"LocationIndicatorActive": state != "off"})
	})
}

// thermal and power are what is read of the older resources of sensors (DSP0268).
type thermal struct {
	Temperatures []struct {
		reading
		ReadingCelsius *float64
	}
	Fans []struct {
		reading
		Reading      *float64
		ReadingUnits string
	}
}

type power struct {
	Voltages []struct {
		reading
		ReadingVolts *float64
	}
	PowerControl []struct {
		reading
		PowerConsumedWatts *float64
	}
}

type reading struct {
	Name   string
	Status struct{ State, Health string }
}

// sensor is what is read of a Sensor, which took the place of those.
type sensor struct {
	reading
	Reading      *float64
	ReadingUnits string
	ReadingType  string
}

// maxSensors is how many sensors of a machine are read.
const maxSensors = 1024

// Sensors reads temperatures, fans, voltages and power of the machine's chassis.
func (d *Driver) Sensors(ctx context.Context, n *baremetal.Node) (list []baremetal.Reading, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		boxes, err := c.chassis(ctx, s)
		for _, ch := range boxes {
			found, e := c.sensors(ctx, ch)
			if list = append(list, found...); e != nil || len(list) >= maxSensors {
				list = list[:min(len(list), maxSensors)]
				return e
			}
		}
		return err
	})
	return list, err
}

func (c *conversation) sensors(ctx context.Context, ch *chassis) (list []baremetal.Reading, err error) {
	add := func(r reading, value *float64, unit string) {
		if value != nil && r.Status.State != "Absent" && len(list) < maxSensors {
			list = append(list, baremetal.Reading{
				Name: fmt.Sprintf("%.80s", r.Name), Value: *value, Unit: fmt.Sprintf("%.20s", unit),
				Health: fmt.Sprintf("%.20s", r.Status.Health)})
		}
	}
	if ch.Thermal.ID == "" && ch.Power.ID == "" && ch.Sensors.ID != "" {
		paths, err := c.members(ctx, ch.Sensors.ID)
		for _, path := range paths {
			var one sensor
			if _, err := c.get(ctx, path, &one); err != nil {
				return list, err
			}
			add(one.reading, one.Reading, one.ReadingUnits)
		}
		return list, err
	}
	if ch.Thermal.ID != "" {
		var t thermal
		if _, err := c.get(ctx, ch.Thermal.ID, &t); err != nil {
			return list, err
		}
		for _, v := range t.Temperatures {
			add(v.reading, v.ReadingCelsius, "Cel")
		}
		for _, v := range t.Fans {
			add(v.reading, v.Reading, cmp.Or(v.ReadingUnits, "RPM"))
		}
	}
	if ch.Power.ID != "" {
		var p power
		if _, err := c.get(ctx, ch.Power.ID, &p); err != nil {
			return list, err
		}
		for _, v := range p.Voltages {
			add(v.reading, v.ReadingVolts, "V")
		}
		for _, v := range p.PowerControl {
			add(v.reading, v.PowerConsumedWatts, "W")
		}
	}
	return list, nil
}
