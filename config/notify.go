package config

import (
	"slices"
	"time"
)

// Notify says what is sent to whom, beside the threads where things happen.
type Notify struct {
	Services map[string]Service    `yaml:"services"` // outside of the chats
	Rules    []NotifyRule          `yaml:"rules"`
	People   map[string]Preference `yaml:"people"` // by the person's id
	Admins   []string              `yaml:"admins"` // where the bot's own troubles are told, as in NotifyRule.To
}

// The kinds of services.
const (
	Mail      = "mail"
	PagerDuty = "pagerduty"
	Opsgenie  = "opsgenie"
	Webhook   = "webhook"
)

// Service is an outside service that is told, of a Kind.
type Service struct {
	Kind     string   `yaml:"kind"`
	URL      string   `yaml:"url"`    // of pagerduty and opsgenie empty is their own
	Key      Secret   `yaml:"key"`    // routing key, API key, or what a webhook is signed with
	Server   string   `yaml:"server"` // of mail: host:port
	User     string   `yaml:"user"`
	Password Secret   `yaml:"password"`
	TLS      string   `yaml:"tls"` // of mail: starttls, tls or none
	From     string   `yaml:"from"`
	To       []string `yaml:"to"`
	Team     string   `yaml:"team"`     // of opsgenie: who responds
	Internal bool     `yaml:"internal"` // of webhook: its host is in our own network
}

// NotifyRule sends what matches all that it names.
type NotifyRule struct {
	Name         string        `yaml:"name"`
	Types        []string      `yaml:"types"`    // with *
	Severity     string        `yaml:"severity"` // at least: info, warning, action or urgent
	Stacks       []string      `yaml:"stacks"`   // with * and ?
	Environments []string      `yaml:"environments"`
	Teams        []string      `yaml:"teams"`
	To           []string      `yaml:"to"` // "platform:channel", "person:ID", "service:NAME" or "chain:NAME"
	Dedup        time.Duration `yaml:"dedup"`
	Group        time.Duration `yaml:"group"` // how long a burst is gathered into one message
	Quiet        Quiet         `yaml:"quiet"`
}

// Preference is what one person wants.
type Preference struct {
	Mail  string   `yaml:"mail"`
	Via   []string `yaml:"via"`   // where they are told, in this order: a platform, or mail
	Mute  []string `yaml:"mute"`  // types, with *
	Least string   `yaml:"least"` // severity below which they are not told
	Quiet Quiet    `yaml:"quiet"`
}

// Pages tells whether a service wakes people up: it knows incidents that begin and end.
func (s Service) Pages() bool { return s.Kind == PagerDuty || s.Kind == Opsgenie }

// noticeTypes are what there is to be told. Those of pull requests, findings and
// digests are reserved: rules can name them before they are sent.
var noticeTypes = []string{
	"agent.answered", "agent.budget_exceeded", "agent.failed", "agent.needs_input", "alert.escalated", "approval.decided", "approval.expired", "approval.waiting", "change.applied",
	"change.failed", "digest", "drift.auto_remediated", "drift.detected", "drift.gone", "failures.high", "finding.critical", "glass.broken",
	"model.reachable", "model.unreachable", "notify.failed", "notify.test", "pr.created", "pr.merged", "queue.late", "scan.completed.clean",
	"scan.completed.findings", "scan.failed", "scan.recovered", "schedule.late", "tokens.high",
}

// NoticeTypes are the types of notices that a rule can name, sorted.
func NoticeTypes() []string { return slices.Clone(noticeTypes) }
