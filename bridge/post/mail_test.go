package post_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

// with is the town with another mail server and settings for it.
func with(t *testing.T, kind string, change func(*post.SMTP)) *town {
	return newTown(t, func(c *town) {
		c.mail = newMailServer(t, kind)
		c.config.SMTP.Port, c.config.SMTP.CAFile = c.mail.port, c.mail.ca
		change(&c.config.SMTP)
	})
}

func TestTheMailServerIsSpokenToAsTheSettingsSay(t *testing.T) {
	t.Parallel()
	wrong := field.NewSecret("file:" + file(t, "password", "another one"))
	for name, d := range map[string]struct {
		kind   string
		change func(*post.SMTP)
		want   string // result
		check  purchase.Verdict
	}{
		"starttls":                    {"starttls", func(*post.SMTP) {}, "sent", purchase.Pass},
		"implicit tls":                {"implicit", func(s *post.SMTP) { s.TLS = "implicit" }, "sent", purchase.Pass},
		"in clear, a sandbox":         {"plain", func(s *post.SMTP) { s.TLS, s.Username, s.Password = "none", "", field.Secret{} }, "sent", purchase.Pass},
		"starttls is not offered":     {"plain", func(*post.SMTP) {}, "no_starttls", purchase.Fail},
		"the certificate is unknown":  {"starttls", func(s *post.SMTP) { s.CAFile = "" }, "certificate_not_trusted", purchase.Fail},
		"implicit against starttls":   {"starttls", func(s *post.SMTP) { s.TLS = "implicit" }, "no_connection", purchase.Fail},
		"the password is wrong":       {"starttls", func(s *post.SMTP) { s.Password = wrong }, "sign_in_refused", purchase.Fail},
		"nobody listens":              {"starttls", func(s *post.SMTP) { s.Port = 1 }, "no_connection", purchase.Fail},
		"a password is not for clear": {"plain", func(s *post.SMTP) { s.TLS = "none" }, "no_sign_in_method", purchase.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := with(t, d.kind, d.change)
			findings := post.Inspect(t.Context(), c.config)
			if findings[0].Check != "MSG-01" || findings[0].Status != d.check || findings[1].Status != purchase.Pass {
				t.Errorf("the doctor says %+v", findings)
			}
			c.pays("p1", buyer)
			c.turn(0)
			state := "pending "
			if d.want == "sent" {
				state = "sent "
			}
			if got := c.outbox()[0]; got != "payment_received mail:payer "+state+d.want {
				t.Error(got)
			}
			if n := len(c.mail.mails()); (n == 1) != (d.want == "sent") {
				t.Errorf("%d mails", n)
			}
		})
	}
}

func TestOneConnectionServesTheMailsThatFollow(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	for _, id := range []string{"p1", "p2", "p3", "p4"} {
		c.pays(id, buyer)
	}
	c.turn(0)
	if mails, logins := len(c.mail.mails()), c.mail.logins; mails != 4 || logins != 1 {
		t.Errorf("%d mails in %d connections", mails, logins)
	}
}

func TestADeadAddressOfTheOrganiserKeepsTheOthersFromNothing(t *testing.T) {
	t.Parallel()
	c := newTown(t, func(c *town) {
		c.config.Organiser = []string{"left@contoso.example", "Desk <desk@contoso.example>", "gone@contoso.example"}
		c.mail.refuse["left@contoso.example"], c.mail.refuse["gone@contoso.example"] = 550, 550
	})
	c.keep(purchase.Fact{Purchase: keyOf("p1"), Kind: purchase.ReadBack, Standing: purchase.Own, Detail: purchase.Detail{Seats: purchase.SeatsAll}})
	_, facts, err := c.store.Find(t.Context(), keyOf("p1"))
	if err != nil {
		t.Fatal(err)
	}
	sight := purchase.Fold(keyOf("p1"), facts, purchase.DefaultPolicy(50*time.Minute)).Sight()
	c.keep(purchase.Fact{Purchase: keyOf("p1"), Kind: purchase.Handed, Standing: purchase.Own, Detail: purchase.Detail{Cause: purchase.CauseSeatWithoutMoney, Basis: sight}})
	c.turn(time.Minute)
	if mails := c.mail.mails(); len(mails) != 1 || mails[0].to != "desk@contoso.example" {
		t.Errorf("%+v %q", mails, c.outbox())
	}
	if lines := strings.Join(c.outbox(), "\n"); !strings.Contains(lines, "desk mail:organiser sent sent") {
		t.Error(lines)
	}
}
