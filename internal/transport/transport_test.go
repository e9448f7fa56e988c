package transport_test

import (
	"net/http"
	"testing"
	"time"

	"iot.internal/thingspace/internal/transport"
)

func TestASilentConnectionIsAskedWhetherItIsAlive(t *testing.T) {
	got, ok := transport.Default()
	if !ok || got.HTTP2 == nil || got.HTTP2.SendPingTimeout <= 0 || got.HTTP2.PingTimeout <= 0 {
		t.Fatalf("%+v", got)
	}
	if d, ok := http.DefaultTransport.(*http.Transport); !ok || d.HTTP2 != nil {
		t.Error("everybody's transport was changed")
	}
}

func TestWhatWasSetStays(t *testing.T) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	http.DefaultTransport = &http.Transport{HTTP2: &http.HTTP2Config{SendPingTimeout: time.Minute, MaxReadFrameSize: 1 << 20}}
	if got, _ := transport.Default(); got.HTTP2.SendPingTimeout != time.Minute || got.HTTP2.PingTimeout != 0 || got.HTTP2.MaxReadFrameSize != 1<<20 {
		t.Errorf("%+v", got.HTTP2)
	}
	http.DefaultTransport = http.NewFileTransport(http.Dir("."))
	if _, ok := transport.Default(); ok {
		t.Error("a transport of another kind was cloned")
	}
}
