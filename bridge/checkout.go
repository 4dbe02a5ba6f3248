package bridge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/failpoint"
	"github.com/paybridge/paybridge/bridge/purchase"
)

const (
	visibleWithin = 5 * time.Second  // a fresh purchase may be invisible for a moment
	patientFor    = 8 * time.Second  // a buyer waits this long for a busy Dynamics
	unknownFor    = 15 * time.Second // what Dynamics did not know is not asked about again so soon
	unknownUpTo   = 10_000
	tokenLife     = 48 * time.Hour
	returnsEvery  = 2 * time.Second  // how often a page that is open may make us ask; who comes back to pay, twice as often
	returnFor     = 10 * time.Second // how old the provider's word may be that a buyer is told; the page looks again sooner
	returnsUpTo   = 500              // facts of a purchase, beyond which returns are no longer noted
)

// Checkout takes a buyer from the registration to the provider's pay page. One purchase has one pay session at a time: a reload
// gets the same one. What moves the buyer on is durable before the buyer is sent away.
func (b *Bridge) Checkout(ctx context.Context, req CheckoutRequest) (CheckoutResult, error) {
	account, ok := b.accounts[req.Account]
	if !ok {
		return CheckoutResult{Outcome: BadRequest}, nil
	}
	key := purchase.Key{Environment: account.Environment, ID: req.PurchaseID}
	v, err, _ := b.opening.Do(account.Name+" "+key.String(), func() (any, error) {
		c := &checkout{Bridge: b, account: account, env: b.environments[account.Environment], key: key, req: req}
		return c.run(context.WithoutCancel(ctx))
	})
	result, _ := v.(CheckoutResult)
	return result, err
}

// A checkout is one buyer's way to the pay page.
type checkout struct {
	*Bridge
	account Account
	env     Environment
	key     purchase.Key
	req     CheckoutRequest
	facts   []purchase.Fact
}

func (c *checkout) run(ctx context.Context) (CheckoutResult, error) {
	opener, opens := c.account.Provider.(Opener)
	_, bills := c.env.Policy.Bills(c.account.Name)
	if !opens && !bills {
		return CheckoutResult{Outcome: BadRequest}, nil
	}
	if _, facts, err := c.Store.Find(ctx, c.key); err == nil {
		c.facts = facts
	} else if !errors.Is(err, ErrNotFound) {
		return CheckoutResult{Outcome: DataverseError}, err
	}
	switch p := c.fold(); {
	case p.Settled():
		return c.alreadyPaid(ctx, p)
	case p.Released():
		return CheckoutResult{Outcome: CheckoutExpired}, nil
	}
	if result, err := c.arrive(ctx); err != nil || result.Outcome != "" {
		return result, err
	}
	p := c.fold()
	if p.Offer.Detail.Seats == purchase.SeatsAll {
		return c.alreadyPaid(ctx, p)
	}
	if bills {
		return c.invoice(ctx, p)
	}
	return c.open(ctx, opener, p)
}

func (c *checkout) fold() purchase.Purchase { return purchase.Fold(c.key, c.facts, c.env.Policy) }

// arrive reads the price and keeps that the buyer came. Nothing is kept of a purchase that Dynamics does not know.
func (c *checkout) arrive(ctx context.Context) (CheckoutResult, error) {
	if c.unknown.has(c.key, c.Clock.Now()) {
		return CheckoutResult{Outcome: UnknownPurchase}, nil
	}
	offer, err := c.visible(purchase.Anonymous(ctx))
	switch {
	case errors.Is(err, purchase.ErrNoPurchase):
		c.unknown.add(c.key, c.Clock.Now())
		return CheckoutResult{Outcome: UnknownPurchase}, nil
	case err != nil:
		return CheckoutResult{Outcome: DataverseError}, fmt.Errorf("read the price: %w", err)
	}
	wanted, agreed := agree(offer.Event, c.account.Event, c.req.Event)
	if !agreed {
		return CheckoutResult{Outcome: BadRequest}, nil
	}
	now := c.Clock.Now()
	priced, _ := offered(offer, nil, c.fold().Basis())
	priced.Standing, priced.At, priced.Purchase = purchase.Own, now, c.key
	arrived := purchase.Fact{Purchase: c.key, Kind: purchase.Arrived, Standing: purchase.Heard, Account: c.account.Name,
		Detail: purchase.Detail{Event: wanted, User: c.req.User}}
	if c.fold().Arrived.IsZero() {
		arrived.At = now
		return CheckoutResult{}, c.learn(ctx, Keeping{Facts: []purchase.Fact{priced, arrived}})
	}
	return CheckoutResult{}, c.learn(ctx, Keeping{Facts: []purchase.Fact{priced}})
}

// agree is the one event that all who name one mean.
func agree(events ...string) (event string, agreed bool) {
	for _, e := range events {
		if e != "" && event != "" && !strings.EqualFold(e, event) {
			return "", false
		}
		event = cmp.Or(event, e)
	}
	return event, true
}

