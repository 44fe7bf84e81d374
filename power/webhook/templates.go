package webhook

// request is one HTTP request.
type request struct{ method, url, body string }

// template is how a kind of device is switched. In the strings {channel} and {entity} stand
// for the values of driver_info; urls begin after webhook_address.
type template struct {
	on, off, state request
	match          match
	channel        string // the default; "" is none
	login          string // how the device takes a user's name and password, or a token
}

// The ways to log in.
const (
	loginNone   = "no login"
	loginBasic  = "a user and password by basic authentication" // RFC 7617
	loginQuery  = "a user and password"                         // in the query
	loginBearer = "a token"                                     // RFC 6750
	loginAny    = "any"                                         // basic, a token, or a header of the operator's
)

// templates by name, from the makers' documentation of their HTTP interfaces. Shelly's
// second generation has only digest authentication, which is not spoken here.
var templates = map[string]template{
	"generic": {login: loginAny},
	"tasmota": {
		on: get("/cm?cmnd=Power{channel}%20On"), off: get("/cm?cmnd=Power{channel}%20Off"), state: get("/cm?cmnd=Power{channel}"),
		match: match{on: `"ON"`, off: `"OFF"`}, // {"POWER":"ON"}, or {"POWER2":"ON"} where there are several relays
		login: loginQuery,
	},
	"shelly": {
		on: get("/relay/{channel}?turn=on"), off: get("/relay/{channel}?turn=off"), state: get("/relay/{channel}"),
		match: match{pointer: "/ison", on: "true", off: "false"}, channel: "0", login: loginBasic,
	},
	"shelly-gen2": {
		on: get("/rpc/Switch.Set?id={channel}&on=true"), off: get("/rpc/Switch.Set?id={channel}&on=false"),
		state: get("/rpc/Switch.GetStatus?id={channel}"),
		match: match{pointer: "/output", on: "true", off: "false"}, channel: "0", login: loginNone,
	},
	"home-assistant": {
		on:    request{"POST", "/api/services/homeassistant/turn_on", `{"entity_id": "{entity}"}`},
		off:   request{"POST", "/api/services/homeassistant/turn_off", `{"entity_id": "{entity}"}`},
		state: get("/api/states/{entity}"),
		match: match{pointer: "/state", on: "on", off: "off"}, login: loginBearer,
	},
}

func get(url string) request { return request{"GET", url, ""} }
