package teamstest

import "net/http"

// What the answer of an adaptiveCard/action can be.
const (
	noticeType = "application/vnd.microsoft.activity.message"
	errorType  = "application/vnd.microsoft.error"
	staleType  = "application/vnd.microsoft.error.preconditionFailed"
	loginType  = "application/vnd.microsoft.activity.loginRequest"
)

// wentWrong is what a client shows when the bot answered badly or late.
const wentWrong = "Something went wrong. Please try again."

// Outcome is what came of something that a person pressed.
type Outcome struct {
	Delivery string // the activity's id; empty when the client sent nothing
	Status   int    // of HTTP; zero when no answer came in time
	Answer   []byte
	Notice   string // what the client tells the person alone
	Error    string // what the client shows when it went wrong
}

// OK tells whether it went as the person meant it to.
func (o Outcome) OK() bool { return o.Error == "" && o.Delivery != "" }

// pressed is what a client is about to send.
type pressed struct {
	parcel *parcel
	why    string                        // there is none
	obey   func(o *Outcome, answer node) // what the client does with a good answer; the lock is held
}

// nothing is a press that the test got wrong.
func (s *Server) nothing(format string, args ...any) pressed {
	s.problem(ruleMisuse, format, args...)
	return pressed{why: "misuse"}
}

// tell delivers it, waits for the answer and does what a client does then.
func (s *Server) tell(p pressed) Outcome {
	if p.parcel == nil {
		return Outcome{Error: p.why}
	}
	a := s.first(p.parcel)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	o := Outcome{Delivery: p.parcel.ID, Status: a.Status, Answer: a.Answer}
	if a.Err != "" {
		o.Error = wentWrong
	}
	if p.obey != nil {
		p.obey(&o, parse(a.Answer))
	}
	return o
}

// first is the first attempt of a delivery. Only invokes are never sent again.
func (s *Server) first(p *parcel) Attempt {
	if p.Type == "invoke" {
		a := s.try(p)
		close(p.first)
		s.mu.Lock()
		defer s.mu.Unlock()
		p.GaveUp = a.Err != ""
		return a
	}
	s.mu.Lock()
	s.spawn(func() { s.insist(p) })
	s.mu.Unlock()
	select {
	case <-p.first:
	case <-s.ctx.Done():
		return Attempt{Err: "closed"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.Attempts[0]
}

// badAnswer notes an answer that no client understands.
func (s *Server) badAnswer(o *Outcome, what string) {
	s.problem(ruleAnswer, "%s: answered %d %.200q", what, o.Status, o.Answer)
	o.Error = wentWrong
}

// obeyAction does what the answer of an adaptiveCard/action says: another card
// for this person, a notice, or an error. Only an answer to what nobody pressed
// can be an empty notice, which shows nothing.
func (s *Server) obeyAction(o *Outcome, answer node, v *sight, pressed bool) {
	status, _ := answer["statusCode"].(float64)
	switch kind := answer.text("type"); {
	case o.Error != "":
	case kind == cardType && status == http.StatusOK:
		if !s.checkCard(answer["value"]) {
			o.Error = wentWrong
			break
		}
		v.card = encode(answer["value"])
	case kind == noticeType && status == http.StatusOK && (answer.text("value") != "" || !pressed && answer["value"] != nil):
		o.Notice = answer.text("value")
	case (kind == errorType || kind == staleType || kind == loginType) && status >= http.StatusBadRequest:
		o.Error = answer.node("value").text("message")
		if o.Error == "" {
			o.Error = wentWrong
		}
	default:
		s.badAnswer(o, "adaptiveCard/action")
	}
}
