package llm

import (
	"regexp"
	"strings"

	"interlock/agent"
)

// faults are the codes that mean one thing whatever the status.
var faults = map[string]agent.Fault{
	"authentication_error":                 agent.FaultKey,
	"invalid_api_key":                      agent.FaultKey,
	"account_deactivated":                  agent.FaultKey,
	"unauthenticated":                      agent.FaultKey,
	"api_key_invalid":                      agent.FaultKey,
	"unrecognizedclientexception":          agent.FaultKey,
	"expiredtokenexception":                agent.FaultKey,
	"accessdeniedexception":                agent.FaultKey,
	"unsupported_country_region_territory": agent.FaultKey,

	"billing_error":                agent.FaultCredit,
	"billing_not_active":           agent.FaultCredit,
	"billing_hard_limit_reached":   agent.FaultCredit,
	"insufficient_quota":           agent.FaultCredit,
	"exceeded_current_quota_error": agent.FaultCredit,

	"model_not_found":    agent.FaultName,
	"deploymentnotfound": agent.FaultName,

	"request_too_large":         agent.FaultTooLong,
	"context_length_exceeded":   agent.FaultTooLong,
	"exceed_context_size_error": agent.FaultTooLong,

	"content_filter":           agent.FaultRefused,
	"content_policy_violation": agent.FaultRefused,
	"invalid_prompt":           agent.FaultRefused,
	"safety":                   agent.FaultRefused,
	"prohibited_content":       agent.FaultRefused,

	"servicequotaexceededexception": agent.FaultRateLimit,
	"throttlingexception":           agent.FaultRateLimit,

	"overloaded_error":            agent.FaultOverload,
	"engine_overloaded_error":     agent.FaultOverload,
	"slow_down":                   agent.FaultOverload,
	"modelnotreadyexception":      agent.FaultOverload,
	"modelstreamerrorexception":   agent.FaultOverload,
	"modeltimeoutexception":       agent.FaultOverload,
	"serviceunavailableexception": agent.FaultOverload,
	"internalserverexception":     agent.FaultOverload,

	"unsupported_parameter":       agent.FaultRequest,
	"unsupported_value":           agent.FaultRequest,
	"unknown_parameter":           agent.FaultRequest,
	"missing_required_parameter":  agent.FaultRequest,
	"invalid_function_parameters": agent.FaultRequest,
	"integer_above_max_value":     agent.FaultRequest,
}

// statuses are the codes that only repeat an HTTP status.
var statuses = map[string]int{
	"invalid_request_error": 400, // Anthropic, OpenAI
	"permission_error":      403,
	"not_found_error":       404,
	"rate_limit_error":      429,
	"api_error":             500,
	"timeout_error":         504,

	"string_above_max_length": 400, // OpenAI and those who speak like it
	"rate_limit_exceeded":     429,
	"tokens":                  429,
	"requests":                429,
	"server_error":            500,
	"internal_server_error":   500,
	"internal_error":          500,
	"badrequesterror":         400,
	"notfounderror":           404,

	"invalid_argument":    400, // Google
	"failed_precondition": 400,
	"out_of_range":        400,
	"permission_denied":   403,
	"not_found":           404,
	"aborted":             409,
	"resource_exhausted":  429,
	"cancelled":           499,
	"unknown":             500,
	"internal":            500,
	"unimplemented":       501,
	"unavailable":         503,
	"deadline_exceeded":   504,

	"validationexception":       400, // AWS
	"resourcenotfoundexception": 404,
}

// says are the words by which providers tell apart what shares a status, the
// first that fits; the text is in lower case and begins with the code.
var says = []struct {
	fault agent.Fault
	words *regexp.Regexp
}{
	{agent.FaultRequest, words(
		`'(tools|metadata|user|stop)\b[^']*': (string|array) too long`, // a limit of one field
		`\.(id|name|description)': string too long`,                    // is none of the conversation
		`invalid url`,
	)},
	{agent.FaultCredit, words(
		`credit balance`, `credits? (are|is) depleted`,
		`(insufficient|out of|more|used all available) (\w+ )?(credits?|balance|funds)`,
		`billing hard limit`, `enable billing`, `usage limits`,
	)},
	{agent.FaultTooLong, words(
		`(prompt|input|request|conversation) is too long`,
		`context (length|window|size|limit)`, `long context`,
		`input token count`, `too many (input tokens|tokens:)`, `input tokens exceed`, `tokens \+ .?max_new_tokens`,
		`maximum prompt length`, `reduce the length`, `request (entity |body )?too large`,
		`string_above_max_length`, `'(messages|input)[^']*': (string|array) too long`,
	)},
	// Google says "quota" of each rate limit, OpenAI of an empty account.
	{agent.FaultRateLimit, words(`^resource_exhausted`)},
	{agent.FaultCredit, words(`exceeded your current quota`, `insufficient_quota`)},
	{agent.FaultKey, words(
		`api[ _-]?key (is )?(not valid|invalid|expired|not found|missing)`, `api_key_invalid`,
		`(invalid|incorrect|missing|no|provide an?|valid) (x-)?api[ _-]?key`,
		`organization has been disabled`,
	)},
	{agent.FaultRefused, words(
		`content[ _](filter|management policy|policy)`, `usage polic`, `safety (system|filter)`, `(was|input) flagged`,
	)},
	{agent.FaultName, words(
		`models?\b[^a-z0-9]{0,3}\S{0,100} ?(is |was |do(es)? |could )?not (be )?(found|exist|a valid)`,
		`(invalid|unknown|no such|not a valid) model\b`, `model (identifier|id|name) is (invalid|not valid|unknown)`,
		`not_found(_error)? model:`, `no endpoints found`, `deployment .{0,80}not exist`,
	)},
}

// words matches any of some expressions.
func words(any ...string) *regexp.Regexp { return regexp.MustCompile(strings.Join(any, "|")) }
