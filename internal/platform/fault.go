package platform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Fault is a rule that makes requests go wrong. Of several the first that is due takes the request.
type Fault struct {
	On    []Endpoint    `json:"on,omitempty"`    // which endpoints; none means all
	Skip  int           `json:"skip,omitempty"`  // how many of their requests pass first
	Times int           `json:"times,omitempty"` // how many it hits after that; 0 means all
	Kind  Kind          `json:"kind"`            // what goes wrong
	Acted bool          `json:"acted,omitempty"` // the platform acts on the request all the same: the login counts, the password changes
	Delay time.Duration `json:"delay,omitempty"` // of Slow and Late

	Status      int    `json:"status,omitempty"`      // of kinds that answer; 0 means what the kind says
	Body        Body   `json:"body,omitempty"`        // of Status
	Code        string `json:"code,omitempty"`        // of the body, without a service name; "" means one that fits
	Content     string `json:"content,omitempty"`     // of BodyContent
	ContentType string `json:"contentType,omitempty"` // of BodyContent; "" means application/json
	RetryAfter  string `json:"retryAfter,omitempty"`  // header Retry-After, literally; "" means none
	Location    string `json:"location,omitempty"`    // header Location, literally
	Size        int64  `json:"size,omitempty"`        // of Huge, GzipBomb and Informational
}

// maxSize bounds Size, so that a simulator cannot be made to write for ever.
const maxSize = 1 << 34

// maxRules bounds the rules that stand.
const maxRules = 10_000

// Validate says what is wrong with a rule.
func (f Fault) Validate() error {
	if kinds[f.Kind] == 0 {
		return fmt.Errorf("unknown kind of fault %q", f.Kind)
	}
	for _, e := range f.On {
		if !known(e) {
			return fmt.Errorf("unknown endpoint %q", e)
		}
	}
	switch {
	case f.Skip < 0 || f.Times < 0:
		return errors.New("skip and times must not be negative")
	case f.Delay < 0:
		return errors.New("delay must not be negative")
	case (f.Kind == Slow || f.Kind == Late) && f.Delay == 0:
		return fmt.Errorf("a fault of kind %s needs a delay", f.Kind)
	case f.Size < 0 || f.Size > maxSize:
		return fmt.Errorf("size must be from 0 to %d", int64(maxSize))
	case f.Status != 0 && !answerStatus(f.Status):
		return fmt.Errorf("status must be from 200 to 599, not %d", f.Status)
	case f.Acted && kinds[f.Kind] == actsNever:
		return fmt.Errorf("a fault of kind %s happens before the platform could act", f.Kind)
	case f.Kind == Redirect && f.Location == "":
		return errors.New("a redirect needs a location")
	case f.Kind == Redirect && f.Status != 0 && (f.Status < 300 || f.Status > 399):
		return fmt.Errorf("a redirect has a status from 300 to 399, not %d", f.Status)
	}
	switch f.Body {
	case "", BodyFault, BodyNumber, BodyUnwrapped, BodyXML, BodyPlatform, BodyOAuth, BodyHTML, BodyEmpty, BodyContent:
	default:
		return fmt.Errorf("unknown body %q", f.Body)
	}
	return nil
}

// acts reports whether the platform acts on a request that meets f.
func (f *Fault) acts() bool {
	return kinds[f.Kind] == actsAlways || kinds[f.Kind] == actsIfAsked && f.Acted
}

func (f *Fault) status(otherwise int) int {
	if f.Status != 0 {
		return f.Status
	}
	return otherwise
}

// rule is a fault in force.
type rule struct {
	id    int
	fault Fault
	skip  int
	left  int // -1: for ever
	hits  int
}

// Rule is a fault as it stands.
type Rule struct {
	ID    int   `json:"id"`
	Fault Fault `json:"fault"`
	Hits  int   `json:"hits"` // requests that met it
}

// Inject adds a rule behind those that stand and returns its number.
func (p *Platform) Inject(f Fault) (id int, err error) {
	if err := f.Validate(); err != nil {
		return 0, err
	}
	f.On = slices.Clone(f.On)
	left := f.Times
	if left == 0 {
		left = -1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.rules) >= maxRules {
		return 0, fmt.Errorf("there are %d faults already", maxRules)
	}
	p.ruleID++
	p.rules = append(p.rules, &rule{id: p.ruleID, fault: f, skip: f.Skip, left: left})
	return p.ruleID, nil
}

// RemoveFault takes a rule away, and reports whether there was one.
func (p *Platform) RemoveFault(id int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.rules)
	p.rules = slices.DeleteFunc(p.rules, func(r *rule) bool { return r.id == id })
	return len(p.rules) < before
}

// ClearFaults takes all rules away.
func (p *Platform) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = nil
}

// Faults returns the rules that stand, those that are used up included.
func (p *Platform) Faults() []Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	rules := make([]Rule, 0, len(p.rules))
	for _, r := range p.rules {
		f := r.fault
		f.On = slices.Clone(f.On)
		rules = append(rules, Rule{r.id, f, r.hits})
	}
	return rules
}

// take finds the fault that a request meets.
func (p *Platform) take(e Endpoint) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rules {
		if len(r.fault.On) > 0 && !slices.Contains(r.fault.On, e) || r.left == 0 {
			continue
		}
		if r.skip > 0 {
			r.skip--
			continue
		}
		if r.left > 0 {
			r.left--
		}
		r.hits++
		p.counters.FaultsInjected++
		f := r.fault
		return &f
	}
	return nil
}

type takenKey struct{}

// Dial is for a transport without a socket: it decides which fault a request will meet. A fault that
// is Unsent the transport has to show itself; for any other, or none, it serves the request with the
// context that Dial returns.
func (p *Platform) Dial(ctx context.Context, requestPath string) (context.Context, Kind) {
	e, _ := p.find(requestPath)
	f := p.take(e)
	ctx = context.WithValue(ctx, takenKey{}, f)
	if f != nil && f.Kind.Unsent() {
		return ctx, f.Kind
	}
	return ctx, ""
}

func (p *Platform) meet(r *http.Request, e Endpoint) *Fault {
	if f, ok := r.Context().Value(takenKey{}).(*Fault); ok {
		return f
	}
	return p.take(e)
}
