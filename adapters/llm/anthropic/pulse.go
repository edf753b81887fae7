package anthropic

import (
	"net/http"

	"github.com/anthropics/anthropic-sdk-go/option"

	"interlock/adapters/llm"
)

// watch is a middleware that puts life between the SDK and the body: the SDK
// drops the provider's pings.
func watch(life *llm.Pulse) option.Middleware {
	return func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		res, err := next(req)
		if err == nil && life.Stream != nil && res.StatusCode < http.StatusBadRequest {
			life.Body, res.Body = res.Body, life
		}
		return res, err
	}
}
