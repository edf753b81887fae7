package main

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"interlock/agent"
	"interlock/store"
)

// metrics counts for the operator: what happened in this process, and how the
// queue stands, which is read from the store at each scrape.
type metrics struct {
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	runTime  prometheus.Histogram
	tools    *prometheus.CounterVec
	toolTime *prometheus.HistogramVec
	tokens   *prometheus.CounterVec
	stepTime prometheus.Histogram
	inbound  *prometheus.CounterVec
}

var _ agent.Meter = (*metrics)(nil)

func newMetrics(db *store.DB) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		runs:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "interlock_runs_total", Help: "Runs by the kind of event that ended them."}, []string{"end"}),
		runTime:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "interlock_run_seconds", Help: "Time of one run to its rest.", Buckets: prometheus.ExponentialBuckets(0.1, 2, 14)}),
		tools:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "interlock_tool_calls_total", Help: "Tool calls by tool and outcome."}, []string{"tool", "outcome"}),
		toolTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "interlock_tool_seconds", Help: "Time of one tool call.", Buckets: prometheus.ExponentialBuckets(0.05, 2, 14)}, []string{"tool"}),
		tokens:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "interlock_model_tokens_total", Help: "Tokens that models used, by kind."}, []string{"kind"}),
		stepTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "interlock_model_step_seconds", Help: "Time of one step of a model.", Buckets: prometheus.ExponentialBuckets(0.01, 2, 14)}),
	}
	m.inbound = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "interlock_deliveries_total", Help: "What chats delivered, by what it was."}, []string{"platform", "what"})
	m.registry.MustRegister(m.inbound, m.runs, m.runTime, m.tools, m.toolTime, m.tokens, m.stepTime, &queue{db: db})
	return m
}

// delivered counts what one chat delivers.
func (m *metrics) delivered(platform string) func(what string) {
	return func(what string) { m.inbound.WithLabelValues(platform, what).Inc() }
}

// Tool counts one tool call.
func (m *metrics) Tool(name string, took time.Duration, failed bool) {
	outcome := "ok"
	if failed {
		outcome = "failed"
	}
	m.tools.WithLabelValues(name, outcome).Inc()
	m.toolTime.WithLabelValues(name).Observe(took.Seconds())
}

// Step counts one step of a model.
func (m *metrics) Step(took time.Duration, u agent.Usage) {
	m.stepTime.Observe(took.Seconds())
	for kind, n := range map[string]int{"input": u.Input, "output": u.Output, "cache_read": u.CacheRead, "cache_write": u.CacheWrite} {
		m.tokens.WithLabelValues(kind).Add(float64(n))
	}
}

// Run counts one run by how it ended.
func (m *metrics) Run(end agent.Kind, took time.Duration) {
	m.runs.WithLabelValues(string(end)).Inc()
	m.runTime.Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// queue reads the store at each scrape.
type queue struct{ db *store.DB }

// scrape is how long one scrape may read.
const scrape = 5 * time.Second

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("interlock_"+name, help, labels, nil)
}

// Describe leaves the collector unchecked: its gauges follow the store.
func (*queue) Describe(chan<- *prometheus.Desc) {}

// Collect gives no gauge when the store does not answer: absent is not zero.
func (q *queue) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrape)
	defer cancel()
	s, err := q.db.Stats(ctx)
	if err != nil {
		return
	}
	send := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	jobs := gauge("jobs", "Jobs by state.", "state")
	for state, n := range map[string]int{"ready": s.Ready, "later": s.Later, "running": s.Running, "dead": s.Dead} {
		send(jobs, float64(n), state)
	}
	send(gauge("queue_age_seconds", "How long the oldest job that is due has waited."), s.OldestReady.Seconds())
	send(gauge("approvals_waiting", "Cards that wait for people."), float64(s.OpenApprovals))
	send(gauge("outbox_pending", "Events that no chat has shown yet."), float64(s.OutboxPending))
}
