package slack

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/slack-go/slack"
)

// errLame is what Slack never answers.
var errLame = errors.New("refresh the bot token: the answer holds no token that lasts")

// attempt tries once to have a kept token that lasts, and notes how it went.
func (r *Rotor) attempt(ctx context.Context) {
	err := r.renew(ctx)
	r.mu.Lock()
	r.err, r.again = err, time.Time{}
	if err != nil {
		r.again = time.Now().Add(rotatePause)
	}
	ends := r.now.Expires
	r.mu.Unlock()
	if err != nil {
		r.log.WarnContext(ctx, "replace bot token", "ends", ends, "lost", isSpent(err), "error", err)
	}
}

// renew takes what another process has kept, or else a new token from Slack. One
// that Slack gave and that could not be kept is kept first: it is the only one.
func (r *Rotor) renew(ctx context.Context) error {
	t, err := r.kept(ctx)
	if err != nil {
		return err
	}
	if r.next.Access == "" {
		if time.Until(t.Expires) > rotateEarly {
			return nil
		}
		if r.next, err = r.exchange(ctx, t); err != nil {
			return r.beaten(ctx, t, err)
		}
	}
	if err := r.tokens.Save(ctx, r.next); err != nil {
		return fmt.Errorf("keep the new bot token: %w", err)
	}
	r.use(r.next)
	r.next = Token{}
	return nil
}

// kept puts in force what is kept, and gives what is in force then. What began
// with another refresh token than the configuration's is of an older
// installation.
func (r *Rotor) kept(ctx context.Context) (Token, error) {
	t, err := r.tokens.Load(ctx)
	if err != nil {
		return t, fmt.Errorf("read the kept bot token: %w", err)
	}
	now, _ := r.look()
	switch {
	case t.Seed == r.seed && t.Access != now.Access:
	case now.Access == "":
		t = Token{Access: r.cfg.BotToken.Reveal(), Refresh: r.cfg.RefreshToken.Reveal(), Seed: r.seed}
	default:
		return now, nil
	}
	r.use(t)
	return t, nil
}

// exchange gives the refresh token away for the next pair.
func (r *Rotor) exchange(ctx context.Context, t Token) (Token, error) {
	if t.Refresh == r.spent {
		return Token{}, slack.SlackErrorResponse{Err: spent[0]}
	}
	asked := time.Now()
	a, err := slack.RefreshOAuthV2TokenContext(ctx, r.http, r.cfg.ClientID, r.cfg.ClientSecret.Reveal(), t.Refresh, slack.OAuthOptionAPIURL(r.cfg.APIURL))
	if err != nil {
		return Token{}, fmt.Errorf("refresh the bot token: %w", err)
	}
	if a.AccessToken == "" || a.RefreshToken == "" || a.ExpiresIn <= 0 || a.ExpiresIn > math.MaxInt32 {
		return Token{}, errLame
	}
	return Token{Access: a.AccessToken, Refresh: a.RefreshToken, Expires: asked.Add(time.Duration(a.ExpiresIn) * time.Second), Seed: r.seed}, nil
}

// beaten looks once more when a refresh token is spent: another process may have
// been faster.
func (r *Rotor) beaten(ctx context.Context, t Token, cause error) error {
	if !isSpent(cause) {
		return cause
	}
	r.spent = t.Refresh
	if other, err := r.kept(ctx); err == nil && other.Access != t.Access && other.good() {
		return nil
	}
	return cause
}

// use puts a token in force.
func (r *Rotor) use(t Token) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = t
}

// spent is how Slack says that a refresh token was used before, or is nobody's.
var spent = []string{"invalid_refresh_token", "invalid_grant", "refresh_token_expired", "token_revoked"}

func isSpent(err error) bool {
	e := slack.SlackErrorResponse{}
	return errors.As(err, &e) && slices.Contains(spent, e.Err)
}
