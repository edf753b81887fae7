package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// A bot token that rotates lives twelve hours.
const (
	rotateEarly   = 10 * time.Minute // before its end a token is replaced
	rotatePause   = 30 * time.Second // between two attempts
	rotateTimeout = 10 * time.Second // of one attempt
)

// Token is a bot token that rotates. It prints as <secret>.
type Token struct {
	Access  string
	Refresh string    // is good for one use: Slack revokes it then
	Expires time.Time // the end of Access; zero is not known
	Seed    string    // tells which refresh token of the configuration it began with
}

// Format hides the token.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "<secret>") }

// LogValue hides it in logs, too.
func (Token) LogValue() slog.Value { return slog.StringValue("<secret>") }

// Tokens keeps the token, encrypted. Load gives the zero Token when there is
// none. When Save has returned nil, a crash does not lose the token.
type Tokens interface {
	Load(ctx context.Context) (Token, error)
	Save(ctx context.Context, t Token) error
}

// ExpiredError says that there is no bot token any more that Slack would take.
type ExpiredError struct{ Err error }

func (e *ExpiredError) Error() string {
	text := fmt.Sprintf("the bot token has expired and could not be replaced: %v", e.Err)
	if isSpent(e.Err) {
		text += "; install the app again and set slack.bot_token and slack.refresh_token to what it shows"
	}
	return text
}

// Unwrap gives why it could not be replaced.
func (e *ExpiredError) Unwrap() error { return e.Err }

// Rotor gives the bot token, and replaces one that rotates in time. It is safe
// for concurrent use, also by several processes over the same Tokens.
//
// A new token is kept before it is used. Slack revokes a refresh token at its
// first use, so whoever dies between Slack's answer and Save has lost it: the
// old bot token is good until its end, then the app must be installed again.
// Rotor makes that moment as short as it can, and says so when it happened.
type Rotor struct {
	cfg    Config
	tokens Tokens
	http   *http.Client
	log    *slog.Logger
	seed   string
	turn   chan struct{} // held by the one who replaces

	next  Token  // given out by Slack, and not kept yet; of whose turn it is
	spent string // a refresh token that Slack does not take; of whose turn it is

	mu    sync.Mutex
	now   Token     // in use: kept, or of the configuration
	again time.Time // not tried before
	err   error     // why the last attempt failed
}

// NewRotor builds a Rotor. Where the token does not rotate, tokens may be nil.
func NewRotor(c Config, tokens Tokens, client *http.Client, log *slog.Logger) *Rotor {
	sum := sha256.Sum256([]byte(c.RefreshToken.Reveal()))
	r := &Rotor{cfg: c, tokens: tokens, http: client, log: log, seed: hex.EncodeToString(sum[:8]), turn: make(chan struct{}, 1)}
	if !c.Rotates() {
		r.now = Token{Access: c.BotToken.Reveal()}
	}
	return r
}

// Token gives a bot token that was kept. Shortly before the end of one, the
// first caller replaces it, and the others go on with it meanwhile. A failure
// leaves the old one in use until its end; then the error is an *ExpiredError.
func (r *Rotor) Token(ctx context.Context) (string, error) {
	t, due := r.look()
	if !due {
		return t.Access, nil
	}
	select {
	case r.turn <- struct{}{}:
	default:
		if t.good() {
			return t.Access, nil
		}
		select {
		case r.turn <- struct{}{}:
		case <-ctx.Done():
			return "", fmt.Errorf("wait for the bot token: %w", ctx.Err())
		}
	}
	defer func() { <-r.turn }()
	return r.replaced(ctx)
}

// Refused says that Slack does not take a token any more. Another process may
// have replaced it; the next Token finds out.
func (r *Rotor) Refused(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now.Access == token && r.cfg.Rotates() {
		r.now.Expires = time.Now()
	}
}

// look gives the token in use, and whether it is time to replace it.
func (r *Rotor) look() (t Token, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.cfg.Rotates() {
		return r.now, false
	}
	return r.now, time.Until(r.now.Expires) <= rotateEarly
}

// good tells whether Slack should take it.
func (t Token) good() bool {
	return t.Access != "" && (t.Expires.IsZero() || time.Now().Before(t.Expires))
}

// replaced is Token for the one whose turn it is. The caller's end must not cut
// it off: what Slack answers is there only once.
func (r *Rotor) replaced(ctx context.Context) (string, error) {
	t, due := r.look()
	if !due {
		return t.Access, nil // the one before did it
	}
	if t.Access == "" || time.Now().After(r.again) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rotateTimeout)
		defer cancel()
		r.attempt(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now.good() {
		return r.now.Access, nil
	}
	return "", &ExpiredError{r.err}
}
