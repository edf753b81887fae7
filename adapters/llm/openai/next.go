package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"interlock/adapters/llm"
	"interlock/agent"
)

// longest bounds what is read of one answer, in bytes.
const longest = 64 << 20

// Next asks once. A server that counts no tokens leaves the Usage zero: nothing
// is estimated.
func (m *Model) Next(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
	var res *http.Response
	// The SDK's own stream takes a null error for an error and a cut stream for a
	// whole one, so only its decoder of events is used. Like its NewStreaming, this
	// sets the field stream by hand.
	_, err := m.chat.New(ctx, m.request(p), option.WithJSONSet("stream", true), option.WithResponseBodyInto(&res))
	if res != nil {
		defer func() { _ = res.Body.Close() }()
	}
	switch {
	case ctx.Err() != nil:
		return agent.Reply{}, ctx.Err()
	case res == nil, err != nil && res.StatusCode < 400: // a redirect that was not followed
		return agent.Reply{}, m.lost(err, m.name(p))
	case res.StatusCode/100 != 2, !streams(res):
		return agent.Reply{}, m.declined(ctx, res, m.name(p))
	}
	return m.read(ctx, res, p)
}

// read takes the answer in. An end of the connection after the finish is no
// fault: all was said.
func (m *Model) read(ctx context.Context, res *http.Response, p agent.Prompt) (agent.Reply, error) {
	body := &llm.Pulse{Body: res.Body, Stream: p.Stream}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, longest), bytes.NewBufferString("\n\n")), body}
	a := answer{model: m.name(p), key: m.options.Key, thinks: m.thinks, tell: body.Tell}

	events := ssestream.NewDecoder(res)
	for events.Next() {
		data := bytes.TrimSpace(events.Event().Data)
		if string(data) == "[DONE]" {
			break
		}
		if err := a.take(data, events.Event().Type); err != nil {
			return agent.Reply{}, err
		}
	}
	switch err := events.Err(); {
	case ctx.Err() != nil:
		return agent.Reply{}, ctx.Err()
	case err != nil && a.finish == "":
		return agent.Reply{}, a.fault(agent.FaultProtocol, errors.New("the answer broke off: "+llm.Cut(err.Error())))
	}
	return a.reply()
}
