package cinder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// serviceTypes are the types under which Keystone's catalog lists Cinder, the newest first.
var serviceTypes = []string{"block-storage", "block-store", "volumev3", "volume"}

// access returns the endpoint of Cinder, without a slash at its end, and the token to use there.
// renew asks Keystone for another token.
func (c *Client) access(ctx context.Context, renew bool) (endpoint, token string, err error) {
	if !c.config.keystone() {
		endpoint = versioned(c.config.Endpoint)
		if c.config.AuthType == noAuth {
			token = "admin:" + cmp.Or(c.config.ProjectID, c.config.ProjectName, "admin") // Cinder's noauth takes USER:PROJECT
		}
		return endpoint, token, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == "" || renew {
		if err := c.authenticate(ctx); err != nil {
			return "", "", err
		}
	}
	return c.endpoint, c.token, nil
}

// versioned is an address of the Block Storage API with its version; Ironic's operators give
// it with or without.
func versioned(address string) string {
	address = strings.TrimRight(address, "/")
	if strings.Contains(address+"/", "/v3/") {
		return address
	}
	return address + "/v3"
}

// authenticate fetches a token and the endpoint from Keystone (Identity API v3).
func (c *Client) authenticate(ctx context.Context) error {
	address := strings.TrimRight(c.config.AuthURL, "/")
	if !strings.HasSuffix(address, "/v3") {
		address += "/v3"
	}
	var answer struct {
		Token struct {
			Catalog []service
		}
	}
	header, err := c.send(ctx, http.MethodPost, address+"/auth/tokens", http.Header{}, map[string]any{"auth": c.config.auth()}, &answer)
	if err != nil {
		return err
	}
	token := header.Get("X-Subject-Token")
	if token == "" {
		return errors.New("its answer has no X-Subject-Token")
	}
	endpoint := versioned(c.config.Endpoint)
	if c.config.Endpoint == "" {
		if endpoint, err = c.config.find(answer.Token.Catalog); err != nil {
			return err
		}
	}
	c.token, c.endpoint = token, endpoint
	return nil
}

// service is one of Keystone's catalog.
type service struct {
	Type      string
	Endpoints []struct{ Interface, Region, URL string }
}

// find looks Cinder up in the catalog.
func (c Config) find(catalog []service) (string, error) {
	for _, t := range serviceTypes {
		for _, kind := range c.Interfaces {
			for _, s := range catalog {
				for _, e := range s.Endpoints {
					if s.Type == t && e.Interface == kind && (c.Region == "" || e.Region == c.Region) && webAddress(e.URL) {
						return strings.TrimRight(e.URL, "/"), nil
					}
				}
			}
		}
	}
	return "", fmt.Errorf("its catalog has no %s endpoint of Cinder in region %q: set endpoint_override, region_name or valid_interfaces",
		strings.Join(c.Interfaces, " or "), c.Region)
}

// auth is the body of a request for a token.
func (c Config) auth() map[string]any {
	if c.AuthType == credential {
		with := present("id", c.CredentialID, "name", c.CredentialName, "secret", c.CredentialSecret)
		if c.CredentialID == "" {
			with["user"] = c.user()
		}
		return map[string]any{"identity": map[string]any{"methods": []string{"application_credential"}, "application_credential": with}}
	}
	user := c.user()
	user["password"] = c.Password
	body := map[string]any{"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": user}}}
	if c.ProjectID != "" || c.ProjectName != "" {
		project := present("id", c.ProjectID, "name", c.ProjectName)
		if c.ProjectID == "" {
			project["domain"] = present("id", c.ProjectDomainID, "name", unless(c.ProjectDomainID, c.ProjectDomainName))
		}
		body["scope"] = map[string]any{"project": project}
	}
	return body
}

func (c Config) user() map[string]any {
	user := present("id", c.UserID, "name", c.Username)
	if c.UserID == "" {
		user["domain"] = present("id", c.UserDomainID, "name", unless(c.UserDomainID, c.UserDomainName))
	}
	return user
}

// unless is name where there is no id: Keystone takes one of them.
func unless(id, name string) string {
	if id != "" {
		return ""
	}
	return name
}

// present is an object of those pairs of key and value whose value is not empty.
func present(pairs ...string) map[string]any {
	o := map[string]any{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			o[pair[0]] = pair[1]
		}
	}
	return o
}
