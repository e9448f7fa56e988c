package platform

// ExpireSessions lets every living session run out of its 20 minutes now.
func (p *Platform) ExpireSessions() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sessions {
		if s.state == sessionAlive {
			s.state = sessionExpired
		}
	}
}

// ExpireBearers ends every bearer now: the next request to the token endpoint gets another one.
func (p *Platform) ExpireBearers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.apps {
		a.token = ""
	}
}

// SetPassword changes a user's password, as a person would in the portal; it reports whether there is
// such a user. Strikes and sessions stay.
func (p *Platform) SetPassword(username, password string) bool {
	return p.change(username, func(u *user) { u.password = password })
}

// Lock locks a user.
func (p *Platform) Lock(username string) bool {
	return p.change(username, func(u *user) { u.locked = true })
}

// Unlock is what Verizon support does: the user may log in again, with no strikes.
func (p *Platform) Unlock(username string) bool {
	return p.change(username, func(u *user) { u.locked, u.strikes = false, 0 })
}

// ClearStrikes forgets failed logins, as a successful login elsewhere does. A locked user stays locked.
func (p *Platform) ClearStrikes(username string) bool {
	return p.change(username, func(u *user) { u.strikes = 0 })
}

func (p *Platform) change(username string, change func(*user)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.user(username)
	if u != nil {
		change(u)
	}
	return u != nil
}

// Password is the password that is in force, "" if there is no such user.
func (p *Platform) Password(username string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u := p.user(username); u != nil {
		return u.password
	}
	return ""
}

// Account is what the platform knows of a user, without the password.
type Account struct {
	Username string `json:"username"`
	Strikes  int    `json:"strikes"`
	Locked   bool   `json:"locked"`
	Sessions int    `json:"sessions"` // that are alive
}

// User tells of a user, and whether there is one.
func (p *Platform) User(username string) (Account, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.user(username)
	if u == nil {
		return Account{}, false
	}
	a := Account{Username: u.name, Strikes: u.strikes, Locked: u.locked}
	for _, s := range p.sessions {
		if p.age(s); s.user == u && s.state == sessionAlive {
			a.Sessions++
		}
	}
	return a, true
}
