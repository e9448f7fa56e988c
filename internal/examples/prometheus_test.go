// Package examples shows what needs other modules: a test of package session must not, since whoever
// imports a package gets the requirements of its tests into go.sum.
package examples

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/sessiontest"
)

// metrics counts the decisions of a client. Alert on logins{phase="refused"} and
// logins{phase="latched"} (a person must act), on rotations{phase="unknown"}, {phase="lost"} and
// {phase="failed"} (a password is in doubt), and on strikes above zero for long.
type metrics struct {
	logins, renewals, replays, rotations, bearers, storeFailures *prometheus.CounterVec
	strikes                                                      prometheus.Gauge
	waits                                                        prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help, label string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "thingspace", Name: name, Help: help}, []string{label})
		r.MustRegister(c)
		return c
	}
	m := &metrics{
		logins:        counter("logins_total", "Steps of login attempts.", "phase"),
		renewals:      counter("sessions_total", "Changes of the session in hand.", "reason"),
		replays:       counter("replays_total", "Requests refused for a stale token.", "cause"),
		rotations:     counter("rotations_total", "Steps of password rotations.", "phase"),
		bearers:       counter("bearers_total", "Changes of the bearer in hand.", "reason"),
		storeFailures: counter("store_failures_total", "Failed operations of the store.", "operation"),
		strikes:       prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "thingspace", Name: "strikes", Help: "Failed logins the platform may have counted."}),
		waits:         prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "thingspace", Name: "wait_seconds", Help: "Waits for another process's login or rotation."}),
	}
	r.MustRegister(m.strikes, m.waits)
	return m
}

func (m *metrics) trace() *session.Trace {
	return &session.Trace{
		Login: func(e session.LoginEvent) {
			m.logins.WithLabelValues(string(e.Phase)).Inc()
			m.strikes.Set(float64(e.Strikes))
		},
		Session:  func(e session.SessionEvent) { m.renewals.WithLabelValues(e.Reason).Inc() },
		Bearer:   func(e session.BearerEvent) { m.bearers.WithLabelValues(e.Reason).Inc() },
		Replay:   func(e session.ReplayEvent) { m.replays.WithLabelValues(e.Cause).Inc() },
		Rotation: func(e session.RotationEvent) { m.rotations.WithLabelValues(e.Phase).Inc() },
		Wait:     func(e session.WaitEvent) { m.waits.Observe(e.Duration.Seconds()) },
		Store:    func(e session.StoreEvent) { m.storeFailures.WithLabelValues(e.Operation).Inc() },
	}
}

// The decisions of a client as Prometheus metrics.
func Example_prometheus() {
	registry := prometheus.NewRegistry()
	m := newMetrics(registry)

	platform := sessiontest.New(exampleTB{}) // your service has the real one
	cfg := platform.Config()
	cfg.Trace = m.trace()
	client, err := session.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()

	resource := platform.BaseURL() + "/m2m/v1/accounts/" + platform.Account()
	for range 3 {
		resp, err := client.HTTPClient().Get(resource)
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = resp.Body.Close()
		platform.ExpireSessions()
	}
	fmt.Println("logins accepted:", testutil.ToFloat64(m.logins.WithLabelValues("accepted")))
	fmt.Println("requests replayed for a stale session:", testutil.ToFloat64(m.replays.WithLabelValues("session")))
	fmt.Println("strikes:", testutil.ToFloat64(m.strikes))
	// Output:
	// logins accepted: 3
	// requests replayed for a stale session: 2
	// strikes: 0
}

// exampleTB stands for the *testing.T that an example does not have.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper() {}
