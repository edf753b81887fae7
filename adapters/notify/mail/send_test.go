package mail

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"interlock/adapters/notify/servicetest"
	"interlock/bot"
	"interlock/bot/notify"
)

const (
	nobody = "550 5.1.1 nobody here by that name"
	later  = "451 4.7.1 later"
	ana    = "ana@example.com"
	bo     = "bo@example.com"
	cy     = "cy@example.com"
)

// An address that is refused keeps nobody else from their mail, and nobody gets it
// again because of it.
func TestSomeRefused(t *testing.T) {
	t.Parallel()
	for name, rcpt := range map[string]map[string]string{
		"for good": {bo: nobody},
		"for now":  {bo: later},
		"one each": {bo: later, cy: nobody},
		"the last": {cy: later},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&server{startTLS: true, rcpt: rcpt}).start(t)
			m := servicetest.Message(notify.Warning)
			m.To = []string{ana, bo, cy}
			var log strings.Builder
			mails := sender(t, s)
			mails.log = slog.New(slog.NewTextHandler(&log, nil))
			if err := mails.Send(t.Context(), m); err != nil {
				t.Errorf("is tried again: %v", err)
			}
			if len(s.got()) != 3-len(rcpt) {
				t.Errorf("%d mails", len(s.got()))
			}
			_, refused, _ := strings.Cut(log.String(), "refused=")
			refused, _, _ = strings.Cut(refused, "error=")
			for _, one := range m.To {
				if (rcpt[one] != "") != strings.Contains(refused, one) {
					t.Errorf("of %s it logs %s", one, log.String())
				}
			}
		})
	}
}

// When nobody got it, there is hope as long as there is hope for one.
func TestAllRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rcpt      map[string]string
		permanent bool
	}{
		"for good":          {map[string]string{ana: nobody, bo: nobody}, true},
		"the first for now": {map[string]string{ana: later, bo: nobody}, false},
		"the last for now":  {map[string]string{ana: nobody, bo: later}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&server{startTLS: true, rcpt: c.rcpt}).start(t)
			m := servicetest.Message(notify.Warning)
			m.To = []string{ana, bo}
			err := sender(t, s).Send(t.Context(), m)
			var pe *bot.PostError
			if !errors.As(err, &pe) || !pe.Refused || pe.Permanent != c.permanent || len(s.got()) != 0 {
				t.Errorf("answers %+v", err)
			}
			if text := err.Error(); !strings.Contains(text, ana) || !strings.Contains(text, bo) {
				t.Errorf("says %s", text)
			}
		})
	}
}

// One that may have got it leaves the whole in doubt.
func TestTogetherInDoubt(t *testing.T) {
	t.Parallel()
	gone := &bot.PostError{Refused: true, Permanent: true, Err: errors.New("gone")}
	for _, doubt := range []error{&bot.PostError{Err: errors.New("cut off")}, errors.New("cut off")} {
		if got := together([]error{gone, doubt}); got.Refused || got.Permanent || !strings.Contains(got.Error(), "cut off") {
			t.Errorf("%T: %+v", doubt, got)
		}
	}
}

// What was taken is sent, even if the line drops before the client has said goodbye.
func TestDropsAfterwards(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"RSET", "QUIT"} {
		s := (&server{startTLS: true, replies: map[string]string{verb: ""}}).start(t)
		if err := sender(t, s).Send(t.Context(), servicetest.Message(notify.Warning)); err != nil || len(s.got()) != 1 {
			t.Errorf("%s: %v, %d mails", verb, err, len(s.got()))
		}
	}
}
