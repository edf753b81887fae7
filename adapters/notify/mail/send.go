package mail

import (
	"context"
	"errors"
	"fmt"

	"github.com/wneessen/go-mail"

	"interlock/bot"
	"interlock/bot/notify"
)

// Send writes to those that the message names, else to the service's own. One address
// that is refused keeps nobody else from their mail. Once anybody has it, it is sent: a
// further try would repeat it to them, so those who were refused are logged.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	to := m.To
	if len(to) == 0 {
		to = s.service.To
	}
	err := s.deliver(ctx, m, to)
	var se *mail.SendError
	if len(to) < 2 || !errors.As(err, &se) || se.Reason != mail.ErrSMTPRcptTo {
		return err
	}
	return s.each(ctx, m, to)
}

// each writes to one after the other.
func (s *Sender) each(ctx context.Context, m notify.Message, to []string) error {
	var refused []string
	var errs []error
	for _, one := range to {
		if err := s.deliver(ctx, m, []string{one}); err != nil {
			refused, errs = append(refused, one), append(errs, err)
		}
	}
	switch len(refused) {
	case 0:
		return nil
	case len(to):
		return together(errs)
	}
	s.log.WarnContext(ctx, "mail was not taken for everybody", "org", m.Org, "notice", m.ID, "refused", refused, "error", errors.Join(errs...))
	return nil
}

// together says what is known of a mail that nobody got. It follows the most hopeful
// of its errors: it is refused, and for good, only if each of them is.
func together(errs []error) *bot.PostError {
	all := &bot.PostError{Refused: true, Permanent: true}
	for i, err := range errs {
		var pe *bot.PostError
		known := errors.As(err, &pe)
		all.Refused = all.Refused && known && pe.Refused
		all.Permanent = all.Permanent && known && pe.Permanent
		if known {
			errs[i] = pe.Err // whose knowledge is told by the whole
		}
	}
	all.Err = fmt.Errorf("nobody got it: %w", errors.Join(errs...))
	return all
}
