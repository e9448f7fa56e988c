//go:build unix

package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"iot.internal/thingspace/internal/redistest"
	"iot.internal/thingspace/session"
	"iot.internal/thingspace/session/redisstore"
	"iot.internal/thingspace/session/storetest"
)

func given(t *testing.T, option rueidis.ClientOption) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func openGiven(t *testing.T, client rueidis.Client, options ...redisstore.Option) *redisstore.Store {
	t.Helper()
	store, err := redisstore.NewWithClient(t.Context(), client, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestConformanceOverAGivenClient(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	client := given(t, rueidis.ClientOption{InitAddress: []string{server.Addr()}})
	storetest.RunShared(t, func(t *testing.T) func() session.Store {
		prefix := "test:" + someKey()[:8] + ":"
		return func() session.Store { return openGiven(t, client, redisstore.WithPrefix(prefix)) }
	})
	// It goes on belonging to the test.
	if err := client.Do(t.Context(), client.B().Ping().Build()).Error(); err != nil {
		t.Errorf("the client was closed: %v", err)
	}
}

func TestGivenClientIsInspectedAndHeals(t *testing.T) {
	server := redistest.Start(t, redistest.Forgetful...)
	option := rueidis.ClientOption{InitAddress: []string{server.Addr()}, ForceSingleClient: true, ConnWriteTimeout: time.Second}
	if _, err := redisstore.NewWithClient(t.Context(), given(t, option)); !errors.Is(err, redisstore.ErrUnsafe) {
		t.Fatalf("NewWithClient: %v", err)
	}
	server.Kill()
	server.Reconfigure(redistest.Safe...)
	client := given(t, option)
	store, key := openGiven(t, client, redisstore.WithTimeout(500*time.Millisecond)), someKey()
	mustSwap(t, store, key, "", "one")
	server.Kill()
	if _, err := store.Load(t.Context(), key); err == nil {
		t.Fatal("a dead server answers")
	}
	server.Reconfigure(redistest.Forgetful...)
	eventually(t, "it is inspected again", func() bool {
		_, err := store.Load(t.Context(), key)
		return errors.Is(err, redisstore.ErrUnsafe)
	})
	server.Kill()
	server.Reconfigure(redistest.Safe...)
	eventually(t, "it heals", func() bool {
		got, err := store.Load(t.Context(), key)
		return err == nil && string(got) == "one"
	})
	for name, err := range map[string]error{
		"no client":   second(redisstore.NewWithClient(t.Context(), nil)),
		"credentials": second(redisstore.NewWithClient(t.Context(), client, redisstore.WithPassword(session.NewSecret("x")))),
		"odd prefix":  second(redisstore.NewWithClient(t.Context(), client, redisstore.WithPrefix("a b"))),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestClusterIsRefusedUnlessItsFailoverIsAccepted(t *testing.T) {
	server := redistest.Start(t, append([]string{"cluster-enabled", "yes"}, redistest.Safe...)...)
	server.MustDo("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	eventually(t, "the cluster is up", func() bool { return strings.Contains(server.MustDo("CLUSTER", "INFO"), "cluster_state:ok") })
	if _, err := redisstore.New(t.Context(), server.URL()); !errors.Is(err, redisstore.ErrCluster) {
		t.Fatalf("New: %v", err)
	}
	client := given(t, rueidis.ClientOption{InitAddress: []string{server.Addr()}})
	if client.Mode() != rueidis.ClientModeCluster {
		t.Fatalf("the client's mode is %s", client.Mode())
	}
	_, err := redisstore.NewWithClient(t.Context(), client)
	var unsafe *redisstore.UnsafeError
	if !errors.As(err, &unsafe) || unsafe.Findings[0].Risk != redisstore.Failover {
		t.Fatalf("NewWithClient: %v", err)
	}
	storetest.RunShared(t, func(t *testing.T) func() session.Store {
		prefix := "test:" + someKey()[:8] + ":"
		return func() session.Store {
			return openGiven(t, client, redisstore.WithPrefix(prefix), redisstore.Accept(redisstore.Failover))
		}
	})
}

func TestCredentialsNameTheUser(t *testing.T) {
	server := redistest.Start(t, append([]string{"user", "default off", "user", "thingspace on >pw " + rights}, redistest.Safe...)...)
	open(t, server.URL(), redisstore.WithCredentials(session.StaticCredentials("thingspace", "pw")))
	open(t, strings.Replace(server.URL(), "//", "//nobody@", 1), redisstore.WithCredentials(session.StaticCredentials("thingspace", "pw")))
}

func TestOpeningEndsWithItsContext(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	server.Pause()
	defer server.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := redisstore.New(ctx, server.URL()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("New: %v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestClosingWaitsForWhatIsUnderWay(t *testing.T) {
	server := redistest.Start(t, redistest.Safe...)
	store, key := open(t, server.URL()), someKey()
	eventually(t, "the opening is over", func() bool { return redisstore.UnderWay(store) == 0 })
	server.Pause()
	swapped := make(chan error, 1)
	go func() {
		ok, err := store.Swap(t.Context(), key, nil, []byte("one"))
		if err == nil && !ok {
			err = errors.New("not swapped")
		}
		swapped <- err
	}()
	eventually(t, "the Swap is under way", func() bool { return redisstore.UnderWay(store) == 1 })
	closed := make(chan error, 1)
	go func() { closed <- store.Close() }()
	eventually(t, "later operations are refused", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := store.Load(ctx, key)
		return errors.Is(err, redisstore.ErrClosed)
	})
	server.Resume()
	if err := <-swapped; err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
