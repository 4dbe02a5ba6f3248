package generic

import (
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

// Answers are what the provider wants to hear.
type Answers struct {
	// Kept is the answer to a message that is kept. Default: 200 without a body.
	Kept Reply `yaml:"kept,omitempty"`
	// Refused is the answer to a message that is false. Default: 401 without a body.
	Refused Reply `yaml:"refused,omitempty"`
}

// Reply is one answer.
type Reply struct {
	Status      int    `yaml:"status,omitempty"`
	ContentType string `yaml:"content_type,omitempty"` // default text/plain; charset=utf-8
	Body        string `yaml:"body,omitempty"`
}

// validate: a refusal must not look like an acknowledgement, and not ask the provider to forget the address.
func (a Answers) validate(p *field.Problems) {
	if s := a.Kept.Status; s != 0 && (s < 200 || s > 299) {
		p.Add("kept.status", "is %d, which no provider takes for an acknowledgement; write 200 to 299", s)
	}
	switch s := a.Refused.Status; {
	case s == http.StatusGone:
		p.Add("refused.status", "is 410, at which providers give an address up; write 401")
	case s >= 200 && s <= 299 && (a.Refused.Body == "" || a.Refused.Body == a.Kept.Body):
		p.Add("refused.status", "is %d with nothing that tells it from an acknowledgement; write 401, or a body of its own", s)
	case s != 0 && (s < 200 || s > 299 && s < 400 || s > 599):
		p.Add("refused.status", "is %d; write 400 to 599", s)
	}
}

func (r Reply) answer() purchase.Answer {
	return purchase.Answer{Status: r.Status, ContentType: r.ContentType, Body: []byte(r.Body)}
}

// Answer is what the settings say.
func (g *Generic) Answer(_ purchase.Delivery, kept bool) purchase.Answer {
	if kept {
		return g.answers.Kept.answer()
	}
	return g.answers.Refused.answer()
}

// Methods are those of the format.
func (g *Generic) Methods() []string {
	if g.format == asQuery {
		return []string{http.MethodGet}
	}
	return []string{http.MethodPost}
}
