package nextpage

import (
	"net/url"
	"testing"

	"github.com/gophercloud/gophercloud/v2/pagination"
)

func TestURL(t *testing.T) {
	for _, c := range []struct{ asked, next, want string }{
		{"http://ironic/v1/volume/targets?node=n", "", ""},
		{"http://ironic/v1/volume/targets", "http://ironic/v1/volume/targets?fields=uuid,type&marker=m",
			"http://ironic/v1/volume/targets?fields=uuid,type&marker=m"},
		{"http://ironic/v1/volume/targets?node=n", "http://ironic/v1/volume/targets?node=n&marker=m",
			"http://ironic/v1/volume/targets?node=n&marker=m"},
		{"http://ironic/v1/volume/targets?node=a+b", "http://ironic/v1/volume/targets?fields=uuid,type&marker=m",
			"http://ironic/v1/volume/targets?fields=uuid%2Ctype&marker=m&node=a+b"},
	} {
		asked, err := url.Parse(c.asked)
		if err != nil {
			t.Fatal(err)
		}
		page := pagination.PageResult{URL: *asked}
		page.Body = map[string]any{"targets": []any{}, "next": c.next}
		if got, err := URL(page); got != c.want || err != nil {
			t.Errorf("after %s, which says %q: %q, %v, want %q", c.asked, c.next, got, err, c.want)
		}
	}
}

func TestURLRefuses(t *testing.T) {
	for _, next := range []any{5, "http://ironic:port/"} {
		page := pagination.PageResult{}
		page.Body = map[string]any{"next": next}
		if got, err := URL(page); err == nil {
			t.Errorf("%v is a link to %q", next, got)
		}
	}
}
