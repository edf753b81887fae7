package anthropic

import (
	"io"
	"net/http"

	"github.com/anthropics/anthropic-sdk-go/option"
)

// pulse tells of each sign of life. The SDK drops the provider's pings, which
// may be all that comes while a model thinks; so pulse also watches the body:
// bytes that led to no event are told as "".
type pulse struct {
	stream func(string)
	body   io.ReadCloser
	untold bool // bytes came that nobody was told of
}

// watch is the SDK's middleware that puts pulse between it and the body.
func (p *pulse) watch(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	res, err := next(req)
	if err == nil && p.stream != nil && res.StatusCode < http.StatusBadRequest {
		p.body, res.Body = res.Body, p
	}
	return res, err
}

func (p *pulse) tell(text string) {
	p.untold = false
	if p.stream != nil {
		p.stream(text)
	}
}

// Read runs in the goroutine of Next, so that nothing is told after it.
func (p *pulse) Read(b []byte) (int, error) {
	if p.untold {
		p.tell("")
	}
	n, err := p.body.Read(b)
	p.untold = n > 0
	return n, err
}

func (p *pulse) Close() error { return p.body.Close() }
