package providersim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A Notifier is a simulated account at a provider of which only the notifications matter, and at some the reading back: the organiser's
// own page makes the payments.
type Notifier struct {
	*till
	voice
}

// A voice is how one provider tells of payments.
type voice interface {
	// begins makes the payment of a button, with the PurchaseId where an organiser would put it. Held: till.mu.
	begins(t *till, purchase string) *Payment
	// news are the notifications of what became of a payment, in the order in which they leave. Held: till.mu.
	news(t *till, p *Payment, e event) []news
	// sign dresses a notification under a key of the account, or under another key, as it leaves at that time.
	sign(n news, at time.Time, key string) Notice
	// key is the one that signs.
	key() string
	// elsewhere are voices of other accounts whose messages must not be taken: of the other mode, of another merchant.
	elsewhere() []voice
	// stales tells that a message says when it was signed.
	stales() bool
	// settings are those of a daemon that hears it. The origin is the simulator's own.
	settings(origin string) Settings
}

// A server is a voice that can be asked, too.
type server interface {
	serve(n *Notifier, mux *http.ServeMux)
}

// An acknowledged voice has its own idea of an acknowledgement.
type acknowledged interface {
	accepts(status int, body []byte) bool
}

// news is one notification before it is signed.
type news struct {
	name  string
	id    string // of the message, where it has one outside of the body
	early bool   // others may overtake it
	body  []byte
	query string
	at    time.Time // when it was signed, where repeats are not signed anew
}

// newNotifier makes the simulator of a voice.
func newNotifier(c Config, v voice, retries func(int) (time.Duration, bool)) *Notifier {
	n := &Notifier{voice: v}
	n.till = newTill(c, n, retries)
	if a, ok := v.(acknowledged); ok {
		n.accepts = a.accepts
	}
	return n
}

// Handler implements Simulator.
func (n *Notifier) Handler() http.Handler {
	mux := http.NewServeMux()
	if s, ok := n.voice.(server); ok {
		s.serve(n, mux)
	}
	return mux
}

// Control implements Simulator.
func (n *Notifier) Control() http.Handler { return control(n, n.state) }

// Manners implements Simulator.
func (n *Notifier) Manners() Manners {
	_, asks := n.voice.(server)
	return Manners{AsksButton: asks, NamesNobody: true}
}

// Settings implements Simulator.
func (n *Notifier) Settings(callback string) Settings {
	n.SetCallback(callback)
	s := n.settings(n.ownOrigin())
	s.Kind = "generic"
	return s
}

// Key is the key that signs, as the provider shows it.
func (n *Notifier) Key() string { return n.key() }

// Button implements Simulator.
func (n *Notifier) Button(b ButtonPayment) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.begins(n.till, b.Purchase)
	return n.pay(p, b)
}

func (n *Notifier) moved(p *Payment, e event) {
	for _, one := range n.news(n.till, p, e) {
		one.at = n.cfg.Now()
		n.send(p.ID, one.name, one.early, func(at time.Time, _ int) Notice { return n.signed(one, at) })
	}
}

// signed dresses a notification in the account's own key. Notice that says where it goes by its query keeps it.
func (n *Notifier) signed(one news, at time.Time) Notice { return n.sign(one, at, n.key()) }

func (n *Notifier) back(*Payment, action) way { return way{} } // it has no pay page

// Signed is a genuine notification of any body, sent at that time.
func (n *Notifier) Signed(at time.Time, body []byte) Notice {
	return n.signed(news{id: "msg_made_up", body: body, at: at}, at)
}

// Forgeries implements Simulator: unsigned, signed with another key, changed, stale where that shows, and of other accounts.
func (n *Notifier) Forgeries(f Forgery) []Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	of := func(v voice) news {
		p := v.begins(n.till, f.Purchase)
		p.Value, p.Currency, p.Captured, p.Status, p.Created, p.Updated = f.Value, f.Currency, f.Value, isCaptured, n.now(), n.now()
		all := v.news(n.till, p, event{kind: wasCaptured})
		one := all[len(all)-1]
		one.at = n.cfg.Now()
		return one
	}
	now, ours := n.cfg.Now(), of(n.voice)
	unsigned := Notice{Header: http.Header{"Content-Type": n.signed(ours, now).Header["Content-Type"]}, Query: ours.query, Body: ours.body}
	changed := n.signed(ours, now)
	changed.Body = bytes.Clone(changed.Body)
	changed.Body[len(changed.Body)/2] ^= 1
	all := []Notice{unsigned, n.sign(ours, now, otherKey(n.key())), changed}
	if n.stales() {
		old := ours
		old.at = now.Add(-100 * time.Hour)
		all = append(all, n.signed(old, old.at))
	}
	for _, v := range n.elsewhere() {
		all = append(all, n.signed(of(v), now))
	}
	return all
}

// otherKey is a key of the same kind that is not the account's.
func otherKey(key string) string {
	b := []byte(key)
	for i := len(b) - 3; i > len(b)-7; i-- {
		if b[i]++; b[i] > 'f' || b[i] > '9' && b[i] < 'a' {
			b[i] = '1'
		}
	}
	return string(b)
}

// set adds what is not empty.
func set(m map[string]string, key, value string) {
	if value != "" {
		m[key] = value
	}
}

// lowerID makes an id of small letters and digits. Held: mu.
func lowerID(t *till, prefix string, n int) string { return strings.ToLower(t.id(prefix, n)) }

// encode writes JSON as most providers do: one line, without escaping.
func encode(body any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil { // maps, strings and numbers
		panic(fmt.Sprintf("providersim: write a notification: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// isoMinor is a decimal as a whole number of the currency's minor units by the standard.
func isoMinor(value, currency string) json.Number { return minorOf(value, decimals(currency)) }

func minorOf(value string, digits int) json.Number {
	whole, _ := minorUnits(minus(value, "0", digits), digits)
	return json.Number(whole)
}

// later waits so long after each try, and ends after the last.
func later(waits ...time.Duration) func(int) (time.Duration, bool) {
	return func(try int) (time.Duration, bool) {
		if try > len(waits) {
			return 0, false
		}
		return waits[try-1], true
	}
}
