package anthropic

import sdk "github.com/anthropics/anthropic-sdk-go"

// mark sets the four marks that the API allows: what lies before a mark is kept
// in the provider's cache, and read from it by the next prompt that begins so.
// Of the two in the conversation the older stands where the last prompt's newer
// stood, so that a growing history hits.
func mark(p *sdk.MessageNewParams) {
	ephemeral := sdk.NewCacheControlEphemeralParam()
	if n := len(p.System); n > 0 {
		p.System[n-1].CacheControl = ephemeral
	}
	if n := len(p.Tools); n > 0 {
		p.Tools[n-1].OfTool.CacheControl = ephemeral
	}
	marks := 0
	for i := len(p.Messages) - 1; i >= 0 && marks < 2; i-- {
		if p.Messages[i].Role == sdk.MessageParamRoleUser && markLast(p.Messages[i].Content, ephemeral) {
			marks++
		}
	}
}

// markLast marks the last block of a kind that takes a mark: thinking and other
// opaque blocks do not.
func markLast(blocks []sdk.ContentBlockParamUnion, ephemeral sdk.CacheControlEphemeralParam) bool {
	for i := len(blocks) - 1; i >= 0; i-- {
		if c := blocks[i].GetCacheControl(); c != nil {
			*c = ephemeral
			return true
		}
	}
	return false
}
