package redisstore_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log"
	"log/slog"
	"os"
	"time"

	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
)

func ExampleNew() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	store, err := redisstore.New(ctx, "rediss://thingspace@redis.internal:6379/0",
		redisstore.WithPassword(session.NewSecret(os.Getenv("REDIS_PASSWORD"))))
	var unsafe *redisstore.UnsafeError
	switch {
	case errors.As(err, &unsafe):
		log.Println("mend the server:", unsafe.Findings)
		return
	case err != nil:
		log.Println(err)
		return
	}
	defer func() { _ = store.Close() }() // after the client
	for _, f := range store.Findings() {
		slog.Warn("store", "risk", f.Risk, "detail", f.Detail)
	}
	client, err := session.New(session.Config{Store: store /* … */})
	if err != nil {
		log.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
}

// A service that runs on an authority of its own, and must start even if its server is away.
func ExampleNew_authority() {
	pem, err := os.ReadFile("/etc/ssl/redis-ca.pem")
	if err != nil {
		log.Println(err)
		return
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	store, err := redisstore.New(context.Background(), "rediss://thingspace@redis.internal:6379/0",
		redisstore.WithTLS(&tls.Config{RootCAs: authorities}), redisstore.Lazy())
	if err != nil {
		log.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
}
