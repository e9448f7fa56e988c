package platform

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheLimitsAreSwitches(t *testing.T) {
	w := ready(t).switched(func(s *Switches) {
		s.IdleLimit, s.BearerLifetime, s.StrikeLimit = time.Minute, 10*time.Minute, 2
	})
	w.at = w.at.Add(time.Minute)
	w.expect(w.use(), 400, codeTokenExpired)
	w.expect(w.login(testUser, "wrong"), 400, codeWrongPassword)
	w.expect(w.login(testUser, "wrong"), 400, codeWrongPassword)
	w.expect(w.login(testUser, testPass), 400, codeLocked)
	w.fetch() // still the one of an hour
	w.at = w.at.Add(time.Hour)
	w.fetch()
	w.at = w.at.Add(10 * time.Minute)
	w.expect(w.use(), 401, "900901")
}

func TestASessionMayHaveAMaximumLifetime(t *testing.T) {
	w := ready(t).switched(func(s *Switches) { s.SessionLifetime = 30 * time.Minute })
	w.at = w.at.Add(19 * time.Minute)
	w.expect(w.use(), 200, "")
	w.at = w.at.Add(11 * time.Minute)
	w.expect(w.use(), 400, codeTokenExpired)
}

func TestWhatCountsAsUseIsASwitch(t *testing.T) {
	for activity, status := range map[Activity]int{ActivityAccepted: 400, ActivityAny: 200} {
		w := ready(t).switched(func(s *Switches) { s.Activity = activity })
		w.at = w.at.Add(15 * time.Minute)
		w.expect(w.call(http.MethodGet, "/m2m/v1/accounts/9", ""), 400, codeAccountNotFound)
		w.expect(w.reset("wrong"), 400, codeWrongPassword)
		w.expect(w.call(http.MethodPut, ResetPath, ""), 400, codeRequestUndefined)
		w.at = w.at.Add(15 * time.Minute)
		if r := w.use(); r.Code != status {
			t.Errorf("%s: status %d after refused calls, want %d", activity, r.Code, status)
		}
	}
}

func TestASecondLoginMayEndTheFirst(t *testing.T) {
	for _, ends := range []bool{false, true} {
		w := ready(t).switched(func(s *Switches) { s.LoginEndsOthers = ends })
		first := w.token
		w.expect(w.login("arthur", "h2g2"), 200, "") // another user's is left alone
		w.token = first
		w.expect(w.use(), 200, "")
		w.expect(w.login(testUser, testPass), 200, "")
		second := w.token
		w.token = first
		if r := w.use(); (r.Code == 400) != ends {
			t.Errorf("status %d for the first session", r.Code)
		}
		w.token = second
		w.expect(w.use(), 200, "")
	}
}

func TestUserNamesMayIgnoreCase(t *testing.T) {
	w := ready(t)
	w.expect(w.login("ZBeeblebrox", testPass), 400, codeWrongPassword)
	w.switched(func(s *Switches) { s.UsernameIgnoresCase = true })
	w.expect(w.login("ZBeeblebrox", testPass), 200, "")
	w.expect(w.login("ZBEEBLEBROX", "wrong"), 400, codeWrongPassword)
	if u, _ := w.User(testUser); u.Strikes != 1 {
		t.Errorf("%d strikes, want 1 whatever the case", u.Strikes)
	}
}

func TestRefusalsAreSwitches(t *testing.T) {
	w := ready(t).switched(func(s *Switches) {
		s.RefusedStatus, s.RefusedCode = 403, "REQUEST_FAILED.Login.Refused"
		s.LockedStatus, s.LockedCode = 423, "REQUEST_FAILED.Login.Locked"
		s.UnknownSessionCode = codeTokenExpired
	})
	w.expect(w.login(testUser, "wrong"), 403, "REQUEST_FAILED.Login.Refused")
	w.expect(w.login("nobody", "wrong"), 403, "REQUEST_FAILED.Login.Refused")
	w.Lock(testUser)
	w.expect(w.login(testUser, testPass), 423, "REQUEST_FAILED.Login.Locked")
	w.expect(w.reset(testPass), 423, "REQUEST_FAILED.Login.Locked")
	w.token = "bcce3ea6-fe4f-4952-bacf-eadd80718e83"
	w.expect(w.use(), 400, codeTokenExpired)
}

func TestLogoutOfADeadSessionIsASwitch(t *testing.T) {
	w := ready(t)
	w.ExpireSessions()
	w.expect(w.logout(), 400, codeTokenExpired)
	w.switched(func(s *Switches) { s.LogoutOfDeadSessionSucceeds = true })
	w.expect(w.logout(), 200, "")
	w.expect(w.use(), 400, codeTokenExpired)
	w.token = "nonsense"
	w.expect(w.logout(), 400, codeTokenInvalid)
}

