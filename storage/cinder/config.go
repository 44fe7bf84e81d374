package cinder

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Config says where Cinder is and how to work with it. The keys are those of the section
// [cinder] of Ironic's configuration, except attach_api.
type Config struct {
	AuthType string `toml:"auth_type"`         // none, http_basic, password, v3password or v3applicationcredential
	Endpoint string `toml:"endpoint_override"` // of the Block Storage API; else that of Keystone's catalog

	AuthURL           string `toml:"auth_url"`
	Username          string `toml:"username"`
	UserID            string `toml:"user_id"`
	UserDomainName    string `toml:"user_domain_name"`
	UserDomainID      string `toml:"user_domain_id"`
	Password          string `toml:"password"`
	ProjectName       string `toml:"project_name"`
	ProjectID         string `toml:"project_id"`
	ProjectDomainName string `toml:"project_domain_name"`
	ProjectDomainID   string `toml:"project_domain_id"`
	CredentialID      string `toml:"application_credential_id"`
	CredentialName    string `toml:"application_credential_name"`
	CredentialSecret  string `toml:"application_credential_secret"`

	Region     string   `toml:"region_name"`
	Interfaces []string `toml:"valid_interfaces"` // of the catalog, by preference
	CAFile     string   `toml:"cafile"`           // certificates in PEM; "" for those of this host
	Insecure   bool     `toml:"insecure"`

	Timeout       int    `toml:"timeout"`               // of a request, in seconds
	Retries       int    `toml:"action_retries"`        // of an attach or detach
	RetryInterval int    `toml:"action_retry_interval"` // between them, in seconds
	Toggle        bool   `toml:"toggle_attachments_with_power"`
	AttachAPI     string `toml:"attach_api"` // auto, attachments (3.27) or actions
}

// The ways of authentication.
const (
	noAuth     = "none"
	httpBasic  = "http_basic"
	password   = "v3password"
	credential = "v3applicationcredential"
)

// The values of attach_api.
const (
	auto        = "auto"
	attachments = "attachments"
	actions     = "actions"
)

// Read reads a configuration from a TOML file, and checks it. A key that does not exist is an
// error. No error repeats the file's text, which may be a secret.
func Read(path string) (Config, error) {
	c := Config{
		UserDomainName: "Default", ProjectDomainName: "Default", Interfaces: []string{"internal", "public"},
		Timeout: 30, Retries: 3, RetryInterval: 5, Toggle: true, AttachAPI: auto,
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	known, err := toml.Decode(string(text), &c)
	var broken toml.ParseError
	switch {
	case errors.As(err, &broken):
		return c, fmt.Errorf("line %d is no TOML: write each key as name = \"value\"", broken.Position.Line)
	case err != nil:
		return c, errors.New("a key has a value of the wrong type: texts are in quotes, numbers and true or false are not")
	case len(known.Undecoded()) > 0:
		return c, fmt.Errorf("there is no key %s", known.Undecoded()[0])
	}
	return c, c.check()
}

// check completes the configuration and reports everything that is wrong with it.
func (c *Config) check() error {
	var wrong []error
	require := func(broken bool, format string, args ...any) {
		if broken {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	if c.AuthType == "password" {
		c.AuthType = password
	}
	require(!slices.Contains([]string{noAuth, httpBasic, password, credential}, c.AuthType),
		"auth_type is %q: set it to none, http_basic, password or v3applicationcredential", c.AuthType)
	require(!slices.Contains([]string{auto, attachments, actions}, c.AttachAPI), "attach_api is %q: set it to auto, attachments or actions",
		c.AttachAPI)
	require(c.Timeout < 1 || c.Retries < 0 ||
		c.RetryInterval < 0, "timeout must be at least 1, action_retries and action_retry_interval at least 0")
	require(c.Endpoint != "" && !webAddress(c.Endpoint), "endpoint_override must be an http or https URL")
	switch c.AuthType {
	case noAuth, httpBasic:
		require(c.Endpoint == "", "endpoint_override is missing: without Keystone there is no catalog to find Cinder in")
	case password, credential:
		require(!webAddress(c.AuthURL), "auth_url must be the http or https URL of Keystone")
	}
	require(c.AuthType == httpBasic && (c.Username == "" || c.Password == ""), "username and password are required with auth_type http_basic")
	require(c.AuthType == password && c.Username == "" && c.UserID == "", "username is required with auth_type password")
	require(c.AuthType == credential &&
		(c.CredentialSecret == "" || c.CredentialID == "" && (c.CredentialName == "" || c.Username == "" && c.UserID == "")),
		"application_credential_secret and application_credential_id, or application_credential_name and username, are required with auth_type "+
			"v3applicationcredential")
	return errors.Join(wrong...)
}

func webAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// trust is how Cinder's and Keystone's certificates are verified.
func (c Config) trust() (*tls.Config, error) {
	trust := &tls.Config{InsecureSkipVerify: c.Insecure} //nolint:gosec // the operator said so
	if c.CAFile == "" {
		return trust, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, err
	}
	trust.RootCAs = x509.NewCertPool()
	if !trust.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("cafile %s has no certificate in PEM", c.CAFile)
	}
	return trust, nil
}

// keystone reports whether Keystone gives the token.
func (c Config) keystone() bool { return strings.HasPrefix(c.AuthType, "v3") }

func (c Config) interval() time.Duration { return time.Duration(c.RetryInterval) * time.Second }
