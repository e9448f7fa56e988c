package platform

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// HeaderSession is the header that carries the session token.
const HeaderSession = "VZ-M2M-Token"

// Act answers a request as the platform does when nothing goes wrong. The body must be readable to
// its end; that of a resource may have been read already, if ContentLength says how long it was.
func (p *Platform) Act(r *http.Request) Answer {
	e, below := p.find(r.URL.Path)
	if refusal := p.gateway(r, e, below); refusal != nil {
		return *refusal
	}
	token := r.Header.Get(HeaderSession)
	switch e {
	case OAuth:
		return p.issue(r)
	case Revoke:
		return p.revoke(r)
	case Login:
		values, refusal := fields(r, "username", "password")
		if refusal != nil {
			return refusal.answer()
		}
		token, refusal := p.LogIn(values[0], values[1])
		return p.result("sessionToken", token, refusal)
	case Logout:
		token, refusal := p.LogOut(token)
		return p.result("sessionToken", token, refusal)
	case Reset:
		if refusal := p.RefusesSession(token); refusal != nil {
			_, refusal = p.ResetPassword(token, "") // the same refusal, counted
			return refusal.answer()
		}
		values, refusal := fields(r, "oldPassword")
		if refusal != nil {
			p.spend(token)
			return refusal.answer()
		}
		password, refusal := p.ResetPassword(token, values[0])
		return p.result("newPassword", password, refusal)
	}
	return p.resource(r, below)
}

func (p *Platform) result(name, value string, refusal *Refusal) Answer {
	if refusal != nil {
		a := refusal.answer()
		a.Switched = refusal.Status != http.StatusBadRequest
		return a
	}
	return answerJSON(http.StatusOK, map[string]string{name: value})
}

// spend is the use of a session by a call that is refused for another reason.
func (p *Platform) spend(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.use(token)
}

// gateway is what stands before the service: it finds the API and checks the bearer, and knows
// nothing of sessions.
func (p *Platform) gateway(r *http.Request, e Endpoint, below string) *Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e == Elsewhere {
		a := p.fault(r, http.StatusNotFound, "404")
		if below == "/m2m" || strings.HasPrefix(below, "/ts/v1/") { // documented as "wrong resource under the API"
			a = p.fault(r, http.StatusBadRequest, faultNoResource)
		}
		return &a
	}
	if want := e.method(); want != "" && r.Method != want {
		a := p.fault(r, http.StatusMethodNotAllowed, "405")
		a.Header.Set("Allow", want)
		return &a
	}
	if e == OAuth || e == Revoke {
		return nil
	}
	if code := p.checkBearer(r.Header.Get("Authorization")); code != "" {
		p.counters.BearersRefused++
		a := p.fault(r, http.StatusUnauthorized, code)
		return &a
	}
	return nil
}

// resource answers everything that is not described by the contract.
func (p *Platform) resource(r *http.Request, below string) Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, refusal := p.use(r.Header.Get(HeaderSession))
	if refusal != nil {
		return p.refusedResource(refusal)
	}
	if name, ok := strings.CutPrefix(below, "/m2m/v1/accounts/"); ok && r.Method == http.MethodGet && !strings.Contains(name, "/") {
		if !slices.Contains(p.options.Accounts, name) {
			return badRequest(codeAccountNotFound)
		}
		p.touch(s)
		return answerJSON(http.StatusOK, accountOf(name))
	}
	p.touch(s)
	return answerJSON(http.StatusOK, map[string]any{"method": r.Method, "path": below, "bodyLength": max(0, r.ContentLength)})
}

// refusedResource writes a refused session in the shape of the API family that is switched on.
func (p *Platform) refusedResource(refusal *Refusal) Answer {
	switch p.switches.ResourceExpiry {
	case ExpiryLocation:
		return answerJSON(http.StatusBadRequest, platformError{"INVALID_PARAMETER", "UWS verification failure (" + refusal.Message + ")"})
	case ExpiryCloudConnector:
		return answerJSON(http.StatusUnauthorized, oauthError{
			"unauthorized", "Failure response received for UWS V1 REST accounts: [400], " + url.QueryEscape(refusal.Code),
		})
	}
	return refusal.answer()
}

// account is a part of what the documented call returns, with made-up values.
type account struct {
	Name         string    `json:"accountName"`
	Organization string    `json:"organizationName"`
	Provisioning bool      `json:"isProvisioningAllowed"`
	Carriers     []carrier `json:"carriers"`
}

type carrier struct {
	Name         string        `json:"carrierName"`
	ServicePlans []servicePlan `json:"servicePlans"`
}

type servicePlan struct {
	Name string `json:"name"`
	Code string `json:"code"`
	Size int    `json:"sizeKb"`
}

func accountOf(name string) account {
	return account{name, "Sirius Cybernetics", true, []carrier{{
		"Verizon Wireless", []servicePlan{{"4G 2GB", "4G2GB", 2 << 20}},
	}}}
}