// visible reads the price: again for a moment, ever more slowly, if the purchase is not there yet, or if there is a short pause.
func (c *checkout) visible(ctx context.Context) (purchase.Offer, error) {
	began := c.Clock.Now()
	for pause := visibleWithin / 10; ; pause *= 2 {
		offer, err := c.env.Registrar.Price(ctx, c.key)
		if err == nil || errors.Is(err, purchase.ErrNoPrice) {
			return offer, err
		}
		wait, bound := pause, visibleWithin
		if !errors.Is(err, purchase.ErrNoPurchase) {
			after, again := purchase.Retry(err)
			if !again {
				return offer, err
			}
			wait, bound = max(after, pause), patientFor
		}
		if c.Clock.Now().Add(wait).Sub(began) > bound {
			return offer, err
		}
		if err := c.Clock.Sleep(ctx, wait); err != nil {
			return offer, err
		}
	}
}

func (c *checkout) learn(ctx context.Context, k Keeping) error {
	if _, err := c.keep(ctx, k); err != nil {
		return fmt.Errorf("keep the checkout: %w", err)
	}
	_, facts, err := c.Store.Find(ctx, c.key)
	c.facts = facts
	return err
}

// open sends the buyer to the session that is open, or to a new one.
func (c *checkout) open(ctx context.Context, opener Opener, p purchase.Purchase) (CheckoutResult, error) {
	now := c.Clock.Now()
	if !now.Before(p.Deadline.At.Add(-c.env.Policy.MinTimeLeft)) {
		return CheckoutResult{Outcome: CheckoutExpired}, nil
	}
	token := c.Chance.Token()
	order := c.order(p, token)
	session := p.Session(c.account.Name, now)
	switch {
	case session == nil || session.Money != p.Offer.Money:
	case session.Detail.Form: // the same session by a new form, with a way back that is good
		order.Payment = session.Payment
	default:
		return CheckoutResult{Outcome: Redirected, Redirect: session.Detail.URL}, nil
	}
	failpoint.Hit("open session", "call")
	made, err := opener.Open(ctx, order)
	failpoint.Hit("open session", "called")
	if err != nil {
		return CheckoutResult{Outcome: ProviderError}, fmt.Errorf("open a pay session at %s: %w", c.account.Name, err)
	}
	remembered := c.token(token, made.Payment, p)
	keeping := Keeping{Token: &remembered}
	if order.Payment == "" {
		_, askable := opener.(Asker)
		keeping.Facts = []purchase.Fact{{Purchase: c.key, Kind: purchase.Opened, Standing: purchase.Own, Account: c.account.Name, Payment: made.Payment,
			Object: made.Session, Money: p.Offer.Money, At: now, Detail: purchase.Detail{URL: made.URL, Until: made.Until,
				Capturable: made.Capturable, Voidable: made.Voidable, Form: len(made.Form) > 0, Unaskable: !askable, OneTry: made.OneTry}}}
	}
	if err := c.learn(ctx, keeping); err != nil {
		return CheckoutResult{Outcome: ProviderError}, err
	}
	if c.fold().Released() { // meanwhile; the session is known and will be ended
		return CheckoutResult{Outcome: CheckoutExpired}, nil
	}
	c.Log.Info("buyer sent to pay", zap.String("account", c.account.Name), zap.String("purchase", c.key.ID), zap.String("payment", made.Payment))
	return CheckoutResult{Outcome: Redirected, Redirect: made.URL, Form: made.Form}, nil
}

// order carries what Dynamics will need back, under our seal where the adapter seals. A contact goes along only if Dynamics named it.
func (c *checkout) order(p purchase.Purchase, token string) purchase.Order {
	return purchase.Order{
		Reference:   purchase.Reference{Purchase: c.key.ID, Event: p.Reference.Event, User: p.Offer.Detail.User},
		Money:       p.Offer.Money,
		Description: p.Offer.Detail.EventName,
		Until:       p.Deadline.At,
		Return:      c.PublicURL + "/return/" + token,
		Language:    c.req.Language,
		Reserve:     c.env.Policy.SeatFirst(c.account.Name),
		Key:         orderKey(c.account.Name, c.key, len(p.Payments), p.Offer.Money),
	}
}

// orderKey is the same for two nodes that open the same session at once.
func orderKey(account string, key purchase.Key, before int, price purchase.Money) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{account, key.String(), strconv.Itoa(before), price.String()}, "\x00")))
	return "open-" + hex.EncodeToString(sum[:16])
}

func (c *checkout) token(token, payment string, p purchase.Purchase) Token {
	return Token{Hash: TokenHash(token), Purchase: c.key, Account: c.account.Name, Payment: payment, Language: c.req.Language,
		Return: c.req.ReturnURL, Expires: p.Deadline.At.Add(tokenLife)}
}

// alreadyPaid leads to a return page instead of a second payment.
func (c *checkout) alreadyPaid(ctx context.Context, p purchase.Purchase) (CheckoutResult, error) {
	token := c.Chance.Token()
	remembered := c.token(token, "", p)
	if err := c.learn(ctx, Keeping{Token: &remembered}); err != nil {
		return CheckoutResult{Outcome: DataverseError}, err
	}
	return CheckoutResult{Outcome: AlreadyPaid, Redirect: c.PublicURL + "/return/" + token}, nil
}

// TokenHash is what the store keeps of a return token.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// ShortReference is what buyer and support call a purchase by.
func ShortReference(key purchase.Key) string {
	sum := sha256.Sum256([]byte(key.String()))
	return "PB-" + base32.StdEncoding.EncodeToString(sum[:5])
}
