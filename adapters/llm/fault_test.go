package llm

import (
	"testing"

	"interlock/agent"
)

type faultRow struct {
	status        int
	code, message string
	want          agent.Fault
}

// The messages are of the shape that the providers send; the figures are made up.
var anthropicFaults = []faultRow{
	{401, "authentication_error", "invalid x-api-key", agent.FaultKey},
	{403, "permission_error", "Your API key does not have permission to use the specified resource", agent.FaultKey},
	{404, "not_found_error", "model: claude-nine", agent.FaultName},
	{404, "not_found_error", "Not Found", agent.FaultRequest},
	{413, "request_too_large", "Request exceeds the maximum size", agent.FaultTooLong},
	{400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", agent.FaultTooLong},
	{400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000", agent.FaultTooLong},
	{400, "invalid_request_error", "Your credit balance is too low to access the API.", agent.FaultCredit},
	{400, "invalid_request_error", "You have reached your specified API usage limits.", agent.FaultCredit},
	{400, "invalid_request_error", "Output blocked by content filtering policy", agent.FaultRefused},
	{400, "invalid_request_error", "This organization has been disabled.", agent.FaultKey},
	{400, "invalid_request_error", "messages.0: all messages must have non-empty content", agent.FaultRequest},
	{400, "invalid_request_error", "messages.1.content.0: unexpected tool_use_id found in tool_result blocks: toolu_1", agent.FaultRequest},
	{400, "invalid_request_error", "max_tokens: 900000 > 64000, which is the maximum allowed number of output tokens for claude-x", agent.FaultRequest},
	{402, "billing_error", "", agent.FaultCredit},
	{429, "rate_limit_error", "This request would exceed the rate limit of 30000 input tokens per minute", agent.FaultRateLimit},
	{429, "rate_limit_error", "Extra usage is required for long context requests.", agent.FaultTooLong},
	{500, "api_error", "Internal server error", agent.FaultOverload},
	{504, "timeout_error", "", agent.FaultOverload},
	{529, "overloaded_error", "Overloaded", agent.FaultOverload},
}

var openaiFaults = []faultRow{
	{401, "invalid_api_key", "Incorrect API key provided: sk-***", agent.FaultKey},
	{401, "", "You didn't provide an API key.", agent.FaultKey},
	{429, "insufficient_quota", "You exceeded your current quota, please check your plan and billing details.", agent.FaultCredit},
	{429, "", "You exceeded your current quota, please check your plan and billing details.", agent.FaultCredit},
	{429, "rate_limit_exceeded", "Rate limit reached for gpt on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.", agent.FaultRateLimit},
	{429, "rate_limit_exceeded", "Request too large for gpt on tokens per min (TPM): Limit 30000, Requested 90000.", agent.FaultTooLong},
	{429, "tokens", "", agent.FaultRateLimit},
	{404, "model_not_found", "The model `gpt-x` does not exist or you do not have access to it.", agent.FaultName},
	{403, "model_not_found", "Project `p` does not have access to model `gpt-x`", agent.FaultName},
	{404, "invalid_request_error", "Invalid URL (POST /v1/models/chat)", agent.FaultRequest},
	{400, "context_length_exceeded", "This model's maximum context length is 128000 tokens.", agent.FaultTooLong},
	{400, "string_above_max_length", "Invalid 'messages[1].content': string too long. Expected a string with maximum length 10485760.", agent.FaultTooLong},
	{400, "string_above_max_length", "", agent.FaultTooLong},
	{400, "string_above_max_length", "Invalid 'messages[3].tool_calls[0].id': string too long. Expected a string with maximum length 40.", agent.FaultRequest},
	{400, "array_above_max_length", "Invalid 'messages': array too long. Expected an array with maximum length 2048.", agent.FaultTooLong},
	{400, "array_above_max_length", "Invalid 'tools': array too long. Expected an array with maximum length 128.", agent.FaultRequest},
	{400, "billing_hard_limit_reached", "Billing hard limit has been reached", agent.FaultCredit},
	{400, "unsupported_parameter", "Unsupported parameter: 'max_tokens' is not supported with this model.", agent.FaultRequest},
	{400, "unsupported_value", "Unsupported value: 'temperature' does not support 0 with this model.", agent.FaultRequest},
	{400, "invalid_request_error", "max_tokens is too large: 100000. This model supports at most 16384 completion tokens.", agent.FaultRequest},
	{400, "content_filter", "The response was filtered due to the prompt triggering the content management policy.", agent.FaultRefused},
	{400, "invalid_prompt", "Your prompt was flagged as potentially violating our usage policy.", agent.FaultRefused},
	{403, "unsupported_country_region_territory", "Country, region, or territory not supported", agent.FaultKey},
	{500, "server_error", "The server had an error while processing your request", agent.FaultOverload},
	{503, "slow_down", "", agent.FaultOverload},
	{404, "DeploymentNotFound", "The API deployment for this resource does not exist.", agent.FaultName},
}

var googleFaults = []faultRow{
	{429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details.", agent.FaultRateLimit},
	{429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.", agent.FaultCredit},
	{401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", agent.FaultKey},
	{403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.", agent.FaultKey},
	{404, "NOT_FOUND", "models/gemini-x is not found for API version v1beta, or is not supported for generateContent.", agent.FaultName},
	{400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", agent.FaultKey},
	{400, "INVALID_ARGUMENT", "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", agent.FaultTooLong},
	{400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"x\"", agent.FaultRequest},
	{400, "FAILED_PRECONDITION", "The free tier is not available here. Please enable billing.", agent.FaultCredit},
	{500, "INTERNAL", "", agent.FaultOverload},
	{503, "UNAVAILABLE", "The model is overloaded. Please try again later.", agent.FaultOverload},
	{504, "DEADLINE_EXCEEDED", "", agent.FaultOverload},
	{200, "SAFETY", "", agent.FaultRefused},
}

var localFaults = []faultRow{
	{400, "BadRequestError", "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.", agent.FaultTooLong},
	{404, "NotFoundError", "The model `qwen` does not exist.", agent.FaultName},
	{404, "", "model 'llama9' not found", agent.FaultName},
	{404, "api_error", "model \"llama9\" not found, try pulling it first", agent.FaultName},
	{404, "", "404 page not found", agent.FaultRequest},
	{404, "", "", agent.FaultRequest},
	{400, "exceed_context_size_error", "the request exceeds the available context size", agent.FaultTooLong},
	{400, "", "the request exceeds the available context size, try increasing it", agent.FaultTooLong},
	{400, "", "registry/library/tiny:2b does not support tools", agent.FaultRequest},
	{422, "", "`inputs` tokens + `max_new_tokens` must be <= 4096", agent.FaultTooLong},
	{400, "", "x/y is not a valid model ID", agent.FaultName},
	{404, "404", "No endpoints found that support tool use", agent.FaultName},
	{402, "402", "This request requires more credits, or fewer max_tokens.", agent.FaultCredit},
	{402, "", "Insufficient Balance", agent.FaultCredit},
	{400, "", "Model Not Exist", agent.FaultName},
	{400, "1500", "Invalid model: mistral-x", agent.FaultName},
	{403, "", "Your input was flagged by moderation", agent.FaultRefused},
	{403, "", "Your team has used all available credits", agent.FaultCredit},
	{400, "ValidationException", "Input is too long for requested model.", agent.FaultTooLong},
	{400, "ValidationException", "The provided model identifier is invalid.", agent.FaultName},
	{429, "ThrottlingException", "Too many tokens, please wait before trying again.", agent.FaultRateLimit},
}

// Within a stream the status is 0 or 200, and the code stands in for it.
var streamFaults = []faultRow{
	{0, "overloaded_error", "Overloaded", agent.FaultOverload},
	{200, "overloaded_error", "Overloaded", agent.FaultOverload},
	{200, "api_error", "Internal server error", agent.FaultOverload},
	{200, "invalid_request_error", "prompt is too long: 2 tokens > 1 maximum", agent.FaultTooLong},
	{200, "invalid_request_error", "", agent.FaultRequest},
	{200, "rate_limit_error", "", agent.FaultRateLimit},
	{0, "permission_error", "", agent.FaultKey},
	{200, "429", "slow", agent.FaultRateLimit},
	{0, "502", "Provider returned error", agent.FaultOverload},
	{0, "server_error", "", agent.FaultOverload},
	{0, "rate_limit_exceeded", "", agent.FaultRateLimit},
	{0, "strange", "something broke", agent.FaultOverload},
	{0, "", "maximum context length is 4096 tokens", agent.FaultTooLong},
	{0, "", "", agent.FaultProtocol},
	{200, "", "", agent.FaultProtocol},
}

// The status decides where it means one thing, whatever the text says.
var statusFaults = []faultRow{
	{500, "", "max 400 connections", agent.FaultOverload},
	{500, "", "model not found, invalid api key, credit balance", agent.FaultOverload},
	{500, "invalid_request_error", "prompt is too long", agent.FaultOverload},
	{502, "", "<html>Bad Gateway</html>", agent.FaultOverload},
	{524, "", "", agent.FaultOverload},
	{599, "", "", agent.FaultOverload},
	{408, "", "", agent.FaultOverload},
	{409, "", "", agent.FaultOverload},
	{425, "", "", agent.FaultOverload},
	{401, "", "maximum context length", agent.FaultKey},
	{403, "", "", agent.FaultKey},
	{405, "", "", agent.FaultRequest},
	{501, "", "", agent.FaultRequest},
	{302, "", "", agent.FaultRequest},
	{429, "", "Too Many Requests", agent.FaultRateLimit},
	{400, "", "", agent.FaultRequest},
	{400, " Context_Length_Exceeded ", "", agent.FaultTooLong},
}

func TestFault(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][]faultRow{
		"anthropic": anthropicFaults, "openai": openaiFaults, "google": googleFaults,
		"local": localFaults, "stream": streamFaults, "status": statusFaults,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range rows {
				if got := Fault(r.status, r.code, r.message); got != r.want {
					t.Errorf("Fault(%d, %q, %q) = %d, want %d", r.status, r.code, r.message, got, r.want)
				}
			}
		})
	}
}

func FuzzFault(f *testing.F) {
	f.Add(400, "invalid_request_error", "prompt is too long")
	f.Add(0, "429", "")
	f.Fuzz(func(t *testing.T, status int, code, message string) {
		got := Fault(status, code, message)
		if got < agent.FaultProtocol || got > agent.FaultRequest {
			t.Errorf("Fault = %d is no fault", got)
		}
		if status >= 500 && got != Fault(status, code, "") {
			t.Errorf("the message decides within %d: %d", status, got)
		}
	})
}
