package client

import "strings"

// Args rewrites a command line of OpenStack's client for a parser whose flags have
// exactly one value: "--fields uuid name" becomes --fields twice, "--wait 60" becomes
// "--wait=60", because the seconds may be left out.
func Args(args []string) []string {
	var out []string
	fields := false
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--":
			return append(out, args[i:]...)
		case a == "--wait" && i+1 < len(args) && isNumber(args[i+1]):
			out, fields = append(out, a+"="+args[i+1]), false
			i++
		case a == "--fields":
			fields = true
			if i+1 == len(args) || strings.HasPrefix(args[i+1], "-") {
				out = append(out, a) // lacks its value; the parser reports it
			}
		case strings.HasPrefix(a, "-"):
			out, fields = append(out, a), false
		case fields && !isUUID(a): // a UUID behind the fields is what they are of
			out = append(out, "--fields="+a)
		default:
			out, fields = append(out, a), false
		}
	}
	return out
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
