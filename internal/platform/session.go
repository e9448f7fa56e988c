package platform

import (
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Refusal is an error of the service itself.
type Refusal struct {
	Status  int
	Code    string // with the service's name
	Message string
}

func (r *Refusal) answer() Answer {
	return answerJSON(r.Status, platformError{r.Code, r.Message})
}

func refused(status int, code string) *Refusal {
	message := messages[code]
	if message == "" {
		message = "The request was refused."
	}
	return &Refusal{status, service + code, message}
}

func bad(code string) *Refusal { return refused(http.StatusBadRequest, code) }

// EmptyRequest refuses a request without a body.
func EmptyRequest() *Refusal { return bad(codeRequestUndefined) }

type user struct {
	name     string
	password string
	strikes  int
	locked   bool
}

type session struct {
	user    *user
	started time.Time
	used    time.Time
	state   sessionState
}

type sessionState int

const (
	sessionAlive sessionState = iota
	sessionExpired
	sessionEnded
)

// most bounds the sessions that are remembered; only dead ones are forgotten.
const most = 1 << 16

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// LogIn starts a session. Five consecutive wrong passwords lock the user (documented).
func (p *Platform) LogIn(username, password string) (token string, refusal *Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if refusal := unsuitable(username, password); refusal != nil {
		return "", refusal
	}
	u := p.user(username)
	if u == nil {
		p.counters.LoginsRefused++
		return "", refused(p.switches.RefusedStatus, p.switches.RefusedCode)
	}
	if refusal := p.authenticate(u, password, true); refusal != nil {
		p.counters.LoginsRefused++
		return "", refusal
	}
	u.strikes = 0
	if p.switches.LoginEndsOthers {
		p.endSessions(u, sessionEnded)
	}
	p.forgetDead()
	now := p.now()
	token = p.newGUID()
	p.sessions[token] = &session{user: u, started: now, used: now}
	p.counters.LoginsAccepted++
	return token, nil
}

// authenticate compares a password and keeps the count of strikes.
func (p *Platform) authenticate(u *user, password string, strikes bool) *Refusal {
	if u.locked {
		p.counters.LockedOut++
		return refused(p.switches.LockedStatus, p.switches.LockedCode)
	}
	if u.password == password {
		return nil
	}
	if strikes {
		u.strikes++
		p.counters.MaxStrikes = max(p.counters.MaxStrikes, u.strikes)
		if u.strikes >= p.switches.StrikeLimit {
			u.locked = true
			p.counters.Lockouts++
		}
	}
	return refused(p.switches.RefusedStatus, p.switches.RefusedCode)
}

// unsuitable refuses what the platform does not look at any further, which is no strike: the
// password was not compared.
func unsuitable(values ...string) *Refusal {
	for _, v := range values {
		if strings.ContainsAny(v, `'<\`) {
			return bad(codeInvalidCharacter)
		}
	}
	for _, v := range values {
		if v == "" {
			return bad(codeUnexpected)
		}
	}
	return nil
}

func (p *Platform) user(name string) *user {
	if u := p.users[name]; u != nil || !p.switches.UsernameIgnoresCase {
		return u
	}
	for _, u := range p.users {
		if strings.EqualFold(u.name, name) {
			return u
		}
	}
	return nil
}

// LogOut ends a session and returns its token.
func (p *Platform) LogOut(token string) (string, *Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.switches.LogoutOfDeadSessionSucceeds && guid.MatchString(token) {
		if _, refusal := p.look(token); refusal != nil {
			return token, nil
		}
	}
	s, refusal := p.use(token)
	if refusal != nil {
		return "", refusal
	}
	s.state = sessionEnded
	p.counters.SessionsEnded++
	return token, nil
}

// ResetPassword replaces the password of the session's user by a random one, effective at once
// (documented).
func (p *Platform) ResetPassword(token, oldPassword string) (newPassword string, refusal *Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, refusal := p.use(token)
	if refusal != nil {
		return "", refusal
	}
	if refusal := unsuitable(oldPassword); refusal != nil {
		return "", refusal
	}
	if refusal := p.authenticate(s.user, oldPassword, p.switches.RefusedResetStrikes); refusal != nil {
		p.counters.ResetsRefused++
		return "", refusal
	}
	s.user.password = p.newPassword()
	p.touch(s)
	if p.switches.ResetClearsStrikes {
		s.user.strikes = 0
	}
	if p.switches.ResetEndsSessions {
		p.endSessions(s.user, sessionEnded)
	}
	p.counters.ResetsDone++
	return s.user.password, nil
}

// RefusesSession says why a session token is not good, nil if it is. It does not count as use.
func (p *Platform) RefusesSession(token string) *Refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, refusal := p.look(token)
	return refusal
}

// use is look by a call that may count as activity.
func (p *Platform) use(token string) (*session, *Refusal) {
	s, refusal := p.look(token)
	if refusal != nil {
		p.counters.SessionsRefused++
	} else if p.switches.Activity == ActivityAny {
		p.touch(s)
	}
	return s, refusal
}

func (p *Platform) look(token string) (*session, *Refusal) {
	switch {
	case token == "":
		return nil, bad(codeTokenFormat)
	case !guid.MatchString(token):
		return nil, bad(codeTokenInvalid)
	}
	s := p.sessions[strings.ToLower(token)]
	if s == nil {
		return nil, bad(p.switches.UnknownSessionCode)
	}
	p.age(s)
	switch s.state {
	case sessionExpired:
		return nil, bad(codeTokenExpired)
	case sessionEnded:
		return nil, bad(p.switches.UnknownSessionCode)
	}
	return s, nil
}

// age expires a session whose time is over.
func (p *Platform) age(s *session) {
	if s.state != sessionAlive {
		return
	}
	now := p.now()
	if now.Sub(s.used) >= p.switches.IdleLimit ||
		p.switches.SessionLifetime > 0 && now.Sub(s.started) >= p.switches.SessionLifetime {
		s.state = sessionExpired
	}
}

func (p *Platform) touch(s *session) { s.used = p.now() }

func (p *Platform) endSessions(u *user, state sessionState) {
	for _, s := range p.sessions {
		if s.user == u && s.state == sessionAlive {
			s.state = state
		}
	}
}

func (p *Platform) forgetDead() {
	if len(p.sessions) < most {
		return
	}
	for token, s := range p.sessions {
		if p.age(s); s.state != sessionAlive {
			delete(p.sessions, token)
		}
	}
}

func (p *Platform) newGUID() string {
	b := p.random(16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// newPassword looks like the documented example: 12 letters and digits.
func (p *Platform) newPassword() string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789abcdefg"
	b := p.random(12)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}
