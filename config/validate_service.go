package config

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
)

func (c *checker) service(key string, s Service) {
	if s.Kind == "" {
		c.report(join(key, "kind"), "must name a kind; known: %s", list(serviceKinds))
	}
	c.oneOf(join(key, "kind"), "kind", s.Kind, serviceKinds)
	if s.Kind == Mail {
		c.mail(key, s)
		return
	}
	if s.Kind != "" && s.Key.ref == "" {
		c.report(join(key, "key"), "must name the secret that the service knows us by")
	}
	if s.Kind == Webhook && s.URL == "" {
		c.report(join(key, "url"), "must say where the notices are sent")
	}
	if s.URL != "" {
		c.secureURL(join(key, "url"), s.URL)
	}
}

// secureURL wants https, except on this machine.
func (c *checker) secureURL(key, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		c.report(key, "must be an address such as https://hooks.example.com/interlock")
	case u.User != nil:
		c.report(key, "must hold no password: a secret never stands in this file itself")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		c.report(key, "must begin with https: what is sent can be read on its way")
	}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c *checker) mail(key string, s Service) {
	host, _, err := net.SplitHostPort(s.Server)
	switch {
	case s.Server == "":
		c.report(join(key, "server"), "must name the mail server, as HOST:PORT")
	case err != nil || host == "":
		c.report(join(key, "server"), "must be HOST:PORT, for example mail.example.com:587")
	}
	c.oneOf(join(key, "tls"), "way to encrypt", s.TLS, tlsKinds)
	if s.TLS == "none" && host != "" && !loopback(host) {
		c.report(join(key, "tls"), "none is for a server on this machine only; known: %s", list(tlsKinds))
	}
	if (s.User == "") != (s.Password.ref == "") {
		c.report(join(key, "user"), "needs both user and password, or neither")
	}
	c.mailbox(join(key, "from"), s.From)
	for _, to := range s.To {
		c.mailbox(join(key, "to"), to)
	}
}

// mailbox wants one bare mail address.
func (c *checker) mailbox(key, text string) {
	if a, err := mail.ParseAddress(text); err != nil || a.Name != "" || a.Address != text {
		c.report(key, "%s is no mail address such as interlock@example.com", shown(text))
	}
}
