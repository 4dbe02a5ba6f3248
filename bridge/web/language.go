package web

import (
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"
)

// spoken matches what a browser prefers with what the pages are written in; English where neither is wanted.
var spoken = language.NewMatcher([]language.Tag{language.English, language.French})

// languageOf is the language the buyer chose, else the one the browser prefers of the two: "en" or "fr".
func languageOf(c echo.Context) string {
	if l := chosen(c); l != "" {
		return l
	}
	_, nearest := language.MatchStrings(spoken, c.Request().Header.Get("Accept-Language"))
	return []string{"en", "fr"}[nearest]
}

// chosen is the language that the address names, "" for none of ours.
func chosen(c echo.Context) string {
	if l := strings.ToLower(c.QueryParam("lang")); l == "en" || l == "fr" {
		return l
	}
	return ""
}
