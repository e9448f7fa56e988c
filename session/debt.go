package session

import (
	"context"
	"slices"
	"time"

	"iot.internal/thingspace/internal/ledger"
)

const (
	// settlePatience is how long an answer is tried to be recorded before the caller is served; what
	// could not be recorded is owed, and paid before anything else is sent.
	settlePatience = 5 * time.Second
	// Until a debt is paid it is tried again in the background, ever less often.
	firstReminder   = 5 * time.Second
	longestReminder = time.Minute
)

// debt is an answer to a login or reset that the store does not know yet.
type debt struct {
	account *account
	settle  func(ledger.Record) (ledger.Record, bool) // reports whether there is anything to write
	settled func(ctx context.Context)                 // what follows from it for this process; nil: nothing
}

// settleOrOwe records what must not be forgotten. What the store does not take now is owed.
func (c *Client) settleOrOwe(ctx context.Context, d *debt) error {
	err := c.settle(ctx, d.account, d.settle)
	if err != nil {
		c.owe(d)
	}
	return err
}

// owe remembers an answer until the store can be told. Other processes see the attempt as pending
// until then, so it is not left to this process's next login.
func (c *Client) owe(d *debt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed = append(c.owed, d)
	if !c.closed && !c.reminding {
		c.reminding = true
		c.tasks.Go(c.remind)
	}
}

// remind pays what is owed as soon as the store takes it; Close ends it.
func (c *Client) remind() {
	wait := firstReminder
	for {
		if pause(c.life, jitter(wait)) != nil {
			return
		}
		c.payAll(c.life)
		c.mu.Lock()
		if len(c.owed) == 0 {
			c.reminding = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		wait = min(2*wait, longestReminder)
	}
}

// payAll pays what can be paid.
func (c *Client) payAll(ctx context.Context) {
	for _, d := range c.debts() {
		if _, err := c.pay(ctx, d); err != nil {
			return
		}
	}
}

// payDebt records an answer that could not be recorded when it came. Until that is done no further
// login is sent: the refusal in it may concern the password in hand.
func (c *Client) payDebt(ctx context.Context, account *account) (paid bool, err error) {
	for _, d := range c.debts() {
		if d.account.key != account.key {
			continue
		}
		now, err := c.pay(ctx, d)
		if err != nil {
			return false, err
		}
		paid = paid || now
	}
	return paid, nil
}

func (c *Client) debts() []*debt {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.owed)
}

// pay settles a debt unless somebody else just has: settled a second time it would undo what has
// happened since.
func (c *Client) pay(ctx context.Context, d *debt) (bool, error) {
	select {
	case c.paying <- struct{}{}:
		defer func() { <-c.paying }()
	case <-ctx.Done():
		return false, c.storeFailed("swap", context.Cause(ctx))
	}
	if !slices.Contains(c.debts(), d) {
		return false, nil
	}
	if err := c.update(ctx, d.account, d.settle); err != nil {
		return false, err
	}
	if d.settled != nil {
		d.settled(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed = slices.DeleteFunc(c.owed, func(owed *debt) bool { return owed == d })
	return true, nil
}
