package dataversesim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is one way in which a request can go wrong.
type Kind string

// The kinds of faults. Those of the first group answer instead of the operation, which does not take effect.
const (
	KindUnauthorized     Kind = "unauthorized"       // 401, plain text
	KindMissingPrivilege Kind = "missing-privilege"  // 403 0x80040220
	KindNotMember        Kind = "not-member"         // 403 0x80072560
	KindAppRestricted    Kind = "app-restricted"     // 403 0x80095ffc
	KindFirewall         Kind = "ip-firewall"        // 403 0x80095ffe
	KindTooMany          Kind = "too-many-requests"  // 429 0x80072322; Entra's own at the token endpoint
	KindExecutionTime    Kind = "execution-time"     // 429 0x80072321
	KindConcurrent       Kind = "too-concurrent"     // 429 0x80072326
	KindServerError      Kind = "server-error"       // 500 with a JSON body
	KindServerErrorHTML  Kind = "server-error-html"  // 500 that is not JSON
	KindBadGateway       Kind = "bad-gateway"        // 502 HTML
	KindUnavailable      Kind = "unavailable"        // 503 HTML
	KindUnavailableEmpty Kind = "unavailable-empty"  // 503 without a body
	KindGatewayTimeout   Kind = "gateway-timeout"    // 504 HTML
	KindSecretExpired    Kind = "secret-expired"     // token endpoint: 401 AADSTS7000222
	KindTokenNoExpiry    Kind = "token-without-time" // token endpoint: 200 without expires_in

	KindHang = Kind("hang")               // no effect; no answer until the client leaves or Delay is over, then the connection drops
	KindDrop = Kind("drop-before-commit") // no effect; the connection drops at once

	KindSlow         Kind = "slow"             // works Delay long, then takes effect and answers; goes on when the client leaves
	KindLateCommit   Kind = "late-commit"      // the connection drops at once; the effect comes Delay later by the clock of Dynamics
	KindCommitHang   Kind = "commit-then-hang" // takes effect; no answer until the client leaves or Delay is over, then the connection drops
	KindCommitDrop   Kind = "commit-then-drop" // takes effect; the connection drops at once
	KindCommit500    Kind = "commit-then-500"  // takes effect; 500 with a JSON body
	KindCommit502    Kind = "commit-then-502"  // takes effect; 502 HTML
	KindTruncated    Kind = "truncated"        // takes effect; the body of the answer is cut in half
	KindPartialSeats Kind = "partial-seats"    // a finalize that gives a seat to the first attendee only
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		KindUnauthorized, KindMissingPrivilege, KindNotMember, KindAppRestricted, KindFirewall, KindTooMany, KindExecutionTime, KindConcurrent,
		KindServerError, KindServerErrorHTML, KindBadGateway, KindUnavailable, KindUnavailableEmpty, KindGatewayTimeout, KindSecretExpired, KindTokenNoExpiry,
		KindHang, KindDrop, KindSlow, KindLateCommit, KindCommitHang, KindCommitDrop, KindCommit500, KindCommit502, KindTruncated, KindPartialSeats,
	}
}

// Fault spoils requests. Faults are tried in the order they were added; the first that fits is used.
type Fault struct {
	// Operation is an Op… constant, an entity set, or one of AnyWebAPI, AnyFinalize and AnyPrice.
	Operation string
	Kind      Kind
	// Times is how many requests are spoiled: 0 means one, less than 0 means until ClearFaults.
	Times int
	// Purchase, if set, spoils only requests that name this purchase.
	Purchase string
	// Probability, if between 0 and 1, spoils a fitting request only by chance; the others pass and do not count.
	Probability float64
	// RetryAfter is the header of that name: seconds, "date+30s" for an HTTP date that far ahead, "-" for none, any other
	// text as it stands; "" is 10 for a 429 and none for the rest.
	RetryAfter string
	// Delay is real time for every kind but late-commit.
	Delay time.Duration
}

// AddFault queues a fault.
func (s *Sim) AddFault(f Fault) error {
	if err := f.validate(); err != nil {
		return err
	}
	f.Purchase = strings.ToLower(f.Purchase)
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return nil
}

// Faults are those that still wait.
func (s *Sim) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := make([]Fault, 0, len(s.faults))
	for _, f := range s.faults {
		waiting = append(waiting, *f)
	}
	return waiting
}

// ClearFaults takes every waiting fault away; effects that are only late still come.
func (s *Sim) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (f Fault) validate() error {
	switch {
	case !slices.Contains(Kinds(), f.Kind):
		return fmt.Errorf("fault kind %q is unknown; choose one of %q", f.Kind, Kinds())
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("fault probability %v is not between 0 and 1", f.Probability)
	case f.Delay < 0:
		return errors.New("fault delay is negative")
	case (f.Kind == KindSlow || f.Kind == KindLateCommit) && f.Delay == 0:
		return fmt.Errorf("a fault of kind %s needs a delay", f.Kind)
	}
	return nil
}

// misfortune finds the fault that spoils a call, if any, and uses it up. Held: s.mu.
func (s *Sim) misfortune(c call) Fault {
	for i, f := range s.faults {
		if !inGroup(f.Operation, c.operation) || f.Purchase != "" && f.Purchase != c.purchase {
			continue
		}
		if f.Probability > 0 && s.chance.Float64() >= f.Probability {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		if f.Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		s.counters.Faults[f.Kind]++
		return *f
	}
	return Fault{}
}

// endure lets a call happen in the way a fault wants it. Not sent means that the connection drops.
func (s *Sim) endure(ctx context.Context, c call, f Fault) (a answer, sent bool) {
	switch f.Kind {
	case KindHang:
		wait(ctx, f.Delay)
		return a, false
	case KindDrop:
		return a, false
	case KindSlow:
		return s.workSlowly(ctx, c, f)
	case KindLateCommit:
		s.with(func(time.Time) { s.after(f.Delay, func(at time.Time) { c.act(at, f) }) })
		return a, false
	case KindCommitHang:
		s.act(c, f)
		wait(ctx, f.Delay)
		return a, false
	case KindCommitDrop:
		s.act(c, f)
		return a, false
	}
	a = s.spoil(c, f)
	if f.Delay > 0 {
		wait(ctx, f.Delay)
	}
	return a, true
}

// workSlowly takes effect at the end of the delay, whether or not the client is still there.
func (s *Sim) workSlowly(ctx context.Context, c call, f Fault) (a answer, sent bool) {
	due := s.Now().Add(f.Delay)
	if wait(ctx, f.Delay) {
		return s.act(c, f), true
	}
	s.with(func(at time.Time) { s.after(due.Sub(at), func(at time.Time) { c.act(at, f) }) })
	return a, false
}

// spoil makes the answer of the kinds that do answer.
func (s *Sim) spoil(c call, f Fault) answer {
	switch f.Kind {
	case "", KindPartialSeats, KindTokenNoExpiry:
		return s.act(c, f)
	case KindCommit500:
		s.act(c, f)
		return failure(errUnexpected)
	case KindCommit502:
		s.act(c, f)
		return badGateway()
	case KindTruncated:
		return cut(s.act(c, f))
	}
	return s.refuse(c, f)
}
