package session

import (
	"context"
	"net/http"
	"time"

	"iot.internal/thingspace/internal/fault"
	"iot.internal/thingspace/internal/ledger"
)

// nilToken is a well-formed session token that nobody has.
const nilToken = "00000000-0000-0000-0000-000000000000"

// probe asks the platform to end a session that does not exist. An answer of the session service,
// even a refusal, shows that it is there to judge a login: then one more strike may be risked. That
// this is so is our inference about the platform; [Config.NoProbe] switches it off.
func (a *acquiring) probe(ctx context.Context, account *account, lease string) error {
	c := a.c
	answer := c.probeOnce(ctx, a.bearer)
	if answer.fault.Bearer() && a.anotherBearer(ctx, account) {
		answer = c.probeOnce(ctx, a.bearer)
	}
	// A service that says it is broken judges no login.
	paid := answer.fault.Kind == fault.M2M && answer.status < http.StatusInternalServerError || answer.status == http.StatusOK && answer.value != ""
	var after ledger.Record
	err := c.settle(ctx, account, func(r ledger.Record) (ledger.Record, bool) {
		after = r.SettleProbe(lease, paid, time.Now().UTC(), answer.retryAfter)
		return after, true
	})
	wait := after.Wait(time.Now())
	c.traceProbe(ProbeEvent{Paid: paid, StatusCode: answer.status, RetryAfter: wait, Err: answer.err})
	if err != nil || paid {
		return err
	}
	e := a.failure(answer, "probe")
	e.RetryAfter = max(e.RetryAfter, wait)
	if e.Op == "probe" {
		e.err = because(ErrBackoff, answer.err)
	}
	return e
}

func (c *Client) probeOnce(ctx context.Context, b *bearerPart) answer {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.CallTimeout)
	defer cancel()
	return c.wire.logout(ctx, b, nilToken)
}
