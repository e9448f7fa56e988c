package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMalformedRequestsAreRefusedAndNothingArrives(t *testing.T) {
	r := newRig(t, setup{})
	host := "Host: " + r.addr + "\r\n"
	for text, want := range map[string]string{
		"GET http://" + r.addr + "/m2m/x HTTP/1.1\r\n" + host + "\r\n":                                   "400",
		"GET http://evil.example/m2m/x HTTP/1.1\r\n" + host + "\r\n":                                     "403", // the Host is the target's
		"GET //evil.example/m2m/x HTTP/1.1\r\n" + host + "\r\n":                                          "400",
		"CONNECT evil.example:443 HTTP/1.1\r\n" + host + "\r\n":                                          "405",
		"CONNECT /m2m/x HTTP/1.1\r\n" + host + "\r\n":                                                    "405",
		"OPTIONS * HTTP/1.1\r\n" + host + "\r\n":                                                         "400",
		"GET * HTTP/1.1\r\n" + host + "\r\n":                                                             "400",
		"GET /m2m/x HTTP/1.1\r\n\r\n":                                                                    "400",
		"GET /m2m/x HTTP/1.0\r\n\r\n":                                                                    "403",
		"GET /m2m/x HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n":                                  "400",
		"GET /m2m/x HTTP/1.1\r\n" + host + "X Y: 1\r\n\r\n":                                              "400",
		"GET /m2m/x HTTP/1.1\r\n" + host + "X: a\x00b\r\n\r\n":                                           "400",
		"GET /m2m/x HTTP/1.1\r\n" + host + ": 1\r\n\r\n":                                                 "400",
		"GET /m2m/x y HTTP/1.1\r\n" + host + "\r\n":                                                      "400",
		"GET /m2m/\x01 HTTP/1.1\r\n" + host + "\r\n":                                                     "400",
		"GET /m2m/%zz HTTP/1.1\r\n" + host + "\r\n":                                                      "400",
		"GET /m2m/x HTTP/9.9\r\n" + host + "\r\n":                                                        "505",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                                               "405",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n":                                                   "400",
		"POST /m2m/x HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx":           "400",
		"POST /m2m/x HTTP/1.1\r\n" + host + "Content-Length: 1, 2\r\n\r\nxx":                             "400",
		"POST /m2m/x HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\nx":                                "400",
		"POST /m2m/x HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\nx":                                "400",
		"POST /m2m/x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n":      "501",
		"POST /m2m/x HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n":               "501",
		"POST /m2m/x HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n":                   "501",
		"POST /m2m/x HTTP/1.1\r\n" + host + "Expect: tea\r\nContent-Length: 0\r\n\r\n":                   "417",
		"GET /m2m/x HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", MaxHeaderBytes+8192) + "\r\n\r\n": "431",
		"GET /m2m/" + strings.Repeat("x", MaxHeaderBytes+8192) + " HTTP/1.1\r\n" + host + "\r\n":         "431",
	} {
		conn := r.dial()
		go func() { _, _ = io.WriteString(conn, text) }() // a refusal may come before the end
		line, err := bufio.NewReader(conn).ReadString('\n')
		if fields := strings.Fields(line); len(fields) < 2 || fields[1] != want {
			t.Errorf("%.80q: %q %v, want %s", text, line, err, want)
		}
		_ = conn.Close()
	}
	if c := r.platform.Counters(); c.OAuth != 0 || c.Logins != 0 || c.Resources != 0 {
		t.Errorf("something arrived: %+v", c)
	}
}

// TestNoRequestIsSmuggled sends bodies that two servers might read differently. What counts is that
// the platform sees exactly what the proxy saw, and that no byte of a body becomes a request.
func TestNoRequestIsSmuggled(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	r := newRig(t, setup{resource: func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, req.Method+" "+req.URL.Path+" "+string(body)+" "+strconv.Itoa(len(req.Header["Content-Length"]))+strings.Join(req.TransferEncoding, ",")+fmt.Sprint(req.Trailer))
		w.WriteHeader(http.StatusOK)
	}})
	host := "Host: " + r.addr + "\r\n"
	evil := "GET /m2m/v1/smuggled HTTP/1.1\r\n" + host + "\r\n"
	for _, text := range []string{
		"POST /m2m/a HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"POST /m2m/a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 400\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"POST /m2m/a HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		"POST /m2m/a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"POST /m2m/a HTTP/1.1\r\n" + host + "Content-Length: " + strconv.Itoa(len(evil)) + "\r\nConnection: close\r\n\r\n" + evil,
		"POST /m2m/a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nConnection: Content-Length, Transfer-Encoding, Host, close\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"POST /m2m/a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTrailer: VZ-M2M-Token, Authorization\r\nConnection: close\r\n\r\n1\r\nx\r\n0\r\nVZ-M2M-Token: mine\r\nAuthorization: mine\r\n\r\n",
		// A body for a request that is refused before anybody reads it.
		"POST /m2m/v1/session/login HTTP/1.1\r\n" + host + "Content-Length: " + strconv.Itoa(len(evil)) + "\r\n\r\n" + evil,
		"POST /m2m/v1/session/login HTTP/1.1\r\n" + host + "Content-Length: 300000\r\n\r\n" + evil,
	} {
		conn := r.dial()
		// The last request ends the connection, if the one before has not.
		_, _ = io.WriteString(conn, text+"GET /m2m/v1/session/login HTTP/1.1\r\n"+host+"Connection: close\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 6 { // two lines Transfer-Encoding are refused, and so are the logins
		t.Errorf("the platform saw %d requests", len(seen))
	}
	for _, s := range seen {
		if strings.Contains(s, "smuggled") && !strings.HasPrefix(s, "POST /api/m2m/a GET ") || strings.Contains(s, "mine") || !strings.HasPrefix(s, "POST /api/m2m/a ") || !strings.HasSuffix(s, "map[]") {
			t.Errorf("the platform saw %q", s)
		}
	}
}

