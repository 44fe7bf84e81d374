// Package nextpage reads the link from one page of a volume collection to the next.
package nextpage

import (
	"net/url"

	"github.com/gophercloud/gophercloud/v2/pagination"
)

// URL is the top-level "next" link of a page, "" on the last one.
//
// Ironic leaves the filter "node" out of this link, so that the second page would hold
// the resources of every node. URL puts back the filter that the page was asked with.
func URL(page pagination.PageResult) (string, error) {
	var body struct {
		Next string `json:"next"`
	}
	if err := page.ExtractInto(&body); err != nil || body.Next == "" {
		return "", err
	}
	next, err := url.Parse(body.Next)
	if err != nil {
		return "", err
	}
	query, node := next.Query(), page.URL.Query().Get("node")
	if node == "" || query.Has("node") {
		return body.Next, nil
	}
	query.Set("node", node)
	next.RawQuery = query.Encode()
	return next.String(), nil
}
