package mail

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"

	"github.com/wneessen/go-mail"

	"interlock/bot/notify"
)

// write makes the message. Its id is that of the delivery, so that a repeat shows as
// one. No text from outside can become a header.
func (s *Sender) write(m notify.Message, to []string) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(s.service.From); err != nil {
		return nil, fmt.Errorf("read sender: %w", err)
	}
	if err := msg.To(to...); err != nil {
		return nil, fmt.Errorf("read receivers: %w", err)
	}
	_, domain, _ := strings.Cut(s.service.From, "@")
	org := word(m.Org)
	msg.Subject(subject(m))
	msg.SetDate()
	msg.SetMessageIDWithValue(word(m.ID) + "@" + domain)
	msg.SetGenHeader("List-Id", fmt.Sprintf("Interlock %s <%s.interlock.%s>", org, org, domain))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Event-Type", word(m.Type))
	msg.SetGenHeader("X-Severity", word(string(m.Severity)))
	msg.SetBodyString(mail.TypeTextPlain, plain(m))
	var html strings.Builder
	if err := page.Execute(&html, m); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	msg.AddAlternativeString(mail.TypeTextHTML, html.String())
	return msg, nil
}

// subject is one line, whatever the title holds.
func subject(m notify.Message) string {
	title := strings.Join(strings.Fields(m.Title), " ")
	return "[" + strings.ToUpper(word(cmp.Or(string(m.Severity), string(notify.Info)))) + "] " + title
}

// word keeps of a name what can stand in a header.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, s)
}

// plain is the message for readers without HTML.
func plain(m notify.Message) string {
	var b strings.Builder
	b.WriteString(m.Title + "\n")
	if m.Body != "" {
		b.WriteString("\n" + m.Body + "\n")
	}
	if len(m.Lines) > 0 {
		b.WriteString("\n" + strings.Join(m.Lines, "\n") + "\n")
	}
	if len(m.Facts) > 0 {
		b.WriteString("\n")
	}
	for _, f := range m.Facts {
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	b.WriteString("\nInterlock, " + m.Org + ". Who is told what is in the configuration under notify.\n")
	return b.String()
}

// page is readable on light and dark: it sets no colour but that of a rule.
var page = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en"><body style="font-family:sans-serif;line-height:1.4;max-width:40em">
<p style="margin:0">{{.Severity}}</p>
<h1 style="font-size:1.2em;margin:0 0 .5em">{{.Title}}</h1>
{{with .Body}}<p style="white-space:pre-line">{{.}}</p>
{{end}}{{with .Lines}}<p>{{range .}}{{.}}<br>
{{end}}</p>
{{end}}{{with .Facts}}<table cellpadding="4" style="border-collapse:collapse">
{{range .}}<tr><th align="left" valign="top">{{.Name}}</th><td>{{.Value}}</td></tr>
{{end}}</table>
{{end}}<hr style="border:0;border-top:1px solid #888">
<p style="font-size:.85em">Interlock, {{.Org}}. Who is told what is in the configuration under <code>notify</code>.</p>
</body></html>
`))
