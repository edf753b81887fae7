package llm

import "io"

// Pulse is an answer's body that tells of each sign of life: of bytes that led to
// no text it tells "", because pings and comments may be all that comes while a
// model thinks. All is told in the goroutine that reads.
type Pulse struct {
	Body   io.ReadCloser
	Stream func(text string) // nil tells nobody
	untold bool              // bytes came that nobody was told of
}

// Tell passes a piece of text on; "" is a sign of life alone.
func (p *Pulse) Tell(text string) {
	p.untold = false
	if p.Stream != nil {
		p.Stream(text)
	}
}

// Read tells of what came with the read before, unless that was told as text.
func (p *Pulse) Read(b []byte) (int, error) {
	if p.untold {
		p.Tell("")
	}
	n, err := p.Body.Read(b)
	p.untold = n > 0
	return n, err
}

// Close closes the body.
func (p *Pulse) Close() error { return p.Body.Close() }
