package field

import (
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Days is a duration that may also be written in days, each of 24 hours: "30d".
type Days time.Duration

const oneDay = 24 * time.Hour

// mostDays is what fits into a duration.
const mostDays = 100_000

// UnmarshalYAML reads the duration.
func (d *Days) UnmarshalYAML(node *yaml.Node) error {
	days, ok := strings.CutSuffix(node.Value, "d")
	if !ok {
		var other Duration
		if err := other.UnmarshalYAML(node); err != nil {
			return misfit(node, "is not a duration; write it like 30d or 12h")
		}
		*d = Days(other)
		return nil
	}
	n, err := strconv.Atoi(days)
	if err != nil || n < 0 || n > mostDays {
		return misfit(node, "is not a number of days; write it like 30d")
	}
	*d = Days(n) * Days(oneDay)
	return nil
}

// MarshalYAML writes the duration.
func (d Days) MarshalYAML() (any, error) { return d.String(), nil }

// MarshalText writes the duration, for JSON.
func (d Days) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Or is the duration, or a default where none was written.
func (d Days) Or(otherwise time.Duration) time.Duration { return Duration(d).Or(otherwise) }

func (d Days) String() string {
	if d != 0 && time.Duration(d)%oneDay == 0 {
		return strconv.Itoa(int(time.Duration(d)/oneDay)) + "d"
	}
	return Duration(d).String()
}
