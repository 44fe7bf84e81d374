package client

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestArgs(t *testing.T) {
	for in, want := range map[string]string{
		"node list --fields uuid name -f json":   "node list --fields=uuid --fields=name -f json",
		"node deploy pc --wait 60":               "node deploy pc --wait=60",
		"node deploy --wait pc":                  "node deploy --wait pc",
		"node deploy --wait=5 --fields a --wait": "node deploy --wait=5 --fields=a --wait",
		"node list --fields --long":              "node list --fields --long",
		"node list --fields":                     "node list --fields",
		"node show --fields a -- b":              "node show --fields=a -- b",
		"":                                       "",
	} {
		if got := strings.Join(Args(strings.Fields(in)), " "); got != want {
			t.Errorf("Args(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		`null`: "None", `true`: "True", `false`: "False", `"x"`: "x", `1.50`: "1.50", `12345678901234567890`: "12345678901234567890",
		`[]`: "[]", `{}`: "{}", `["a", null]`: "['a', None]", `{"b": [1], "a": {"c": false}}`: "{'a': {'c': False}, 'b': [1]}",
		`["it's"]`: `["it's"]`, `["'\""]`: `['\'"']`, `["a\\b\n"]`: `['a\\b\n']`, `"a\r\nb"`: "a\nb",
	} {
		value, err := parse([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := plain(value); got != want {
			t.Errorf("plain(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestYAML(t *testing.T) {
	for in, want := range map[string]string{
		`[]`:                               "[]\n",
		`[{"a": 1, "b": {}}, {"c": null}]`: "- a: 1\n  b: {}\n- c: null\n",
		`{"a": [[1, 2], []], "b": {"c": {"d": "x y"}}}`: "a:\n- - 1\n  - 2\n- []\nb:\n  c:\n    d: x y\n",
		`["yes", "Null", "1.5", "", "a: b", "# c", " d", "-", "e:", "f #", "/dev/sda", "n"]`: "- \"yes\"\n- \"Null\"\n- \"1.5\"\n- \"\"\n- " +
			"\"a: b\"\n- \"# c\"\n- \" d\"\n- \"-\"\n- \"e:\"\n- \"f #\"\n- /dev/sda\n- \"n\"\n",
	} {
		value, err := parse([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := block(value, ""); got != want {
			t.Errorf("block(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestSaid(t *testing.T) {
	for in, want := range map[string]string{
		`{"error_message": "{\"faultcode\": \"Client\", \"faultstring\": \"No.\"}"}`:         "No.",
		`{"error_message": {"faultstring": "No."}}`:                                          "No.",
		`{"error": {"message": "Who?", "code": 401}}`:                                        "Who?",
		`{"itemNotFound": {"code": 404, "message": "Volume x could not be found."}}`:         "Volume x could not be found.",
		`{"message": "Gone", "code": "404"}`:                                                 "Gone",
		"<html>Bad gateway</html>\n":                                                         "<html>Bad gateway</html>",
		"<html><body>\n<h1>404 Not Found</h1>\n No image &quot;x&quot;.<br /></body></html>": `No image "x".`,
		`{}`: "",
		``:   "",
	} {
		if got := said([]byte(in)); got != want {
			t.Errorf("said(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestSortBy(t *testing.T) {
	for order, want := range map[string]string{
		"name": "a1 a2 b1", "name:desc": "b1 a1 a2", "name,n:desc": "a2 a1 b1", "n": "a1 b1 a2", "": "b1 a1 a2", "nosuch": "b1 a1 a2",
	} {
		things := []map[string]any{{"name": "b", "n": "9"}, {"name": "a", "n": "8"}, {"name": "a", "n": "10"}}
		if err := sortBy(things, order); err != nil {
			t.Error(err)
		}
		var got []string
		for _, thing := range things {
			got = append(got, thing["name"].(string)+map[string]string{"9": "1", "8": "1", "10": "2"}[thing["n"].(string)])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("sortBy(%q) = %v, want %s", order, got, want)
		}
	}
	if err := sortBy(nil, "name:up"); err == nil {
		t.Error("sortBy(name:up) = nil, want an error")
	}
}

func TestFollowing(t *testing.T) {
	for in, want := range map[string]string{
		`{"nodes": []}`: "",
		`{"nodes": [], "next": ` +
			`"http://elsewhere:1/v1/nodes?limit=1&marker=x"}`: "?limit=1&marker=x",
		`{"images": [], "next": "/v2/images?marker=x"}`: "?marker=x",
		`{"volumes": [], "volumes_links": [{"rel": "self", "href": "/a?b"}, {"rel": "next", "href": "http://h/volumes?marker=x"}]}`: "?marker=x",
		`{"nodes": [], "next": 7}`: "",
	} {
		page, err := parse([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := following(page.(map[string]any), "volumes"); got != want {
			t.Errorf("following(%s) = %q, want %q", in, got, want)
		}
	}
}

// TestWordsAreUnique looks for two commands of the same words, which cobra would hide.
func TestWordsAreUnique(t *testing.T) {
	var seen []string
	all := baremetal()
	for word, verbs := range map[string][]verb{"image ": imageVerbs(), "volume ": volumeVerbs()} {
		for _, v := range verbs {
			v.use = "openstack " + word + v.use
			all = append(all, v)
		}
	}
	for _, v := range all {
		words, _ := split(v.use)
		name := strings.Join(words, " ")
		if slices.Contains(seen, name) {
			t.Errorf("two commands are called %q", name)
		}
		seen = append(seen, name)
		options := map[string]bool{}
		for _, o := range v.takes {
			if options[o.name] {
				t.Errorf("%s has two options --%s", name, o.name)
			}
			options[o.name] = true
		}
	}
}

// FuzzFormats: whatever JSON says can be printed in every format, on whole lines.
func FuzzFormats(f *testing.F) {
	for _, seed := range []string{`{"a": [1, {"b": "c: d"}]}`, `"\u2028"`, `[[[]]]`, `{"": {"\n": "-"}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		value, err := parse([]byte(in))
		if err != nil {
			return
		}
		found := findings{columns: []string{"Column"}, rows: [][]any{{value}}}
		for name, format := range formats {
			var b strings.Builder
			if err := format(&b, found, printer{quote: "all"}); err != nil {
				t.Errorf("%s of %s: %v", name, in, err)
			}
			if !strings.HasSuffix(b.String(), "\n") {
				t.Errorf("%s of %s = %q, want a line", name, in, b.String())
			}
		}
	})
}

// TestLine shows progress on a terminal, over and over on one line, and nowhere else.
func TestLine(t *testing.T) {
	var b strings.Builder
	for _, l := range []*line{{what: "golden"}, {what: "golden", to: &b}} {
		l.say("1%")
		l.say("")
		l.say("2%")
		l.end()
		l.end()
	}
	if got, want := b.String(), "\r\x1b[Kgolden: 1%\r\x1b[Kgolden: 2%\r\x1b[K"; got != want {
		t.Errorf("a terminal gets %q, want %q", got, want)
	}
	if l := (&call{errs: &b}).line("golden"); l.to != nil {
		t.Error("what is no terminal is written to")
	}
}

// TestCatalog holds what can be held against nothing but itself.
func TestCatalog(t *testing.T) {
	for i, c := range catalog {
		for _, address := range []string{c.url, c.checksums} {
			if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
				t.Errorf("%s: %s is no address", c.name, address)
			}
		}
		for _, other := range catalog[:i] {
			if other.name == c.name || other.url == c.url {
				t.Errorf("%s is there twice", c.name)
			}
		}
	}
}
