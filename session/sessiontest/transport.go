package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"

	"iot.internal/thingspace/internal/platform"
)

// transport is http.Transport without sockets: what it sends is answered by the platform.
type transport struct {
	platform *platform.Platform
	host     string // of the base URL
	now      func() time.Time
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body := &requestBody{from: req.Body, declared: req.ContentLength}
	if req.Body == http.NoBody {
		body.from = nil
	}
	if err := acceptable(req); err != nil {
		body.close()
		return nil, err
	}
	ctx := req.Context()
	if ctx.Err() != nil {
		body.close()
		return nil, context.Cause(ctx)
	}
	received, err := asReceived(req)
	if err != nil {
		body.close()
		return nil, err
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		trace = &httptrace.ClientTrace{}
	}
	serverContext, fault := context.Background(), platform.NoSuchHost
	if strings.EqualFold(req.URL.Host, t.host) {
		serverContext, fault = t.platform.Dial(serverContext, req.URL.Path)
	}
	if err := connect(trace, req.URL, fault); err != nil {
		body.close()
		return nil, err
	}
	x := newExchange(req, trace, body, t.now)
	return x.run(serverContext, t.platform, received)
}

// acceptable checks what http.Transport checks.
func acceptable(req *http.Request) error {
	switch {
	case req.URL == nil:
		return errors.New("http: nil Request.URL")
	case req.Header == nil:
		return errors.New("http: nil Request.Header")
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return fmt.Errorf("unsupported protocol scheme %q", req.URL.Scheme)
	case strings.ContainsFunc(req.Method, func(r rune) bool { return !tokenRune(r) }):
		return fmt.Errorf("net/http: invalid method %q", req.Method)
	case req.URL.Host == "":
		return errors.New("http: no Host in request URL")
	}
	for name, values := range req.Header {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !tokenRune(r) }) {
			return fmt.Errorf("net/http: invalid header field name %q", name)
		}
		for _, v := range values {
			// The value is left out, as in net/http: it may be a secret.
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return fmt.Errorf("net/http: invalid header field value for %q", name)
			}
		}
	}
	return nil
}

func tokenRune(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
}

// asReceived is the request as a server gets it.
func asReceived(req *http.Request) (*http.Request, error) {
	uri := req.URL.RequestURI()
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		return nil, errors.New("http: the request URL cannot be sent")
	}
	header := req.Header.Clone()
	for _, name := range []string{"Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection"} {
		header.Del(name) // http.Transport and http.Server deal with these
	}
	if _, set := header["User-Agent"]; !set {
		header.Set("User-Agent", "Go-http-client/1.1")
	} else if header.Get("User-Agent") == "" {
		header.Del("User-Agent")
	}
	if wantsGzip(req) {
		header.Set("Accept-Encoding", "gzip")
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	length := req.ContentLength
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		length = 0
	case length == 0: // http.Transport's meaning of 0 with a body: not known
		length = -1
	}
	if length > 0 {
		header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	if req.Close {
		header.Set("Connection", "close")
	}
	return &http.Request{
		Method: method, URL: u, RequestURI: uri, Host: host, Header: header, ContentLength: length, Close: req.Close,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: "127.0.0.1:49152",
	}, nil
}

// wantsGzip reports whether http.Transport would ask for gzip of its own accord.
func wantsGzip(req *http.Request) bool {
	return req.Header.Get("Accept-Encoding") == "" && req.Header.Get("Range") == "" && req.Method != http.MethodHead
}