func TestWhatAResetDoesIsASwitch(t *testing.T) {
	for _, on := range []bool{false, true} {
		w := ready(t).switched(func(s *Switches) {
			s.RefusedResetStrikes, s.ResetEndsSessions, s.ResetClearsStrikes = on, on, on
		})
		w.expect(w.reset("wrong"), 400, codeWrongPassword)
		if n := w.Counters(); (n.Strikes == 1) != on || n.ResetsRefused != 1 {
			t.Errorf("%t: %d strikes after a refused reset", on, n.Strikes)
		}
		w.login(testUser, "wrong")
		strikes := w.Counters().Strikes
		w.expect(w.reset(testPass), 200, "")
		if n := w.Counters().Strikes; on && n != 0 || !on && n != strikes {
			t.Errorf("%t: %d strikes after a reset, %d before", on, n, strikes)
		}
		if r := w.use(); (r.Code == 400) != on {
			t.Errorf("%t: status %d for a session after a reset", on, r.Code)
		}
	}
}

func TestTheGatewayWritesFaultsInFiveForms(t *testing.T) {
	for form, want := range map[FaultForm]string{
		FaultJSON:      `{"fault":{"code":"900901",`,
		FaultNumber:    `{"fault":{"code":900901,`,
		FaultUnwrapped: `{"code":"900901",`,
		FaultXML:       `<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>900901</am:code><am:message>Invalid Credentials<`,
		FaultAccept:    `<am:fault`,
	} {
		w := ready(t).switched(func(s *Switches) { s.FaultForm = form })
		w.ExpireBearers()
		w.form = "application/xml"
		r := w.use()
		if r.Code != 401 || !strings.HasPrefix(r.Body.String(), want) {
			t.Errorf("%s: %d %s", form, r.Code, r.Body)
		}
		if kind := r.Header().Get("Content-Type"); strings.HasPrefix(want, "<") != (kind == "application/xml") {
			t.Errorf("%s: type %s", form, kind)
		}
		w.form = "application/json, application/xml"
		if r := w.use(); form == FaultAccept && !strings.HasPrefix(r.Body.String(), `{"fault"`) {
			t.Errorf("%s: %s for one who takes both", form, r.Body)
		}
	}
}

func TestOtherFamiliesRefuseSessionsOtherwise(t *testing.T) {
	for shape, want := range map[ExpiryShape]struct {
		status int
		body   string
	}{
		ExpiryLocation:       {400, `{"errorCode":"INVALID_PARAMETER","errorMessage":"UWS verification failure (The Session has expired.)"}`},
		ExpiryCloudConnector: {401, `{"error":"unauthorized","error_description":"Failure response received for UWS V1 REST accounts: [400]`},
	} {
		w := ready(t).switched(func(s *Switches) { s.ResourceExpiry = shape })
		w.ExpireSessions()
		if r := w.use(); r.Code != want.status || !strings.HasPrefix(r.Body.String(), want.body) {
			t.Errorf("%s: %d %s", shape, r.Code, r.Body)
		}
		w.expect(w.logout(), 400, codeTokenExpired) // the session endpoints stay as they are
	}
}

func TestExpiresInMayBeMissingOrZero(t *testing.T) {
	w := newWorld(t)
	if r := w.fetch(); !strings.Contains(r.Body.String(), `"expires_in":3600`) {
		t.Errorf("%s", r.Body)
	}
	w.switched(func(s *Switches) { s.ZeroExpiresIn = true })
	if r := w.fetch(); !strings.Contains(r.Body.String(), `"expires_in":0`) {
		t.Errorf("%s", r.Body)
	}
	w.switched(func(s *Switches) { s.OmitExpiresIn = true })
	if r := w.fetch(); strings.Contains(r.Body.String(), "expires_in") {
		t.Errorf("%s", r.Body)
	}
}

func TestBearersMayBeFreshEachTime(t *testing.T) {
	w := ready(t)
	first := w.bearer
	if w.fetch(); w.bearer != first {
		t.Error("another bearer within the hour")
	}
	w.switched(func(s *Switches) { s.FreshBearers = true })
	w.fetch()
	fresh := w.bearer
	w.bearer = first
	w.expect(w.use(), 401, "900901")
	w.bearer = fresh
	w.expect(w.use(), 200, "")
}

func TestTheTokenEndpointSetsCookies(t *testing.T) {
	w := newWorld(t)
	if r := w.fetch(); len(r.Result().Cookies()) != 2 {
		t.Errorf("cookies %v", r.Result().Cookies())
	}
	w.switched(func(s *Switches) { s.Cookies = false })
	if r := w.fetch(); len(r.Result().Cookies()) != 0 {
		t.Error("cookies that are switched off")
	}
}

func TestSenselessSwitchesChangeNothing(t *testing.T) {
	w := newWorld(t)
	before := w.Switches()
	for name, change := range map[string]func(*Switches){
		"idle":      func(s *Switches) { s.IdleLimit = 0 },
		"lifetime":  func(s *Switches) { s.SessionLifetime = -1 },
		"bearer":    func(s *Switches) { s.BearerLifetime = 0 },
		"strikes":   func(s *Switches) { s.StrikeLimit = 0 },
		"refused":   func(s *Switches) { s.RefusedStatus = 200 },
		"locked":    func(s *Switches) { s.LockedStatus = 600 },
		"activity":  func(s *Switches) { s.Activity = "some" },
		"form":      func(s *Switches) { s.FaultForm = "yaml" },
		"resources": func(s *Switches) { s.ResourceExpiry = "other" },
	} {
		if w.SetSwitches(change) == nil || w.Switches() != before {
			t.Errorf("%s was taken", name)
		}
	}
}
