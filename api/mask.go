package api

import (
	"maps"
	"regexp"
	"strings"
)

// hidden is what a secret looks like in a reply.
const hidden = "******"

// secretWords make a key secret wherever they stand in it: oslo.utils' list, each
// word that contains another of the list left out.
var secretWords = []string{
	"adminpass", "admin_pass", "password", "auth_token", "new_pass", "secret", "sys_pswd", "token", "configdrive",
	"encrypted_key", "private_key", "fernetkey", "sslkey", "passphrase", "cephclusterfsid", "octaviaheartbeatkey",
	"rabbitcookie", "cephmanilaclientkey", "pacemakerremoteauthkey", "designaterndckey", "cephadminkey",
	"heatauthencryptionkey", "cephclientkey", "keystonecredential", "barbicansimplecryptokek", "cephrgwkey",
	"swifthashsuffix", "migrationsshkey", "cephmdskey", "cephmonkey",
	"snmp_auth_key", "snmp_priv_key",
}

// volumeWords are secret in a volume target besides: the specification of volume
// connection information masks the user's name as well as the password.
var volumeWords = append([]string{"auth_username"}, secretWords...)

// mask returns a copy of o without its secrets. An object under a secret key is
// masked inside, as Ironic does; objects in lists are too, which Ironic forgets.
func mask(o map[string]any, words []string) map[string]any {
	out := make(map[string]any, len(o))
	for k, v := range o {
		out[k] = maskMember(k, v, words)
	}
	return out
}

func maskMember(key string, v any, words []string) any {
	if o, ok := v.(map[string]any); ok {
		return mask(o, words)
	}
	if containsAny(strings.ToLower(key), words) {
		return hidden
	}
	return maskValue(v, words)
}

func maskValue(v any, words []string) any {
	switch v := v.(type) {
	case map[string]any:
		return mask(v, words)
	case string:
		return maskText(v, words)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = maskValue(v[i], words)
		}
		return out
	}
	return v
}

// quote prints a value for an error, as Python does and without its secrets: what a
// client or a log keeps of a refused request must not tell more than a reply.
func quote(v any) string { return repr(maskValue(hideOperands(v), volumeWords)) }

// quoteAs is quote for the value of a named argument; a string stands for itself.
func quoteAs(name string, v any) string {
	if containsAny(strings.ToLower(name), volumeWords) {
		return hidden
	}
	if s, ok := v.(string); ok {
		return maskText(s, volumeWords)
	}
	return quote(v)
}

// hideOperands hides what JSON patch operations would write to a secret place.
func hideOperands(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = hideOperands(v[i])
		}
		return out
	case map[string]any:
		path, _ := v["path"].(string)
		if _, operand := v["value"]; operand && containsAny(strings.ToLower(path), volumeWords) {
			v = maps.Clone(v)
			v["value"] = hidden
		}
		return v
	}
	return v
}

// secretInText finds "password=x", "'token': 'x'", "--password x" and <secret>x<
// inside a text.
var secretInText = regexp.MustCompile(`(?i)((?:` + strings.Join(volumeWords, "|") + `)[0-9]*["']?(?:\s*[=:]\s*|\s+|>)["']?)[^\s"'<]+`)

// secretInURL finds the password in "https://user:x@host/".
var secretInURL = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)

func maskText(s string, words []string) string {
	if strings.Contains(s, "://") { // Ironic forgets these
		s = secretInURL.ReplaceAllString(s, "${1}"+hidden+"@")
	}
	if !containsAny(strings.ToLower(s), words) {
		return s
	}
	return secretInText.ReplaceAllString(s, "${1}"+hidden)
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
