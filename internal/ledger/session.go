package ledger

import "time"

// Idle reports whether a session is known to be dead: nobody used it for longer than the platform
// keeps it.
func (s Session) Idle(now time.Time) bool { return now.Sub(s.LastUsed) > IdleLimit }

// publish puts the session of an accepted attempt into the record, unless it is void by now.
func (r *Record) publish(a Attempt, answer Answer, s *Settlement) {
	app := r.Applications[answer.App]
	if r.Epoch != a.Epoch || app.Session != nil && app.Session.Seq > a.Seq {
		s.Superseded = true
		return
	}
	// Past Seq, so that it does not go back when the application was dropped in between.
	app.Generation = max(app.Generation+1, r.Seq)
	app.Session = &Session{
		Sealed: answer.Sealed, Generation: app.Generation, Seq: a.Seq,
		Obtained: answer.Now, LastUsed: answer.Now,
	}
	r.put(answer.App, app, answer.Now)
	s.Published, s.Generation = true, app.Generation
}

// put stores an application, and drops the one not seen for longest when there are too many.
func (r *Record) put(id string, app Application, now time.Time) {
	app.Seen = now
	if r.Applications == nil {
		r.Applications = applications{}
	}
	r.Applications[id] = app
	for len(r.Applications) > maxApplications {
		r.dropOldest(id)
	}
}

// dropOldest drops the application not seen for longest, but not this one.
func (r *Record) dropOldest(but string) {
	oldest, found := "", false
	for id, a := range r.Applications {
		if id == but {
			continue
		}
		if last := r.Applications[oldest].Seen; !found || a.Seen.Before(last) || a.Seen.Equal(last) && id < oldest {
			oldest, found = id, true
		}
	}
	delete(r.Applications, oldest)
}

// Touch records that a session was used, and that it works. It reports whether anything is to be
// written: the record is at most a minute behind.
func (r Record) Touch(app string, generation uint64, used time.Time) (Record, bool) {
	a := r.Applications[app]
	if a.Session == nil || a.Session.Generation != generation {
		return r, false
	}
	if a.Session.Proven && used.Sub(a.Session.LastUsed) < time.Minute {
		return r, false
	}
	r = r.clone()
	session := *a.Session
	session.Proven = true
	if used.After(session.LastUsed) {
		session.LastUsed = used
	}
	a.Session, a.Unproven = &session, 0
	r.put(app, a, used)
	return r, true
}

// BeginLogout makes void every login that is under way. The session stays until the platform has
// ended it, so that a logout that failed can be repeated.
func (r Record) BeginLogout() Record {
	r = r.clone()
	r.Epoch++
	return r
}

// Drop removes a session that has ended, if it still is that one.
func (r Record) Drop(app string, generation uint64) (Record, bool) {
	a := r.Applications[app]
	if a.Session == nil || a.Session.Generation != generation {
		return r, false
	}
	r = r.clone()
	a.Session = nil
	r.Applications[app] = a
	return r, true
}

// BeginFetch asks to fetch a bearer, so that processes that start together fetch one. It is a
// courtesy, not a guarantee: nothing depends on it.
func (r Record) BeginFetch(app string, c Claim) (Record, Verdict) {
	a := r.Applications[app]
	if a.Fetch != nil && !c.lapsed(a.Fetch.ID) {
		return r, Verdict{Decision: WaitLogin, Lease: *a.Fetch}
	}
	r = r.clone()
	a.Fetch = &Lease{ID: c.ID, Length: c.Length}
	r.put(app, a, c.Now)
	return r, Verdict{Decision: Proceed, Changed: true}
}

// EndFetch publishes a bearer, or nil when none could be had.
func (r Record) EndFetch(app, id string, bearer *Bearer, now time.Time) Record {
	r = r.clone()
	a := r.Applications[app]
	if a.Fetch != nil && a.Fetch.ID == id {
		a.Fetch = nil
	}
	if bearer != nil {
		a.Bearer = bearer
	}
	r.put(app, a, now)
	return r
}
