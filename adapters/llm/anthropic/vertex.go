//go:build !lean

package anthropic

import (
	"context"
	"sync"

	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/anthropics/anthropic-sdk-go/vertex"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// cloudScope is Google's scope for Vertex AI.
const cloudScope = "https://www.googleapis.com/auth/cloud-platform"

// vertexOptions authorize with Google's application default credentials.
func vertexOptions(ctx context.Context, o Options) ([]option.RequestOption, error) {
	creds := &google.Credentials{ProjectID: o.Project, TokenSource: &lateTokens{}}
	return []option.RequestOption{vertex.WithCredentials(ctx, o.Region, o.Project, creds)}, nil
}

// lateTokens looks for the credentials at the first request: looking may ask
// the cloud's metadata server, and making a Model connects to nobody.
type lateTokens struct {
	mu    sync.Mutex
	found oauth2.TokenSource
}

// Token gives the current token. Its context is not that of the request,
// because the source of tokens outlives it.
func (l *lateTokens) Token() (*oauth2.Token, error) {
	from, err := l.source()
	if err != nil {
		return nil, credentials(err)
	}
	token, err := from.Token()
	return token, credentials(err)
}

func (l *lateTokens) source() (oauth2.TokenSource, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.found != nil {
		return l.found, nil
	}
	creds, err := google.FindDefaultCredentials(context.Background(), cloudScope)
	if err != nil {
		return nil, err
	}
	l.found = creds.TokenSource
	return l.found, nil
}
