package reference

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// Console is the server that calls are tried on, at the origin of the page itself. All of it is in the page for
// everybody who can read it: it is for a simulator.
type Console struct {
	Base     string `json:"base"`              // path of the API, such as /api
	Control  string `json:"control,omitempty"` // path of the simulator's control path; empty if there is none
	Key      string `json:"key"`               // of the application
	Secret   string `json:"secret"`
	Username string `json:"username"`
	Password string `json:"password"`
	Account  string `json:"account"` // that any other call is about
}

// policy lets the page load its own files, and send requests to its own origin. Swagger UI's style sheet holds its
// icons as data: images.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'"

// Page serves the page and its files. It is safe for concurrent use.
type Page struct {
	files  map[string]*file // by path
	nearby *file            // what "/" is for those on this machine, who may use the control path
}

// New makes a page whose calls are tried on console. An error means that what is embedded is damaged.
func New(console Console) (*Page, error) {
	files, err := parts()
	if err != nil {
		return nil, err
	}
	nearby, err := document(settings{&console}, "")
	if err != nil {
		return nil, err
	}
	console.Control = ""
	distant, err := document(settings{&console}, "")
	if err != nil {
		return nil, err
	}
	p := &Page{files: map[string]*file{"/": distant}, nearby: nearby}
	for name, f := range files {
		p.files["/"+name] = f
	}
	return p, nil
}

// ServeHTTP answers GET and HEAD for the page and its files.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	local := fromThisMachine(r)
	if local && !namesThisMachine(r) {
		http.Error(w, "this page is for requests to a loopback host", http.StatusForbidden)
		return
	}
	f, ok := p.files[r.URL.Path]
	if !ok {
		http.Error(w, "there is no such page; the reference is at /", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this page can only be read", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "/" && local {
		f = p.nearby
	}
	f.serve(w, r)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	body, tag := f.gzipped, f.sum+"-gzip"
	h := w.Header()
	h.Set("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		// ServeContent leaves it out beside an encoding.
		h.Set("Content-Length", strconv.Itoa(len(body)))
	} else {
		var err error
		if body, err = f.plain(); err != nil {
			http.Error(w, "this file is damaged", http.StatusInternalServerError)
			return
		}
		tag = f.sum
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Etag", strconv.Quote(tag))
	// Kept, but asked for each time: another version of the simulator may listen at the same address tomorrow.
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