func TestARefusedRequestLeavesTheConnectionUsable(t *testing.T) {
	var seen recorded
	r := newRig(t, setup{resource: seen.ServeHTTP})
	conn := r.dial()
	in := bufio.NewReader(conn)
	for range 3 {
		for path, want := range map[string]int{"/m2m/v1/session/login": 403, "/m2m/v1/x": 200, "/m2m/../x": 400} {
			if _, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: "+r.addr+"\r\nContent-Length: 5\r\n\r\nhello"); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(in, nil)
			if err != nil || resp.StatusCode != want {
				t.Fatalf("%s: %v %v", path, resp, err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			if resp.Close {
				t.Fatalf("%s: the connection is closed", path)
			}
		}
	}
	r.log.holdsNone(t, "panic")
}

func TestAnAnswerBeforeTheEndOfTheBodyClosesTheConnection(t *testing.T) { each(t, answeredEarly) }

func answeredEarly(t *testing.T, http2 bool) {
	t.Helper()
	r := newRig(t, setup{http2: http2, resource: func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}})
	for range 20 {
		conn := r.dial()
		if _, err := io.WriteString(conn, "POST "+resource+" HTTP/1.1\r\nHost: "+r.addr+"\r\nContent-Length: 200\r\n\r\nhello"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
			t.Fatalf("%v %v", resp, err)
		}
		// The rest, which would be read as a request.
		_, _ = io.WriteString(conn, strings.Repeat("x", 195)+"GET "+resource+" HTTP/1.1\r\nHost: "+r.addr+"\r\n\r\n")
		if rest, _ := io.ReadAll(conn); strings.Contains(string(rest), "HTTP/1.1") {
			t.Fatalf("%q", rest)
		}
		_ = conn.Close()
	}
	r.log.holdsNone(t, "panic")
}

func TestRequestsBeyondTheLimitAreAnsweredAtOnce(t *testing.T) {
	const limit = 3
	arrived, free := make(chan struct{}), make(chan struct{})
	r := newRig(t, setup{
		options: func(o *Options) { o.MaxRequests = limit },
		resource: func(_ http.ResponseWriter, _ *http.Request) {
			arrived <- struct{}{}
			<-free
		},
	})
	var all sync.WaitGroup
	for range limit {
		all.Go(func() {
			if status, name, _ := r.get(http.MethodGet, resource, nil); status != 200 {
				t.Errorf("%d %s", status, name)
			}
		})
	}
	for range limit {
		<-arrived
	}
	resp := r.do(http.MethodGet, resource, nil)
	if resp.StatusCode != 503 || resp.Header.Get(ErrorHeader) != busy.name || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	close(free)
	all.Wait()
	go func() { <-arrived }()
	if status, name, _ := r.get(http.MethodGet, resource, nil); status != 200 {
		t.Errorf("%d %s", status, name)
	}
}

func TestWhatIsUnderWayFinishesWhenTheProxyEnds(t *testing.T) {
	arrived, free := make(chan struct{}), make(chan struct{})
	r := newRig(t, setup{resource: func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-free
		_, _ = io.WriteString(w, "done")
	}})
	admin := r.proxy.Admin()
	answered := make(chan string)
	go func() {
		_, _, text := r.get(http.MethodGet, resource, nil)
		answered <- text
	}()
	<-arrived
	if got := adminGet(t, admin, "/readyz"); !strings.HasPrefix(got, "200") {
		t.Error(got)
	}
	r.end()
	r.log.until(t, "nothing new is accepted")
	if got := adminGet(t, admin, "/readyz"); got != "503 not ready: ending\n" {
		t.Error(got)
	}
	if got := adminGet(t, admin, "/healthz"); got != "200 ok\n" {
		t.Error(got)
	}
	for { // the listener closes right after that
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.addr)
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	close(free)
	if got := <-answered; got != "done" {
		t.Errorf("%q", got)
	}
}

func TestWhatDoesNotFinishIsCutOff(t *testing.T) {
	for _, how := range []string{"grace", "asked"} {
		arrived := make(chan struct{})
		grace := time.Hour
		if how == "grace" {
			grace = 50 * time.Millisecond
		}
		left := make(chan struct{})
		r := newRig(t, setup{grace: grace, resource: func(_ http.ResponseWriter, req *http.Request) {
			close(arrived)
			<-req.Context().Done()
			close(left)
		}})
		answered := make(chan error)
		go func() {
			req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+r.addr+resource, nil)
			resp, err := r.http.Do(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			answered <- err
		}()
		<-arrived
		r.end()
		r.log.until(t, "nothing new is accepted")
		if how == "asked" {
			close(r.now)
		}
		if err := <-answered; err == nil {
			t.Errorf("%s: an answer", how)
		}
		<-left
		r.log.until(t, "requests are cut off")
	}
}
