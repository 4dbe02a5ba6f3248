package main

import (
	"cmp"
	"fmt"
	"io"
)

// A campaignSum is what all simulations of a campaign came to.
type campaignSum struct {
	SchemaVersion   int       `json:"schema_version"`
	Played          string    `json:"played"` // the seeds, FROM-TO; "" for none
	Interrupted     bool      `json:"interrupted"`
	Seeds           int       `json:"seeds"`
	Purchases       int       `json:"purchases"`
	Registered      int       `json:"registered"`
	Desk            int       `json:"desk"`
	Abandoned       int       `json:"abandoned"`
	Refunded        int       `json:"refunded"`
	Lost            int       `json:"lost"`
	Limbo           int64     `json:"limbo"`
	RegisteredTwice int       `json:"registered_twice"`
	Unheard         int       `json:"unheard"`
	Troubles        int       `json:"troubles"`
	Requests        int       `json:"requests"`
	Failures        []failure `json:"failures"`
	Digest          string    `json:"digest"` // of everything that happened in all of them: the same seeds give the same
	Seconds         float64   `json:"seconds"`
}

// A failure is a seed that broke a law, or the program.
type failure struct {
	Seed   uint64   `json:"seed"`
	Broken []string `json:"broken"`
	Plan   string   `json:"plan,omitempty"` // the file of the shrunk plan
}

func (s *campaignSum) add(o *outcome) {
	v := o.Verdict
	s.Purchases, s.Registered, s.Desk, s.Abandoned = s.Purchases+v.Purchases, s.Registered+v.Registered, s.Desk+v.Desk, s.Abandoned+v.Abandoned
	s.Refunded, s.Lost, s.Limbo, s.RegisteredTwice = s.Refunded+v.Refunded, s.Lost+v.Lost, s.Limbo+v.Limbo, s.RegisteredTwice+v.RegisteredTwice
	s.Unheard, s.Troubles, s.Requests = s.Unheard+o.Unheard, s.Troubles+o.Troubles, s.Requests+o.Requests
}

// print writes the sum for people.
func (s campaignSum) print(out io.Writer) error {
	_, err := fmt.Fprintf(out, "%d seeds (%s), %d purchases, %d troubles, %d requests to Dynamics in %.0fs (%.0fs for 100,000 purchases)\n"+
		"%d registered, %d on the desk, %d abandoned, %d refunded; %d lost, %d cents in limbo, %d registered twice; %d that no provider managed to tell\n%d seeds broke a law; digest %s\n",
		s.Seeds, cmp.Or(s.Played, "none"), s.Purchases, s.Troubles, s.Requests, s.Seconds, s.Seconds/float64(max(s.Purchases, 1))*100_000,
		s.Registered, s.Desk, s.Abandoned, s.Refunded, s.Lost, s.Limbo, s.RegisteredTwice, s.Unheard, len(s.Failures), s.Digest)
	return err
}

// conclusion prints the sum; the error is what the campaign came to. An interrupted one is interrupted whatever it found until then.
func (s campaignSum) conclusion(asJSON bool, out io.Writer) error {
	show := s.print
	if asJSON {
		show = func(out io.Writer) error { return printJSON(out, s) }
	}
	if err := show(out); err != nil {
		return err
	}
	switch {
	case s.Interrupted:
		return exitError{code: exitInterrupted, err: fmt.Errorf("interrupted after %d seeds, %d of which broke a law", s.Seeds, len(s.Failures))}
	case len(s.Failures) > 0:
		return exitError{code: exitFailed, err: fmt.Errorf("%d seeds broke a law", len(s.Failures))}
	}
	return nil
}
