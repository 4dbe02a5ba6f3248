package main

import (
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

// oneRefund is the law of what is sent back: of a payment goes back one sum, once, and none of what pays for a seat. The back office and
// banks may give back beside that.
func (l *lawbook) oneRefund() {
	for _, s := range l.shops {
		refunds := s.sentBack()
		for _, f := range l.fates {
			ours := 0
			for _, id := range s.paysFor(f) {
				n := refunds[id]
				if !f.returned.IsZero() && id == f.payment && s.Name == f.Provider {
					n = max(n-1, 0) // by the back office
				}
				if n > 1 {
					l.breach("refunded twice: scene %d (%s), purchase %s: payment %s at %s was sent back in %d parts", f.Scene, f.Turn, f.Purchase, id, s.Name, n)
				}
				ours += n
			}
			if ours > 0 && f.Seats > 0 && f.returned.IsZero() && !l.settled(f) && f.Captured-f.Refunded < f.Price {
				l.breach("seat and refund: scene %d (%s at %s), purchase %s: %d of %d are left of what paid for the seat", f.Scene, f.Turn, f.Provider, f.Purchase,
					f.Captured-f.Refunded, f.Price)
			}
		}
	}
}

// oneKey is the law that a refund is repeated by its key: of two keys a provider makes two refunds, if there is enough to give back. A key that
// was forgotten cannot be used again; that nothing goes back twice for that is the law of oneRefund.
func (l *lawbook) oneKey() {
	operations := map[string]map[string]bool{} // keys by account
	policy := l.daemon().program.bridge.Policy(demoEnvironment)
	for _, f := range l.fates {
		row, facts, ok := l.known(f)
		if !ok {
			continue
		}
		for _, pay := range purchase.Fold(row.Key, facts, policy).Payments {
			for _, a := range pay.Refunds {
				if operations[a.Account] == nil {
					operations[a.Account] = map[string]bool{}
				}
				operations[a.Account][a.Key] = true
			}
		}
	}
	for _, s := range l.shops {
		sent := map[string]bool{}
		for _, r := range s.Requests() {
			if r.Operation == "refund" && r.Key != "" && !l.forgot(r.At) {
				sent[r.Key] = true
			}
		}
		if n := len(operations[s.account()]); len(sent) > n {
			l.breach("refunded twice: %d refunds were asked of %s by %d keys", n, s.Name, len(sent))
		}
	}
}

// sentBack counts the refunds of each payment, without what banks took back.
func (s *shop) sentBack() map[string]int {
	n := map[string]int{}
	switch sim := s.Simulator.(type) {
	case interface{ Refunds() []providersim.Refund }:
		for _, r := range sim.Refunds() {
			if !r.Reversal {
				n[r.Payment]++
			}
		}
	case interface {
		Refunds() []providersim.PayPalRefund
	}:
		for _, r := range sim.Refunds() {
			if !r.Reversal {
				n[s.named(r.CaptureID)]++
			}
		}
	}
	return n
}

// named is the id of the payment of which a part is called so.
func (s *shop) named(part string) string {
	all := s.Payments()
	at := slices.IndexFunc(all, func(p providersim.Payment) bool {
		for _, name := range p.Names {
			if name == part {
				return true
			}
		}
		return p.ID == part
	})
	if at < 0 {
		return part
	}
	return all[at].ID
}
