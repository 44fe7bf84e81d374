package client

import "strings"

// Args makes a command line of the stock client one that can be parsed by flags with
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
				out = append(out, a) // lacks its value; let it be said
			}
		case strings.HasPrefix(a, "-"):
			out, fields = append(out, a), false
		case fields:
			out = append(out, "--fields="+a)
		default:
			out = append(out, a)
		}
	}
	return out
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
