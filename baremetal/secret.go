package baremetal

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Mask stands in a reply, a log or an error where a secret would be.
const Mask = "******"

// SecretKeys decides what is secret in a free-form object: the value of every key
// that contains one of these words, in any case, and the password or the signature that a
// text or a URL carries under any other key.
type SecretKeys []string

// secretWords are oslo.utils' list, without the words that contain another word of it, and
// the other usual names of a secret. ipmi_password is secret by its word.
var secretWords = SecretKeys{
	"adminpass", "admin_pass", "password", "auth_token", "new_pass", "secret", "sys_pswd", "token", "configdrive",
	"encrypted_key", "private_key", "fernetkey", "sslkey", "passphrase", "cephclusterfsid", "octaviaheartbeatkey",
	"rabbitcookie", "cephmanilaclientkey", "pacemakerremoteauthkey", "designaterndckey", "cephadminkey",
	"heatauthencryptionkey", "cephclientkey", "keystonecredential", "barbicansimplecryptokek", "cephrgwkey",
	"swifthashsuffix", "migrationsshkey", "cephmdskey", "cephmonkey",
	"passwd", "credential", "api_key", "apikey", "access_key",
}

// Secrets are the secret keys of nodes: the words, and the [DriverKeys] that are secret
// though no word says so.
var Secrets = append(secretNames(secretWords, slices.Collect(maps.Values(DriverKeys))...), secretWords...)

// InstanceSecrets are those of instance_info: the address of an image may carry a
// signature.
var InstanceSecrets = append(SecretKeys{"image_url"}, Secrets...)

// VolumeSecrets are those of a volume target: of its [TargetKeys], too.
var VolumeSecrets = append(secretNames(Secrets, TargetKeys), Secrets...)

// Has reports whether key names a secret.
func (s SecretKeys) Has(key string) bool {
	key = strings.ToLower(key)
	for _, word := range s {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// Mask returns a copy of o with [Mask] in place of each secret. What stands under a
// secret key is masked whole, whatever its type.
func (s SecretKeys) Mask(o Object) Object {
	out := make(Object, len(o))
	for key, v := range o {
		out[key] = s.MaskMember(key, v)
	}
	return out
}

// MaskMember masks v as the value of key.
func (s SecretKeys) MaskMember(key string, v any) any {
	if s.Has(key) {
		return Mask
	}
	return s.MaskValue(v)
}

// MaskValue masks a value that has no key of its own.
func (s SecretKeys) MaskValue(v any) any {
	switch v := v.(type) {
	case Object:
		return s.Mask(v)
	case map[string]any:
		return map[string]any(s.Mask(v))
	case string:
		return s.MaskText(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = s.MaskValue(v[i])
		}
		return out
	}
	return v
}

// secretInText finds "password=x", "'token': 'x'", "--password x" and <secret>x<
// inside a text.
var secretInText = regexp.MustCompile(`(?i)((?:` + strings.Join(VolumeSecrets, "|") + `)[0-9]*["']?(?:\s*[=:]\s*|\s+|>)["']?)([^\s"'<]+)`)

// secretInURL finds the password in "https://user:x@host/". It goes to the last @ before the path, as a
// client reads it.
var secretInURL = regexp.MustCompile(`(://[^/?#\s:@]*:)([^/?#\s"<>]+)@`)

// secretInQuery finds what opens a presigned address: X-Amz-Signature, X-Goog-Signature, Signature, sig
// (Azure), temp_url_sig (Swift).
var secretInQuery = regexp.MustCompile(`(?i)([?&][\w.-]*sig(?:nature)?=)([^&#\s"'<>]+)`)

// MaskText masks the passwords inside a text.
func (s SecretKeys) MaskText(text string) string {
	if strings.Contains(text, "://") {
		text = secretInURL.ReplaceAllString(text, "${1}"+Mask+"@")
		text = secretInQuery.ReplaceAllString(text, "${1}"+Mask)
	}
	if !s.Has(text) {
		return text
	}
	return secretInText.ReplaceAllString(text, "${1}"+Mask)
}
