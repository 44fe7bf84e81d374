package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Everybody can read the pages, by day and by night: text stands out from its ground
// by 4.5 to 1, the edges of controls and the bar by 3 to 1 (WCAG 2.2, success criteria
// 1.4.3 and 1.4.11).
func TestContrast(t *testing.T) {
	css, err := files.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, found := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("app.css has no dark colours")
	}
	dark, _, _ = strings.Cut(dark, "\n}\n")
	for theme, colours := range map[string]map[string]float64{"light": luminances(t, light), "dark": luminances(t, dark)} {
		for _, c := range []struct {
			over, under string
			least       float64
		}{
			{"ink", "ground", 4.5}, {"ink", "card", 4.5}, {"soft", "ground", 4.5}, {"soft", "card", 4.5}, {"soft", "calm-bg", 4.5},
			{"accent", "card", 4.5}, {"accent", "ground", 4.5}, {"accent", "accent-bg", 4.5}, {"card", "accent", 4.5},
			{"good", "card", 4.5}, {"good", "good-bg", 4.5}, {"bad", "card", 4.5}, {"bad", "bad-bg", 4.5}, {"wait", "card", 4.5},
			{"wait", "ground", 4.5},
			{"edge", "card", 3}, {"edge", "ground", 3}, {"accent", "track", 3}, {"good", "track", 3}, {"bad", "track", 3},
		} {
			over, ok1 := colours[c.over]
			under, ok2 := colours[c.under]
			if ratio := (max(over, under) + .05) / (min(over, under) + .05); !ok1 || !ok2 || ratio < c.least {
				t.Errorf("%s: --%s on --%s has a contrast of %.2f, want %.1f", theme, c.over, c.under, ratio, c.least)
			}
		}
	}
}

// luminances reads the colours of a theme as their relative luminance (WCAG 2.2,
// definition of that name).
func luminances(t *testing.T, css string) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		rgb, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		for i, weight := range []float64{0.0722, 0.7152, 0.2126} { // blue, green, red
			c := float64(rgb>>(8*i)&0xff) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			all[m[1]] += weight * c
		}
	}
	return all
}
