package proxy

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"iot.internal/thingspace/session"
)

// Metrics count what a proxy and its session client do. Make them with [NewMetrics].
type Metrics struct {
	registry *prometheus.Registry
	held     held

	requests, errors, bytes                       *prometheus.CounterVec
	inFlight                                      prometheus.Gauge
	duration                                      *prometheus.HistogramVec
	logins, sessions, bearers, replays, rotations *prometheus.CounterVec
	probes, storeFailures                         *prometheus.CounterVec
	waits                                         prometheus.Histogram
}

// NewMetrics makes metrics in a registry of their own, with those of the Go runtime and the process.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "thingspace", Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	m.requests = counter("proxy_requests_total", "Requests, by the class of the status sent and by outcome.", "class", "outcome")
	m.errors = counter("proxy_errors_total", "Requests that the proxy itself answered, by the value of Thingspace-Proxy-Error.", "error")
	m.bytes = counter("proxy_body_bytes_total", "Bytes of bodies, from clients (in) and to them (out).", "direction")
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "thingspace", Name: "proxy_requests_in_flight", Help: "Requests under way."})
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "thingspace", Name: "proxy_request_duration_seconds", Help: "From the request's headers to the answer's last byte.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300},
	}, []string{"class"})
	m.logins = counter("logins_total", "Steps of logins that this process sent or was denied.", "phase")
	m.sessions = counter("session_changes_total", "Changes of the session in hand.", "reason")
	m.bearers = counter("bearer_changes_total", "Changes of the bearer in hand.", "reason")
	m.replays = counter("stale_token_refusals_total", "Requests that the platform refused for a stale token, and whether they were sent again.", "token", "replayed")
	m.rotations = counter("rotations_total", "Steps of password rotations that this process finished for another.", "phase")
	m.probes = counter("probes_total", "Questions to the platform whether it answers, before a login is spent.", "paid")
	m.storeFailures = counter("store_failures_total", "Failed operations of the store.", "operation")
	m.waits = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "thingspace", Name: "wait_seconds", Help: "Waits for another process's login or password change.", Buckets: prometheus.DefBuckets,
	})
	m.registry.MustRegister(m.inFlight, m.duration, m.waits)
	return m
}

// Trace has the hooks for the session client, which call those of next as well.
func (m *Metrics) Trace(next *session.Trace) *session.Trace {
	var t session.Trace
	if next != nil {
		t = *next
	}
	t.Login = after(t.Login, func(e session.LoginEvent) { m.logins.WithLabelValues(string(e.Phase)).Inc() })
	t.Session = after(t.Session, func(e session.SessionEvent) {
		m.sessions.WithLabelValues(e.Reason).Inc()
		m.held.session(e.Reason)
	})
	t.Bearer = after(t.Bearer, func(e session.BearerEvent) {
		m.bearers.WithLabelValues(e.Reason).Inc()
		m.held.bearer(e)
	})
	t.Replay = after(t.Replay, func(e session.ReplayEvent) {
		m.replays.WithLabelValues(e.Cause, strconv.FormatBool(e.Replayed)).Inc()
	})
	t.Rotation = after(t.Rotation, func(e session.RotationEvent) { m.rotations.WithLabelValues(e.Phase).Inc() })
	t.Wait = after(t.Wait, func(e session.WaitEvent) { m.waits.Observe(e.Duration.Seconds()) })
	t.Probe = after(t.Probe, func(e session.ProbeEvent) { m.probes.WithLabelValues(strconv.FormatBool(e.Paid)).Inc() })
	t.Store = after(t.Store, func(e session.StoreEvent) { m.storeFailures.WithLabelValues(e.Operation).Inc() })
	return &t
}

// after is a hook that calls another one, if there is one, after itself.
func after[E any](other, hook func(E)) func(E) {
	return func(e E) {
		hook(e)
		if other != nil {
			other(e)
		}
	}
}

// done counts a request that is over.
func (m *Metrics) done(x *exchange, took time.Duration) {
	class := "none"
	if x.status >= 100 && x.status < 600 {
		class = strconv.Itoa(x.status/100) + "xx"
	}
	m.inFlight.Dec()
	m.requests.WithLabelValues(class, x.outcome()).Inc()
	m.duration.WithLabelValues(class).Observe(took.Seconds())
	if x.failure != nil {
		m.errors.WithLabelValues(x.failure.name).Inc()
	}
	m.bytes.WithLabelValues("in").Add(float64(x.received()))
	m.bytes.WithLabelValues("out").Add(float64(x.sent))
}

// watch adds what the shared record says, read at most once a second.
func (m *Metrics) watch(p *Proxy) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("thingspace_"+name, help, nil, nil)
	}
	// A second proxy with the same metrics adds nothing.
	_ = m.registry.Register(&recordCollector{
		p:          p,
		ready:      desc("proxy_ready", "1 if /readyz says so."),
		up:         desc("store_up", "1 if the store could be read; without it the gauges of the record are missing."),
		latched:    desc("latched", "1 if no login is sent until a person acts."),
		strikes:    desc("strikes", "Failed logins that the platform may have counted."),
		sessionAge: desc("session_age_seconds", "Since the session was obtained, if there is one that is alive."),
		idle:       desc("session_idle_seconds", "Since the session was last used by anybody, to the minute."),
		bearer:     desc("bearer_remaining_seconds", "Until the bearer lapses, if there is one."),
	})
}

// recordCollector tells of the shared record.
type recordCollector struct {
	p *Proxy

	ready, up, latched, strikes, sessionAge, idle, bearer *prometheus.Desc
}

// Describe implements [prometheus.Collector].
func (c *recordCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.ready, c.up, c.latched, c.strikes, c.sessionAge, c.idle, c.bearer} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *recordCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	ctx := context.Background()
	gauge(c.ready, truth(c.p.ready.reason(ctx) == ""))
	s, err := c.p.ready.look(ctx)
	gauge(c.up, truth(err == nil))
	if err != nil {
		return
	}
	gauge(c.latched, truth(s.Latched))
	gauge(c.strikes, float64(s.Strikes))
	if s.Session.Alive {
		gauge(c.sessionAge, time.Since(s.Session.Obtained).Seconds())
		gauge(c.idle, max(0, time.Since(s.Session.LastUsed).Seconds()))
	}
	if s.Bearer.Present {
		gauge(c.bearer, max(0, time.Until(s.Bearer.Expires).Seconds()))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
